"""CORS: which pages may read answers."""

import functools
from typing import Final

from moto.moto_server import werkzeug_app
from moto.s3.responses import S3Response

from local.moto_patches.wiring import Moto, replaces

# AWS lets a page read what its owner allows it to. moto lets every page of the web read all there
# is, so that photos on this machine would be open to any page that its owner visits.
ORIGINS: Final[list[str]] = []  # such as http://127.0.0.1:8080, before anything is asked

EXPOSED: Final = ("ETag", "x-amz-request-id", "x-amz-version-id")

werkzeug_app.CORS = functools.partial(werkzeug_app.CORS, origins=ORIGINS, expose_headers=EXPOSED)

_key_response: Final = S3Response._key_response  # noqa: SLF001  # moto's way


@replaces(S3Response, name="_key_response")
def _answer(self: Moto, request: Moto, full_url: str) -> Moto:
    """AWS answers the question that precedes a request, which is never signed, for any object.

    moto refuses it for one that is there.
    """
    if request.method == "OPTIONS":
        bucket = self.parse_bucket_name_from_url(request, full_url)
        return self._response_options(request.headers, bucket)
    return _key_response(self, request, full_url)
