"""Answer a deployed page's requests to CloudFront and AWS from an embedded AWS.

CloudFront's answers follow its distribution and its response headers policy. The AWS services
answer under their real host names, so requests get a signature for the embedded AWS. S3 answers
CORS requests by the rules of the bucket; Playwright answers preflight requests itself, so each is
sent here before the request that needs it.
"""

from __future__ import annotations

import fnmatch
import subprocess
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.clients import CREDENTIALS, REGION
from local.moto_patches import cors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Request, Route

    from local.stack import Stack

S3 = f".s3.{REGION}.amazonaws.com"
ANY_ORIGIN = {f"{name}.{REGION}.amazonaws.com" for name in ("cognito-idp", "dynamodb")} | {
    f"cognito-identity.{REGION}.amazonaws.com"
}
# The headers that the page may send to the API for the state of an execution.
STATUS_API_HEADERS = {
    "authorization",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
}
SENT_BY_BROWSER = ("accept", "content-length", "host", "origin", "referer", "sec-", "user-agent")


@dataclass
class Internet:
    """Answers every request of a browser; no request leaves this machine."""

    stack: Stack
    url: str  # of the page
    hosts: set[str] = field(default_factory=set)  # every host that was asked, except the page's

    def attach(self, context: BrowserContext) -> None:
        """Answer all requests of a browser's pages."""
        cors.ORIGINS[:] = [self.url.rstrip("/")]
        context.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        host = urlsplit(route.request.url).netloc
        if host == urlsplit(self.url).netloc:
            route.fulfill(**self.page(urlsplit(route.request.url).path))
            return
        self.hosts.add(host)
        if host.endswith(S3):
            self._ask_s3(route, host.removesuffix(S3))
        elif host in ANY_ORIGIN:
            self._ask_any_origin(route)
        elif ".execute-api." in host:  # the embedded API runs nothing
            route.fulfill(json={"status": "RUNNING"}, headers=_readable_by(self.url.rstrip("/")))
        else:
            route.abort()

    def page(self, path: str) -> dict[str, Any]:
        """Return CloudFront's answer to a GET: status, headers, body."""
        host = urlsplit(self.url).netloc
        [distribution] = (
            one
            for one in self._cloudfront("list_distributions")["DistributionList"]["Items"]
            if one["DomainName"] == host
        )
        config = self._cloudfront("get_distribution", Id=distribution["Id"])["Distribution"][
            "DistributionConfig"
        ]
        behavior = next(
            (
                one
                for one in config.get("CacheBehaviors", {}).get("Items", [])
                if fnmatch.fnmatchcase(path, one["PathPattern"])
            ),
            config["DefaultCacheBehavior"],
        )
        buckets = {one["Id"]: one["DomainName"] for one in config["Origins"]["Items"]}
        bucket = buckets[behavior["TargetOriginId"]].removesuffix(S3)
        key = unquote(path.lstrip("/")) or config["DefaultRootObject"]
        status = HTTPStatus.OK
        try:
            found = self.stack.s3.get_object(Bucket=bucket, Key=key)
        except ClientError:
            [error] = config["CustomErrorResponses"]["Items"]
            status = HTTPStatus(int(error["ResponseCode"]))
            key = error["ResponsePagePath"].lstrip("/")
            page = buckets[config["DefaultCacheBehavior"]["TargetOriginId"]].removesuffix(S3)
            found = self.stack.s3.get_object(Bucket=page, Key=key)
        policy = behavior["ResponseHeadersPolicyId"]
        headers = {
            "Content-Type": found["ContentType"],
            "Cache-Control": found.get("CacheControl", ""),
            **dict(self._headers(policy)),
        }
        body = found["Body"].read()
        if found.get("ContentEncoding") == "br":  # Chromium does not decode an answer of a test
            body = _decoded(body)
        return {"status": status.value, "headers": headers, "body": body}

    def _headers(self, policy: str) -> Iterator[tuple[str, str]]:
        answer = self._cloudfront("get_response_headers_policy", Id=policy)["ResponseHeadersPolicy"]
        config = answer["ResponseHeadersPolicyConfig"]
        security = config["SecurityHeadersConfig"]
        yield (
            "Content-Security-Policy",
            security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        )
        yield "Referrer-Policy", security["ReferrerPolicy"]["ReferrerPolicy"]
        seconds = security["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
        yield "Strict-Transport-Security", f"max-age={seconds}"
        if security["ContentTypeOptions"]["Override"]:
            yield "X-Content-Type-Options", "nosniff"
        for item in config["CustomHeadersConfig"]["Items"]:
            yield item["Header"], item["Value"]

    def _cloudfront(self, action: str, **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self.stack.client("cloudfront"), action)(**parameters)
        return answer

    def _ask_s3(self, route: Route, bucket: str) -> None:
        if route.request.resource_type == "image":  # needs no CORS
            self._ask(route, f"/{bucket}")
            return
        origin = self.url.rstrip("/")
        preflight = route.fetch(
            url=self._url(route, f"/{bucket}"),
            method="OPTIONS",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": route.request.method,
                "Access-Control-Request-Headers": ",".join(sorted(page_headers(route.request))),
            },
        )
        if preflight.ok:
            self._ask(route, f"/{bucket}", origin=origin)
        else:
            route.abort("accessdenied")

    def _ask(self, route: Route, folder: str, *, origin: str = "") -> None:
        """Answer with the headers of the embedded AWS; CORS headers only to an `origin`."""
        url = self._url(route, folder)
        sent = {**signed(route.request, url, "s3"), **({"origin": origin} if origin else {})}
        route.fulfill(response=route.fetch(url=url, headers=sent))

    def _ask_any_origin(self, route: Route) -> None:
        url, is_dynamodb = self._url(route, ""), "dynamodb" in route.request.url
        sent = signed(route.request, url, "dynamodb") if is_dynamodb else None  # Cognito: unsigned
        answer = route.fetch(url=url, headers=sent)
        headers = {**answer.headers, **_readable_by("*")}
        route.fulfill(response=answer, headers=headers)

    def _url(self, route: Route, folder: str) -> str:
        asked = urlsplit(route.request.url)
        query = f"?{asked.query}" if asked.query else ""
        return f"{self.stack.endpoint_url}{folder}{asked.path}{query}"


def _readable_by(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin}


class _AsSent(S3SigV4Auth):
    """Signs the digest of the body that the page has sent, which may be of its parts."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        SigV4Auth._modify_request_before_signing(self, request)  # type: ignore[attr-defined]  # noqa: SLF001  # the stubs leave it out


def _decoded(brotli: bytes) -> bytes:
    """Decode by Node.js, with which the page was built: Python has no Brotli."""
    code = "process.stdout.write(zlib.brotliDecompressSync(fs.readFileSync(0)))"
    command = ["node", "-e", code]
    return subprocess.run(command, input=brotli, capture_output=True, check=True).stdout  # noqa: S603


def signed(request: Request, url: str, service: str) -> dict[str, str]:
    """Return the headers of a page's request, with a signature for another URL."""
    replaced = {"authorization", "host", "x-amz-date", "x-amz-security-token"}
    sent = {name: value for name, value in request.all_headers().items() if name not in replaced}
    key = Credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    if service == "s3":
        digest = {"x-amz-content-sha256": sent.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")}
        asked = AWSRequest(request.method, url, digest)
        _AsSent(key, service, REGION).add_auth(asked)
    else:
        asked = AWSRequest(request.method, url, data=request.post_data_buffer or b"")
        SigV4Auth(key, service, REGION).add_auth(asked)
    return {**sent, **{name.lower(): value for name, value in asked.headers.items()}}


def page_headers(request: Request) -> set[str]:
    """Return the names of the headers that the page sets, which CORS has to allow."""
    return {name for name in request.all_headers() if not name.startswith(SENT_BY_BROWSER)}
