"""Cognito identity pools: the roles of identities, and the basic (classic) flow.

AWS: https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
"""

import json
from typing import Final

from moto.cognitoidentity.models import CognitoIdentityPool
from moto.cognitoidentity.responses import CognitoIdentityResponse

from local.moto_patches.wiring import Json, Moto, replaces

CognitoIdentityPool.roles = {"Roles": {}, "RoleMappings": {}}
CognitoIdentityPool.allow_classic_flow = None

_to_json: Final = CognitoIdentityPool.to_json
_create_identity_pool: Final = CognitoIdentityResponse.create_identity_pool
_update_identity_pool: Final = CognitoIdentityResponse.update_identity_pool


@replaces(CognitoIdentityResponse, name="set_identity_pool_roles")
def _set_roles(self: Moto) -> str:
    """AWS keeps the roles of a pool. moto does not know this operation.

    AWS: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html
    """
    _pool(self, self._get_param("IdentityPoolId")).roles = {
        "Roles": self._get_param("Roles"),
        "RoleMappings": self._get_param("RoleMappings") or {},
    }
    return "{}"


@replaces(CognitoIdentityResponse, name="get_identity_pool_roles")
def _get_roles(self: Moto) -> str:
    """AWS returns them; see `_set_roles`."""
    pool_id = self._get_param("IdentityPoolId")
    return json.dumps({"IdentityPoolId": pool_id, **_pool(self, pool_id).roles})


@replaces(CognitoIdentityPool, name="to_json")
def _describe(self: Moto) -> str:
    """AWS returns AllowClassicFlow. moto drops it."""
    return json.dumps({**json.loads(_to_json(self)), "AllowClassicFlow": self.allow_classic_flow})


@replaces(CognitoIdentityResponse, name="create_identity_pool")
def _create(self: Moto) -> str:
    """AWS keeps AllowClassicFlow; see `_describe`."""
    return _with_classic_flow(self, json.loads(_create_identity_pool(self)))


@replaces(CognitoIdentityResponse, name="update_identity_pool")
def _update(self: Moto) -> str:
    """AWS keeps AllowClassicFlow; see `_describe`."""
    return _with_classic_flow(self, json.loads(_update_identity_pool(self)))


def _with_classic_flow(response: Moto, made: Json) -> str:
    pool = _pool(response, made["IdentityPoolId"])
    pool.allow_classic_flow = response._get_param("AllowClassicFlow")  # noqa: SLF001  # moto's way
    described: str = pool.to_json()
    return described


def _pool(response: Moto, pool_id: str) -> Moto:
    response.backend.describe_identity_pool(pool_id)  # raises if there is no such pool
    return response.backend.identity_pools[pool_id]
