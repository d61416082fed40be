"""CORS: which pages may read the embedded AWS's answers.

AWS: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

import functools
from typing import Final

from moto.moto_server import werkzeug_app
from moto.s3.responses import S3Response

from local.moto_patches.wiring import Moto, replaces

# AWS answers the origins that the owner allows. moto answers every origin: any page that the owner
# of this machine visits could read the photos in it.
ORIGINS: Final[list[str]] = []  # such as http://127.0.0.1:8080; set them before the first request

EXPOSED: Final = ("ETag", "x-amz-request-id", "x-amz-version-id")

werkzeug_app.CORS = functools.partial(werkzeug_app.CORS, origins=ORIGINS, expose_headers=EXPOSED)

_key_response: Final = S3Response._key_response  # noqa: SLF001  # moto's way


@replaces(S3Response, name="_key_response")
def _answer(self: Moto, request: Moto, full_url: str) -> Moto:
    """AWS answers a preflight request, which is never signed, for any object.

    moto refuses it for an object that exists.
    AWS: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
    """
    if request.method == "OPTIONS":
        bucket = self.parse_bucket_name_from_url(request, full_url)
        return self._response_options(request.headers, bucket)
    return _key_response(self, request, full_url)
