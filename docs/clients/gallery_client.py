"""Use a gallery from Python: pip install boto3.

export GALLERY_PASSWORD=…
python gallery_client.py https://<gallery> <user> upload photo.jpg "2024/Lisbon/photo.jpg"
python gallery_client.py https://<gallery> <user> record "2024/Lisbon/photo.jpg"
python gallery_client.py https://<gallery> <user> album "2024/Lisbon"
python gallery_client.py https://<gallery> <user> search dog beach
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.request
from datetime import UTC, datetime

import boto3
from boto3.dynamodb.conditions import Key
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

# Group 15 of RFC 3526, and its generator: Cognito's Secure Remote Password protocol (SRP).
N = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879"
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836"
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804"
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6"
    "955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64"
    "ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D226"
    "1AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2"
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G = 2


def padded(number: int) -> bytes:
    """Return a number in bytes that begin with a sign bit, which is 0."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def sha256(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def sign_in(config: dict, user: str, password: str) -> str:
    """Return an ID token. The password does not leave this machine."""
    region, endpoint = config["region"], config.get("endpoint")
    pool = boto3.client(
        "cognito-idp", region, endpoint_url=endpoint, config=Config(signature_version=UNSIGNED)
    )
    a = secrets.randbits(1024)
    A = pow(G, a, N)
    asked = pool.initiate_auth(
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": user, "SRP_A": f"{A:x}"},
        ClientId=config["user_pool_client_id"],
    )["ChallengeParameters"]
    B = int(asked["SRP_B"], 16)
    name = config["user_pool_id"].partition("_")[2].encode() + asked["USER_ID_FOR_SRP"].encode()
    u, k = sha256(padded(A), padded(B)), sha256(padded(N), padded(G))
    identity = hashlib.sha256(name + f":{password}".encode()).digest()
    x = sha256(padded(int(asked["SALT"], 16)), identity)
    shared = pow(B - k * pow(G, x, N), a + u * x, N)
    key = hmac.digest(padded(u), padded(shared), "sha256")
    key = hmac.digest(key, b"Caldera Derived Key\x01", "sha256")[:16]
    now = datetime.now(UTC)
    moment = f"{now:%a %b} {now.day} {now:%H:%M:%S} UTC {now:%Y}"  # in English
    block = base64.b64decode(asked["SECRET_BLOCK"])
    answer = pool.respond_to_auth_challenge(
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses={
            "USERNAME": asked["USER_ID_FOR_SRP"],
            "TIMESTAMP": moment,
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(
                hmac.digest(key, name + block + moment.encode(), "sha256")
            ).decode(),
        },
        ClientId=config["user_pool_client_id"],
    )
    if "AuthenticationResult" not in answer:  # a second factor, or a password to change
        sys.exit(f"sign in on the page first: {answer['ChallengeName']}")
    return answer["AuthenticationResult"]["IdToken"]


class Gallery:
    """What one user may do. Credentials last an hour: then make another one."""

    def __init__(self, url: str, user: str, password: str) -> None:
        with urllib.request.urlopen(f"{url.rstrip('/')}/config.json") as answer:
            self.config = json.load(answer)
        region, endpoint = self.config["region"], self.config.get("endpoint")
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        issuer = f"cognito-idp.{region}.{domain}/{self.config['user_pool_id']}"
        logins = {issuer: sign_in(self.config, user, password)}
        identities = boto3.client(
            "cognito-identity",
            region,
            endpoint_url=endpoint,
            config=Config(signature_version=UNSIGNED),
        )
        pool = self.config["identity_pool_id"]
        self.owner = identities.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
        keys = identities.get_credentials_for_identity(IdentityId=self.owner, Logins=logins)
        self.session = boto3.Session(
            keys["Credentials"]["AccessKeyId"],
            keys["Credentials"]["SecretKey"],
            keys["Credentials"]["SessionToken"],
            region_name=region,
        )
        self.s3 = self.session.client("s3", endpoint_url=endpoint)
        dynamodb = self.session.resource("dynamodb", endpoint_url=endpoint)
        self.table = dynamodb.Table(self.config["table"])

    def upload(self, file: str, path: str) -> str:
        """Upload a file as <album>/<name>; return its version."""
        with open(file, "rb") as body:
            answer = self.s3.put_object(
                Bucket=self.config["photos_bucket"],
                Key=f"uploads/{self.owner}/{path}",
                Body=body,
                IfNoneMatch="*",  # do not replace another photo
            )
        return answer["VersionId"]

    def record(self, path: str) -> dict | None:
        """Return everything that is known of a photo."""
        key = {"pk": self.owner, "sk": f"photo#{path}"}
        return self.table.get_item(Key=key, ConsistentRead=True).get("Item")

    def follow(self, path: str, version: str, seconds: float = 300) -> dict:
        """Wait until the uploaded version is READY, REJECTED or FAILED; return its record."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            row = self.record(path)
            if row and row["claimed_version"] == version:
                if row["status"] != "PROCESSING":
                    return row
                print(f"{path}: {self.execution(row['execution_arn'])}", file=sys.stderr)
            time.sleep(1)
        raise TimeoutError(f"{path} is not processed after {seconds} s")

    def execution(self, arn: str) -> str:
        """Return the state of an execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        name = arn.rpartition(":")[2]
        request = AWSRequest("GET", f"{self.config['api_url']}/executions/{name}")
        keys = self.session.get_credentials()
        SigV4Auth(keys, "execute-api", self.config["region"]).add_auth(request)
        signed = urllib.request.Request(request.url, headers=dict(request.headers))
        with urllib.request.urlopen(signed) as answer:
            return json.load(answer)["status"]

    def album(self, album: str) -> list[dict]:
        """Return the photos of an album, without those of albums in it, oldest first."""
        digest = hashlib.sha256(album.encode()).hexdigest()[:24]
        condition = Key("pk").eq(self.owner) & Key("album_key").begins_with(f"{digest}#")
        return self.query(IndexName="by_album", KeyConditionExpression=condition)

    def search(self, *labels: str) -> list[str]:
        """Return the paths of the photos that have all of these labels, newest first."""
        found = [
            [
                row["photo"].removeprefix("photo#")
                for row in self.query(
                    KeyConditionExpression=Key("pk").eq(self.owner)
                    & Key("sk").begins_with(f"label#{label.casefold()}#"),
                    ScanIndexForward=False,
                )
            ]
            for label in labels
        ]
        return [path for path in found[0] if all(path in others for others in found[1:])]

    def query(self, **question: object) -> list[dict]:
        """Return all rows of a query, page after page."""
        rows, more = [], {}
        while True:
            page = self.table.query(**question, **more)
            rows += page["Items"]
            if "LastEvaluatedKey" not in page:
                return rows
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def main(url: str, user: str, command: str, *arguments: str) -> None:
    gallery = Gallery(url, user, os.environ["GALLERY_PASSWORD"])
    commands = {
        "upload": lambda file, path: gallery.follow(path, gallery.upload(file, path)),
        "execution": lambda path: gallery.execution(gallery.record(path)["execution_arn"]),
        "record": gallery.record,
        "album": gallery.album,
        "search": gallery.search,
    }
    run = commands[command]
    result = run(*arguments)
    print(json.dumps(result, default=float, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
