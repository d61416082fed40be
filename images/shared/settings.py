"""The settings of a function: environment variables that only Terraform sets.

A missing setting fails at its first use, with its name; only KEY_LAYOUT may be absent. They are:

    PHOTOS_BUCKET    all three steps: the bucket of the photos
    KEY_LAYOUT       all three steps: the layout of its keys, as JSON of shared.keys.Layout. It is
                     absent for the gallery's own bucket. Commands set it from Terraform's outputs
    DERIVED_BUCKET   thumbnail: the bucket that renditions are written to
    RENDITIONS       thumbnail: the renditions to make, as JSON
    KEEP_COPYRIGHT   thumbnail: true, if the renditions state creator and copyright; or false
    TABLE            tag: the table of photos, to find photos with the same bytes
    LABELER          tag: rekognition or embedded
    MAX_LABELS       tag: maximum number of labels, 1 to 1,000
    MIN_CONFIDENCE   tag: minimum confidence of a label, 0 to 100 percent
"""

import os
from typing import Final, NamedTuple

KEY_LAYOUT: Final = "KEY_LAYOUT"


def photos_bucket() -> str:
    """Return the name of the bucket of the photos."""
    return os.environ["PHOTOS_BUCKET"]


def key_layout() -> str | None:
    """Return the layout of the keys in the bucket of the photos, as JSON text; None: uploads/…."""
    return os.environ.get(KEY_LAYOUT)


def derived_bucket() -> str:
    """Return the name of the bucket that renditions are written to."""
    return os.environ["DERIVED_BUCKET"]


def table() -> str:
    """Return the name of the table of photos."""
    return os.environ["TABLE"]


def renditions_json() -> str:
    """Return the renditions to make, as JSON text."""
    return os.environ["RENDITIONS"]


def keep_copyright() -> bool:
    """Return whether the renditions state the photo's creator and copyright."""
    return os.environ["KEEP_COPYRIGHT"] == "true"


class LabelerSettings(NamedTuple):
    """The labeler to use, and the limits of its answer."""

    labeler: str
    max_labels: int
    min_confidence: float  # percent


def labeler_settings() -> LabelerSettings:
    """Return the settings of the Tag step."""
    return LabelerSettings(
        labeler=os.environ["LABELER"],
        max_labels=int(os.environ["MAX_LABELS"]),
        min_confidence=float(os.environ["MIN_CONFIDENCE"]),
    )
