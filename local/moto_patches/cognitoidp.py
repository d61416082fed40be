"""Cognito user pools: deletion protection. Only deployments by Terraform import this module.

AWS: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-deletion-protection.html
"""

from typing import Final

from moto.cognitoidp.exceptions import InvalidParameterException
from moto.cognitoidp.models import CognitoIdpBackend

from local.moto_patches.wiring import Moto, replaces

_delete_user_pool: Final = CognitoIdpBackend.delete_user_pool


@replaces(CognitoIdpBackend, name="delete_user_pool")
def _delete(self: Moto, user_pool_id: str) -> None:
    """AWS refuses to delete a protected pool. moto deletes it."""
    pool = self.describe_user_pool(user_pool_id)
    if pool.extended_config.get("DeletionProtection") == "ACTIVE":
        raise InvalidParameterException(
            "The user pool cannot be deleted because deletion protection is activated."
            " Deletion protection must be inactivated first."
        )
    _delete_user_pool(self, user_pool_id)
