"""Sign-in: by SRP to a Cognito user pool, and then as an identity of an identity pool.

Only `local.site` and the tests of deployments import this module.

AWS: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
AWS: https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
"""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from moto.cognitoidentity.responses import CognitoIdentityResponse
from moto.cognitoidp.exceptions import NotAuthorizedError, UserNotFoundError
from moto.cognitoidp.models import CognitoIdpBackend, cognitoidp_backends
from moto.cognitoidp.responses import CognitoIdpResponse

from local.moto_patches.wiring import Json, Moto, replaces, wired

CREDENTIALS_SECONDS: Final = 3600

_initiate_auth: Final = CognitoIdpBackend.initiate_auth
_respond_to_auth_challenge: Final = CognitoIdpBackend.respond_to_auth_challenge

# Group 15 of https://www.rfc-editor.org/rfc/rfc3526, and its generator.
_PRIME: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05"
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB"
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33"
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864"
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_GENERATOR: Final = 2


@dataclass(frozen=True)
class _Exchange:
    """What the pool keeps between the two calls of a sign-in."""

    pool_name: str  # the pool's id without its region
    user: str
    key: bytes  # both sides derive the same key if the password is right


# By identity pool: the identities that users have, and the user pool of each.
_identities: Final[dict[str, dict[str, str]]] = {}

_exchanges: Final[dict[str, _Exchange]] = {}  # by secret block


@replaces(CognitoIdpBackend, name="initiate_auth")
def _begin(
    self: Moto, client_id: str, auth_flow: str, auth_parameters: dict[str, str]
) -> dict[str, Json]:
    """AWS runs the SRP protocol. moto answers with random numbers, and later accepts any password.

    The protocol: https://www.rfc-editor.org/rfc/rfc5054, with the key derivation of Amplify.
    moto: https://github.com/getmoto/moto/issues/7562
    """
    try:
        answer: dict[str, Json] = _initiate_auth(self, client_id, auth_flow, auth_parameters)
    except UserNotFoundError as error:  # a pool's answer must not reveal which users exist
        raise NotAuthorizedError("Incorrect username or password.") from error
    if answer.get("ChallengeName") != "PASSWORD_VERIFIER":
        return answer
    user, pool = self.sessions.pop(answer["Session"])
    pool_name = pool.id.partition("_")[2]
    salt = secrets.token_bytes(16).hex()
    password = self.admin_get_user(pool.id, user).password
    identity = hashlib.sha256(f"{pool_name}{user}:{password}".encode()).digest()
    verifier = pow(_GENERATOR, _hash(_padded(int(salt, 16)), identity), _PRIME)
    secret = secrets.randbits(256)
    multiplier = _hash(_padded(_PRIME), _padded(_GENERATOR))
    public = (multiplier * verifier + pow(_GENERATOR, secret, _PRIME)) % _PRIME
    theirs = int(auth_parameters["SRP_A"], 16)
    scrambler = _hash(_padded(theirs), _padded(public))
    shared = pow(theirs * pow(verifier, scrambler, _PRIME), secret, _PRIME)
    block = base64.b64encode(secrets.token_bytes(32)).decode()
    _exchanges[block] = _Exchange(pool_name, user, _derived_key(shared, scrambler))
    self.sessions[block] = (user, pool)
    challenge = {
        "SALT": salt,
        "SECRET_BLOCK": block,
        "SRP_B": f"{public:x}",
        "USERNAME": user,
        "USER_ID_FOR_SRP": user,
    }
    return {**answer, "Session": block, "ChallengeParameters": challenge}


@replaces(CognitoIdpBackend, name="respond_to_auth_challenge")
def _go_on(
    self: Moto,
    session: str,
    client_id: str,
    challenge_name: str,
    challenge_responses: dict[str, str],
) -> dict[str, Json]:
    """AWS checks that the client knows the password; see `_begin`."""
    if challenge_name == "PASSWORD_VERIFIER":
        block = challenge_responses["PASSWORD_CLAIM_SECRET_BLOCK"]
        exchange = _exchanges.pop(block, None)
        if exchange is None or not _proves(exchange, block, challenge_responses):
            raise NotAuthorizedError("Incorrect username or password.")
    answer: dict[str, Json] = _respond_to_auth_challenge(
        self, session, client_id, challenge_name, challenge_responses
    )
    return answer


@replaces(CognitoIdpResponse, name="revoke_token")
def _revoke(self: Moto) -> str:
    """AWS revokes the refresh token of a user who signs out. moto does not know this operation.

    AWS: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html
    """
    for pools in cognitoidp_backends[self.current_account].values():
        for pool in pools.user_pools.values():
            pool.refresh_tokens.pop(self._get_param("Token"), None)
    return "{}"


@replaces(CognitoIdpResponse, name="get_tokens_from_refresh_token")
def _renew(self: Moto) -> str:
    """AWS renews a session with new access and ID tokens. moto knows REFRESH_TOKEN_AUTH only.

    AWS: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html
    """
    token = self._get_param("RefreshToken")
    for pools in cognitoidp_backends[self.current_account].values():
        for pool in pools.user_pools.values():
            kept = pool.refresh_tokens.get(token)
            if kept is None or kept[0] != self._get_param("ClientId"):
                continue
            access_token, id_token, seconds = pool.create_tokens_from_refresh_token(token)
            result = {
                "AccessToken": access_token,
                "ExpiresIn": seconds,
                "IdToken": id_token,
                "TokenType": "Bearer",
            }
            return json.dumps({"AuthenticationResult": result, "ChallengeParameters": {}})
    raise NotAuthorizedError("Invalid Refresh Token.")


@replaces(CognitoIdentityResponse, name="get_id")
def _get_id(self: Moto) -> str:
    """AWS gives a user the same identity each time. moto gives a new one, to any caller."""
    pool_id = self._get_param("IdentityPoolId")
    self.backend.describe_identity_pool(pool_id)  # raises if there is no such pool
    user = _user_of(self._get_param("Logins") or {}, self.current_account, _region(pool_id))
    identity = _identity(pool_id, user)
    _identities.setdefault(pool_id, {})[identity] = user.partition("/")[0]
    return json.dumps({"IdentityId": identity})


@replaces(CognitoIdentityResponse, name="list_identities")
def _list_identities(self: Moto) -> str:
    """AWS lists the identities of a pool, each with the names of its providers: no user.

    moto knows those only that it has made.

    AWS: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_ListIdentities.html
    """
    pool_id = self._get_param("IdentityPoolId")
    listed = [
        {"IdentityId": identity, "Logins": [f"cognito-idp.{_region(pool_id)}.amazonaws.com/{pool}"]}
        for identity, pool in _identities.get(pool_id, {}).items()
    ]
    return json.dumps({"IdentityPoolId": pool_id, "Identities": listed})


@replaces(CognitoIdentityResponse, name="delete_identities")
def _delete_identities(self: Moto) -> str:
    """AWS deletes identities. moto does not know this operation.

    AWS: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_DeleteIdentities.html
    """
    for known in _identities.values():
        for identity in self._get_param("IdentityIdsToDelete"):
            known.pop(identity, None)
    return json.dumps({"UnprocessedIdentityIds": []})


@replaces(CognitoIdentityResponse, name="get_credentials_for_identity")
def _get_credentials(self: Moto) -> str:
    """AWS gives credentials for an hour to a user who has signed in.

    moto gives credentials for 90 seconds, to any caller and for any identity.
    """
    identity = self._get_param("IdentityId")
    logins = self._get_param("Logins") or {}
    user = _user_of(logins, self.current_account, _region(identity))
    if not any(identity == _identity(pool, user) for pool in self.backend.identity_pools):
        raise NotAuthorizedError("Logins don't match. Please include at least one valid login.")
    pool_id, _, name = user.partition("/")
    backend = cognitoidp_backends[self.current_account][_region(identity)]
    attributes = backend.admin_get_user(pool_id, name).attributes
    sub = next(one["Value"] for one in attributes if one["Name"] == "sub")
    provider = f"cognito-idp.{_region(identity)}.amazonaws.com/{pool_id}"
    login = f"{provider},{provider}:CognitoSignIn:{sub}"
    key = wired().keys.issue(seconds=CREDENTIALS_SECONDS, identity=identity, login=login)
    credentials = {
        "AccessKeyId": key.id,
        "SecretKey": key.secret,
        "SessionToken": key.token,
        "Expiration": key.expires_at,
    }
    return json.dumps({"Credentials": credentials, "IdentityId": identity})


def _identity(pool_id: str, user: str) -> str:
    return f"{_region(pool_id)}:{uuid.uuid5(uuid.NAMESPACE_URL, f'{pool_id}/{user}')}"


def _region(identity: str) -> str:
    """Return the region of an identity or of an identity pool."""
    return identity.partition(":")[0]


def _user_of(logins: dict[str, str], account: str, region: str) -> str:
    """Return the user who has one of the ID tokens in `logins`.

    Raises:
        NotAuthorizedError: no user has any of them.
    """
    for pool in cognitoidp_backends[account][region].user_pools.values():
        for token in logins.values():
            if token in pool.id_tokens:
                return f"{pool.id}/{pool.id_tokens[token][1]}"
    raise NotAuthorizedError("Invalid login token. Not a token of this user pool.")


def _proves(exchange: _Exchange, block: str, responses: dict[str, str]) -> bool:
    signed = (
        f"{exchange.pool_name}{exchange.user}".encode()
        + base64.b64decode(block)
        + responses["TIMESTAMP"].encode()
    )
    expected = hmac.digest(exchange.key, signed, "sha256")
    return hmac.compare_digest(
        base64.b64encode(expected).decode(), responses["PASSWORD_CLAIM_SIGNATURE"]
    )


def _derived_key(shared: int, scrambler: int) -> bytes:
    """Return HKDF's first 16 bytes."""
    pseudorandom = hmac.digest(_padded(scrambler), _padded(shared), "sha256")
    return hmac.digest(pseudorandom, b"Caldera Derived Key\x01", "sha256")[:16]


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def _padded(number: int) -> bytes:
    """Return `number` in Java's bytes: they begin with a sign bit, which is 0."""
    return number.to_bytes(number.bit_length() // 8 + 1)
