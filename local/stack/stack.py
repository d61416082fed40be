"""A running deployment: start it, upload to it, and wait for its executions."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config

from local.clients import ACCOUNT, Clients, environment
from local.clock import Clock
from local.embedded import LOOPBACK, embedded_aws
from local.functions import Containers, Functions
from local.quotas import UNLIMITED, Quotas
from local.rekognition import NoLabels
from local.stack import names, resources
from local.stack.executions import EndedExecution, Executions
from shared.keys import UPLOADS, Layout
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

if TYPE_CHECKING:
    from local.rekognition import Labeler

PATIENCE_SECONDS: Final = 240  # an execution takes a second, but this machine may be busy


class Stack(Clients):
    """A running deployment. Every method is safe to call from several threads."""

    def __init__(self, endpoint_url: str, executions: Executions) -> None:
        super().__init__(endpoint_url, Config(max_pool_connections=32))
        self.photos_bucket = names.PHOTOS_BUCKET
        self.derived_bucket = names.DERIVED_BUCKET
        self.shares_bucket = names.SHARES_BUCKET
        self.table = names.TABLE
        self.state_machine_arn = names.STATE_MACHINE_ARN
        self.edit_arn = names.EDIT_ARN
        self.dead_letters_url = f"{endpoint_url}/{ACCOUNT}/{names.DEAD_LETTERS}"
        self._executions = executions

    @classmethod
    @contextmanager
    def start(  # noqa: PLR0913  # all by name
        cls,
        *,
        functions: Functions,
        renditions: Mapping[str, RenditionSpec] = DEFAULT_RENDITIONS,
        keep_copyright: bool = False,
        layout: Layout = UPLOADS,
        labeler: "Labeler | None" = None,
        wait_scale: float = 1.0,
        quotas: Quotas = UNLIMITED,
        clock: Clock | None = None,
        timeout_scale: float = 1.0,
        image_tag: str = "latest",
    ) -> "Iterator[Stack]":
        """Start the embedded AWS on a free port of the loopback, and create the resources in it.

        Leaving the context ends every process, container and thread that was started.

        Args:
            functions: runs the Lambda functions: `InProcess()`, `Containers()`, or any other
                `local.functions.Functions`.
            renditions: the functions' RENDITIONS.
            keep_copyright: the functions' KEEP_COPYRIGHT.
            layout: the functions' KEY_LAYOUT. If it is not UPLOADS, the bucket of the photos is an
                adopted one: it keeps no versions and sends no events.
            labeler: answers Rekognition's DetectLabels; without it, no photo has labels.
            wait_scale: multiplies Step Functions' waits; tests use 0.
            quotas: of the account; requests that exceed them are throttled.
            clock: replaces the real time and `wait_scale`; tests of bursts use a `VirtualClock`.
            timeout_scale: multiplies the timeouts of functions and states, for containers of
                another processor, which an emulator runs slowly.
            image_tag: of the images gallery-extract, gallery-thumbnail and gallery-tag.
        """
        with cls.empty(
            functions=functions,
            labeler=labeler,
            wait_scale=wait_scale,
            quotas=quotas,
            clock=clock,
        ) as stack:
            resources.create(
                stack,
                renditions,
                image_tag,
                timeout_scale,
                keep_copyright=keep_copyright,
                layout=layout,
            )
            yield stack

    @classmethod
    @contextmanager
    def empty(
        cls,
        *,
        functions: Functions,
        labeler: "Labeler | None" = None,
        wait_scale: float = 1.0,
        quotas: Quotas = UNLIMITED,
        clock: Clock | None = None,
    ) -> "Iterator[Stack]":
        """Start the embedded AWS without resources. The caller creates them and calls `attach`.

        Args:
            functions: runs the Lambda functions that are created.
            labeler: answers Rekognition's DetectLabels; without it, no photo has labels.
            wait_scale: multiplies Step Functions' waits; tests use 0.
            quotas: of the account; see `start`.
            clock: replaces the real time; see `start`.
        """
        executions = Executions()
        with embedded_aws(
            functions=functions,
            labeler=labeler or NoLabels(),
            wait_scale=wait_scale,
            # enough to keep every core busy, and few enough that no task exceeds its timeout
            executions_at_once=2 + 2 * (os.cpu_count() or 1),
            watcher=executions,
            host=functions.address() if isinstance(functions, Containers) else LOOPBACK,
            quotas=quotas,
            clock=clock,
        ) as endpoint_url:
            stack = cls(endpoint_url, executions)
            try:
                functions.start({**environment(endpoint_url), "TZ": ":UTC"})  # as Lambda does
                yield stack
            finally:
                executions.abort()
                functions.stop()
                executions.wait(timeout_seconds=5)
                stack.close()

    def attach(self, outputs: Mapping[str, Any]) -> None:
        """Use the resources that Terraform created.

        Args:
            outputs: the JSON of `terraform output -json`.
        """
        self.photos_bucket = outputs["photos_bucket"]["value"]
        self.derived_bucket = outputs["derived_bucket"]["value"]
        if "shares_bucket" in outputs:  # Terraform leaves out null
            self.shares_bucket = outputs["shares_bucket"]["value"]
        self.table = outputs["table"]["value"]
        self.state_machine_arn = outputs["state_machine_arn"]["value"]
        self.edit_arn = f"{self.state_machine_arn}-edit"
        self.dead_letters_url = outputs["dead_letters_url"]["value"]

    def environment(self) -> dict[str, str]:
        """Return the AWS_… variables that make any SDK or CLI use this stack."""
        return environment(self.endpoint_url)

    def upload(self, key: str, body: bytes) -> str:
        """Put a photo into the photos bucket through S3's API, and return its version id.

        When this returns, EventBridge has started the executions for it.
        """
        answer = self.s3.put_object(Bucket=self.photos_bucket, Key=key, Body=body)
        return answer["VersionId"]

    def executions(self, *, timeout_seconds: float = 600) -> Iterator[EndedExecution]:
        """Yield each execution of this stack once, as it ends, from the first on.

        Blocks while executions run and none has ended. Stops when none runs or waits to run:
        upload before you iterate. Uploads during the iteration are included.

        Raises:
            TimeoutError: no execution ended within `timeout_seconds`, though one is running.
        """
        while (execution := self._executions.next(timeout_seconds=timeout_seconds)) is not None:
            yield execution

    def wait_for(
        self, key: str, version_id: str | None = None, *, timeout_seconds: float = PATIENCE_SECONDS
    ) -> EndedExecution:
        """Wait for the first execution of this object (and version) to end, and return it.

        Raises:
            TimeoutError: no such execution ended within `timeout_seconds`.
        """

        def matches(execution: EndedExecution) -> bool:
            thing = execution.input.get("object", {})
            return thing.get("key") == key and version_id in (None, thing.get("version-id"))

        return self._executions.find(matches, timeout_seconds=timeout_seconds)

    def wait_until_idle(self, *, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until no execution runs or waits to run.

        Raises:
            TimeoutError: executions still run after `timeout_seconds`.
        """
        if not self._executions.wait(timeout_seconds=timeout_seconds):
            raise TimeoutError(f"executions still run after {timeout_seconds} s")
