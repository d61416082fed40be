"""What is done to many photos at once, from the command line.

    python -m gallery reprocess      --table … --photos-bucket … --logs-bucket … --reprocess-arn …
                                [--older PART…] [--failed] [--album PATH] [--everything] [--dry-run]
    python -m gallery reconcile --table … --photos-bucket … --logs-bucket … --reprocess-arn …
                                --derived-bucket … [--repair]

`make reprocess` and `make reconcile` fill in the names from Terraform's outputs.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import gallery  # noqa: F401  # puts images/ on the path
from gallery import reprocess
from gallery.backfill import MAX_CONCURRENCY, reprocess_usd
from gallery.buckets import Bucket
from gallery.costs import seconds_each
from gallery.reconcile import SETTLED, Reconciling
from gallery.reprocess import PARTS, Found, Job, Wanted, code_versions, jobs
from gallery.table import Table
from shared.keys import UPLOADS_PREFIX

say = partial(print, flush=True)
note = partial(print, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Deployment:
    """Where the gallery is, and how it is reached."""

    given: argparse.Namespace
    session: Any  # boto3's, which makes clients of all kinds

    def bucket(self, name: str) -> Bucket:
        """Return a bucket."""
        return Bucket(self.session.client("s3"), name)

    @property
    def table(self) -> Table:
        """The gallery's table."""
        return Table(self.session.client("dynamodb"), self.given.table)

    def owners(self) -> list[str]:
        """Return the owner that was named, or all who have photos, or renditions of any."""
        if self.given.owner is not None:
            return [self.given.owner]
        found = set(self.bucket(self.given.photos_bucket).folders(UPLOADS_PREFIX))
        if "derived_bucket" in self.given:
            found |= set(self.bucket(self.given.derived_bucket).folders(""))
        return sorted(found)

    def start(self, work: list[Job]) -> None:
        """Start a reprocessing of all that is listed."""
        arn = reprocess.start(
            work,
            logs=self.bucket(self.given.logs_bucket),
            stepfunctions=self.session.client("stepfunctions"),
            state_machine_arn=self.given.reprocess_arn,
            max_concurrency=self.given.max_concurrency,
        )
        say(f"started: {arn}")


def _reprocess(deployment: Deployment) -> int:
    given = deployment.given
    versions = code_versions()
    wanted = Wanted(
        older={part: versions[part] for part in given.older},
        failed=given.failed,
        everything=given.everything or not (given.older or given.failed),
        album=given.album,
    )
    found = Found()
    work: list[Job] = []
    for owner in deployment.owners():
        work += jobs(deployment.table, owner, wanted, relabel=given.relabel, found=found)
        note(f"{owner}: {found.photos:,} photos so far")
    usd = reprocess_usd(found.photos, found.labeled, labeler=given.labeler)
    hours = found.photos * seconds_each(labeler=given.labeler) / given.max_concurrency / 3600
    say(
        f"{found.photos:,} photos, {found.labeled:,} of them to be labeled:"
        f" about USD {usd:,.2f} and {hours:,.1f} hours"
    )
    if work and not given.dry_run:
        deployment.start(work)
    return 0


def _reconcile(deployment: Deployment) -> int:
    given = deployment.given
    photos, derived = (
        deployment.bucket(name) for name in (given.photos_bucket, given.derived_bucket)
    )
    kinds: Counter[str] = Counter()
    work: list[Job] = []
    for owner in deployment.owners():
        reconciling = Reconciling(
            deployment.table, photos, derived, owner, settled=timedelta(minutes=given.settled)
        )
        report = reconciling.compare()
        for kind, what, why in report.findings:
            say(f"{kind}: {what}: {why}")
        kinds.update(finding.kind for finding in report.findings)
        note(f"{owner}: {report.photos:,} photos, {len(report.findings):,} findings")
        if given.repair:
            reconciling.repair(report)
        work += report.reprocess.values()
    say(", ".join(f"{count:,} {kind}" for kind, count in kinds.items()) or "all agree")
    if work and given.repair:
        deployment.start(work)
    return 0 if given.repair or not kinds else 1


def _arguments() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    for name, of in {
        "--table": "the photos and their labels",
        "--photos-bucket": "the originals",
        "--logs-bucket": "lists and results",
    }.items():
        common.add_argument(name, required=True, metavar="NAME", help=of)
    common.add_argument(
        "--reprocess-arn", required=True, metavar="ARN", help="of the state machine"
    )
    common.add_argument("--owner", help="this one's photos alone")
    common.add_argument(
        "--max-concurrency", type=_concurrency, default=MAX_CONCURRENCY, metavar="N"
    )
    parser = argparse.ArgumentParser(prog="python -m gallery", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    anew = commands.add_parser("reprocess", parents=[common], help="make photos anew")
    anew.add_argument(
        "--older",
        choices=PARTS,
        action="append",
        default=[],
        help="whose part is missing, or older than this code; may be given several times",
    )
    anew.add_argument("--failed", action="store_true", help="that are FAILED")
    anew.add_argument("--album", metavar="PATH", help="of this album alone")
    anew.add_argument("--everything", action="store_true", help="whatever their state")
    anew.add_argument("--relabel", action="store_true", help="ask the labeler in any case")
    anew.add_argument("--labeler", choices=["embedded", "rekognition"], default="rekognition")
    anew.add_argument("--dry-run", action="store_true", help="say it, and start nothing")
    anew.set_defaults(run=_reprocess)
    compare = commands.add_parser(
        "reconcile", parents=[common], help="compare bucket, table and renditions"
    )
    compare.add_argument("--derived-bucket", required=True, metavar="NAME", help="renditions")
    compare.add_argument(
        "--settled",
        type=float,
        default=SETTLED / timedelta(minutes=1),
        metavar="MINUTES",
        help="what is younger may be about to agree, and is left alone (default: %(default)g)",
    )
    compare.add_argument("--repair", action="store_true", help="put right what does not agree")
    compare.set_defaults(run=_reconcile)
    return parser


def _concurrency(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:  # noqa: PLR2004  # Lambda's invocations at once
        raise argparse.ArgumentTypeError(f"must be 1 to 1000, got {number}")
    return number


def main() -> int:
    """Run one command. Return 1 where what was compared does not agree, or AWS refuses."""
    parser = _arguments()
    given = parser.parse_args()
    arn: list[str] = given.reprocess_arn.split(":")
    if len(arn) != 7 or arn[5] != "stateMachine":  # noqa: PLR2004  # arn:aws:states:…:…:stateMachine:…
        parser.error(f"--reprocess-arn must be a state machine's ARN, got {given.reprocess_arn}")
    if given.command == "reprocess" and not (
        given.older or given.failed or given.everything or given.album is not None
    ):
        parser.error("reprocess what? --older, --failed, --album or --everything")
    try:
        return int(given.run(Deployment(given, boto3.Session(region_name=arn[3]))))
    except (BotoCoreError, ClientError) as error:
        note(f"{given.command}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
