"""Cognito identity pools: which role an identity gets, and the classic flow."""

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
    """AWS keeps the roles of a pool. moto does not know them."""
    _pool(self, self._get_param("IdentityPoolId")).roles = {
        "Roles": self._get_param("Roles"),
        "RoleMappings": self._get_param("RoleMappings") or {},
    }
    return "{}"


@replaces(CognitoIdentityResponse, name="get_identity_pool_roles")
def _get_roles(self: Moto) -> str:
    """AWS tells them; see `_set_roles`."""
    pool_id = self._get_param("IdentityPoolId")
    return json.dumps({"IdentityPoolId": pool_id, **_pool(self, pool_id).roles})


@replaces(CognitoIdentityPool, name="to_json")
def _describe(self: Moto) -> str:
    """AWS tells whether the classic flow is allowed. moto forgets it."""
    return json.dumps({**json.loads(_to_json(self)), "AllowClassicFlow": self.allow_classic_flow})


@replaces(CognitoIdentityResponse, name="create_identity_pool")
def _create(self: Moto) -> str:
    """AWS keeps whether the classic flow is allowed; see `_describe`."""
    return _with_classic_flow(self, json.loads(_create_identity_pool(self)))


@replaces(CognitoIdentityResponse, name="update_identity_pool")
def _update(self: Moto) -> str:
    """AWS keeps whether the classic flow is allowed; see `_describe`."""
    return _with_classic_flow(self, json.loads(_update_identity_pool(self)))


def _with_classic_flow(response: Moto, made: Json) -> str:
    pool = _pool(response, made["IdentityPoolId"])
    pool.allow_classic_flow = response._get_param("AllowClassicFlow")  # noqa: SLF001  # moto's way
    described: str = pool.to_json()
    return described


def _pool(response: Moto, pool_id: str) -> Moto:
    response.backend.describe_identity_pool(pool_id)  # or it answers that there is none
    return response.backend.identity_pools[pool_id]
