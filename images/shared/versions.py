"""The version of what each step makes.

Raise a step's version in the commit after which the same photo gives another result:
`make reprocess REPROCESS='--older STEP'` finds the photos that older code has made.

- Extract: other metadata, or another sort time.
- Thumbnail: other pixels or bytes. The version is part of each rendition's key, so browsers and
  CloudFront never show the old one.
- Tag: other labels. Labels of an older version are not copied between photos of the same bytes.
"""

from typing import Final

VERSIONS: Final = {"extract": 3, "thumbnail": 2, "tag": 1}
