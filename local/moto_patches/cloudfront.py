"""CloudFront: response headers policies, and settings of distributions, which serve no files.

AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateResponseHeadersPolicy.html
AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from moto.cloudfront import urls
from moto.cloudfront.models import (
    CloudFrontBackend,
    DefaultCacheBehaviour,
    Origin,
    ViewerCertificate,
    random_id,
)
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from local.moto_patches.wiring import Json, Moto, replaces

_init: Final = CloudFrontBackend.__init__
_init_behavior: Final = DefaultCacheBehaviour.__init__
_init_certificate: Final = ViewerCertificate.__init__
_init_origin: Final = Origin.__init__

for _path in ("", "/(?P<policy_id>[^/]+)", "/(?P<policy_id>[^/]+)/config"):
    urls.url_paths[f"{{0}}/2020-05-31/response-headers-policy{_path}$"] = (
        CloudFrontResponse.dispatch
    )


class NoSuchPolicyError(ServiceException):  # type: ignore[misc]  # moto is untyped
    """There is no policy of that id."""

    code = "NoSuchResponseHeadersPolicy"
    message = "The specified response headers policy does not exist."


@dataclass
class _Policy:
    config: Json
    id: str = field(default_factory=random_id)
    etag: str = field(default_factory=random_id)
    changed: datetime = field(default_factory=utcnow)

    def answer(self) -> ActionResult:
        policy = {
            "Id": self.id,
            "LastModifiedTime": self.changed,
            "ResponseHeadersPolicyConfig": self.config,
        }
        return ActionResult({"ResponseHeadersPolicy": policy, "ETag": self.etag})


@replaces(CloudFrontBackend, name="__init__")
def _make(self: Moto, *args: Moto, **options: Moto) -> None:
    """AWS has response headers policies. moto has none."""
    self.response_headers_policies = {}
    _init(self, *args, **options)


@replaces(CloudFrontResponse, name="create_response_headers_policy")
def _create(self: Moto) -> ActionResult:
    """AWS creates a policy; see `_make`."""
    policy = _Policy(self._get_param("ResponseHeadersPolicyConfig"))
    self.backend.response_headers_policies[policy.id] = policy
    return policy.answer()


@replaces(CloudFrontResponse, name="get_response_headers_policy")
def _get(self: Moto) -> ActionResult:
    """AWS returns a policy; see `_make`."""
    return _policy(self).answer()


@replaces(CloudFrontResponse, name="update_response_headers_policy")
def _update(self: Moto) -> ActionResult:
    """AWS replaces the policy of that id; see `_make`."""
    policy = _Policy(self._get_param("ResponseHeadersPolicyConfig"), _policy(self).id)
    self.backend.response_headers_policies[policy.id] = policy
    return policy.answer()


@replaces(CloudFrontResponse, name="delete_response_headers_policy")
def _delete(self: Moto) -> EmptyResult:
    """AWS deletes a policy; see `_make`."""
    del self.backend.response_headers_policies[_policy(self).id]
    return EmptyResult()


def _policy(response: Moto) -> _Policy:
    policies: dict[str, _Policy] = response.backend.response_headers_policies
    name = response._get_param("Id")  # noqa: SLF001  # moto's way
    if name not in policies:
        raise NoSuchPolicyError
    return policies[name]


@replaces(Origin, name="__init__")
def _make_origin(self: Moto, origin: dict[str, Json]) -> None:
    """AWS keeps an origin's OriginAccessControlId. moto drops it.

    AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html
    """
    _init_origin(self, origin)
    self.origin_access_control_id = origin.get("OriginAccessControlId")


@replaces(DefaultCacheBehaviour, name="__init__")
def _make_behavior(self: Moto, config: dict[str, Json]) -> None:
    """AWS returns a behavior's CachePolicyId or its ForwardedValues. moto returns both.

    AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DefaultCacheBehavior.html
    """
    _init_behavior(self, config)
    if self.cache_policy_id:
        self.forwarded_values = None


@replaces(ViewerCertificate, name="__init__")
def _make_certificate(self: Moto, config: dict[str, Json]) -> None:
    """AWS returns the one kind of certificate that is set. moto returns all three kinds.

    AWS: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
    """
    _init_certificate(self, config)
    self.acm_certificate_arn = self.acm_certificate_arn or None
    self.iam_certificate_id = self.iam_certificate_id or None
