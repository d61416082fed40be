"""The settings of a function: environment variables, set by Terraform alone.

None has a default here, so a missing one fails at its first use, by name. Each step reads those
that it needs:

    PHOTOS_BUCKET    all three steps: the bucket whose photos are processed
    DERIVED_BUCKET   thumbnail: where renditions go
    RENDITIONS       thumbnail: which renditions, as JSON
    TABLE            tag: the table of photos, read for photos of the same bytes
    LABELER          tag: rekognition or embedded
    MAX_LABELS       tag: labels to ask for, 1 to 1,000
    MIN_CONFIDENCE   tag: lowest confidence to ask for, 0 to 100 percent
"""

import os
from typing import NamedTuple


def photos_bucket() -> str:
    """Return the bucket whose photos are processed."""
    return os.environ["PHOTOS_BUCKET"]


def derived_bucket() -> str:
    """Return the bucket that derived objects go to."""
    return os.environ["DERIVED_BUCKET"]


def table() -> str:
    """Return the table that photos are recorded in."""
    return os.environ["TABLE"]


def renditions_json() -> str:
    """Return the configured renditions, as JSON text."""
    return os.environ["RENDITIONS"]


class LabelerSettings(NamedTuple):
    """Which labeler, and what it is asked for."""

    labeler: str
    max_labels: int
    min_confidence: float  # per cent


def labeler_settings() -> LabelerSettings:
    """Return the settings of the Tag step."""
    return LabelerSettings(
        labeler=os.environ["LABELER"],
        max_labels=int(os.environ["MAX_LABELS"]),
        min_confidence=float(os.environ["MIN_CONFIDENCE"]),
    )
