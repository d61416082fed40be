"""A table of many photos that answers the page's requests in the place of DynamoDB.

Nothing is stored: 50,000 rows would take minutes to write. A browser's page is given these answers
by Playwright's `route`.
"""

import bisect
import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from shared.terms import geohash

SHAPES: Final = ((400, 300), (400, 267), (300, 400), (400, 225), (400, 400))
THUMBHASHES: Final = (
    "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
    "HBkSHYSIeHiPiHh8eJd4eTN0EEQG",
    "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    "YJqGPQw7sFlslqhFafSE+Q6oJ1h2iHB2Rw==",
)
NEWEST: Final = datetime(2026, 6, 30, 18)  # noqa: DTZ001  # a time without a zone
MONTH_SHARDS: Final = 16
MAX_ANSWER_ROWS: Final = 2_000  # about 1 MB
# Where people take photos: latitude and longitude.
TOWNS: Final = (
    *((52.52, 13.40), (48.86, 2.35), (38.72, -9.14), (51.51, -0.13), (41.90, 12.50)),
    *((40.71, -74.01), (37.77, -122.42), (-33.87, 151.21), (35.68, 139.69), (-17.80, 179.95)),
    *((64.15, -21.94), (-54.80, -68.30), (-33.92, 18.42), (1.35, 103.82), (28.61, 77.21)),
)

Item = dict[str, Any]  # as DynamoDB sends it


@dataclass
class LongGallery:
    """READY photos of one owner, evenly over some years; the first one is the newest."""

    owner: str
    photos: int
    years: int = 10
    counted: bool = True  # whether there are rows with the counts of the months
    renditions: int = 1  # distinct keys of thumbnails
    titles: Mapping[int, str] = field(default_factory=dict)

    def taken(self, number: int) -> datetime:
        """Return the local time of a photo."""
        return NEWEST - timedelta(days=365.25 * self.years) * (number / self.photos)

    def path(self, number: int) -> str:
        """Return the path of a photo."""
        return f"Long/{number:05}.jpg"

    def month(self, number: int) -> str:
        """Return the month of a photo, such as 2021-08."""
        return f"{self.taken(number):%Y-%m}"

    @cached_property
    def counts(self) -> Counter[str]:
        """Return the number of photos of each month."""
        return Counter(self.month(number) for number in range(self.photos))

    @cached_property
    def time_keys(self) -> list[str]:
        """Return the keys of all photos in by_time, from the oldest one."""
        return [self.time_key(number) for number in reversed(range(self.photos))]

    def time_key(self, number: int) -> str:
        """Return the key of a photo in by_time."""
        return f"time#{self._end(number)}"

    def _end(self, number: int) -> str:
        return f"{self.taken(number):%Y-%m-%dT%H:%M:%S}#{self.photos - number:024}"

    @cached_property
    def geo_keys(self) -> list[tuple[str, int]]:
        """Return the sort key of the located row of each photo, and its number; sorted."""
        chance = random.Random(17)  # noqa: S311  # the same positions in each run
        keys = []
        for number in range(self.photos):
            latitude, longitude = chance.choice(TOWNS)
            spread = 10 ** chance.uniform(-4, 0.7)  # degrees
            place = geohash(
                max(-90, min(90, latitude + chance.gauss(0, spread))),
                (longitude + chance.gauss(0, spread) + 180) % 360 - 180,
            )
            keys.append((f"geo#{place}#{self._end(number)}", number))
        return sorted(keys)

    def row(self, number: int) -> Item:
        """Return the row of a photo."""
        width, height = SHAPES[number % len(SHAPES)]
        size = {"width_px": {"N": str(width)}, "height_px": {"N": str(height)}}
        thumb = {
            "key": {"S": f"{self.owner}/long/{number % self.renditions}/thumb.webp"},
            "thumbhash": {"S": THUMBHASHES[number % len(THUMBHASHES)]},
            **size,
        }
        title = {"title": {"S": self.titles[number]}} if number in self.titles else {}
        return {
            "pk": {"S": self.owner},
            "sk": {"S": f"photo#{self.path(number)}"},
            "key": {"S": f"uploads/{self.owner}/{self.path(number)}"},
            "status": {"S": "READY"},
            "time_key": {"S": self.time_key(number)},
            "renditions": {"M": {"thumb": {"M": thumb}}},
            **size,
            **title,
        }

    def answer(self, target: str, body: str) -> Item | None:
        """Return what DynamoDB would answer; None to a request about other rows.

        Args:
            target: the header x-amz-target.
            body: of the request.
        """
        request = json.loads(body)
        if target.endswith(".GetItem"):
            found = re.fullmatch(r"photo#Long/(\d{5})\.jpg", request["Key"]["sk"]["S"])
            return {"Item": self.row(int(found[1]))} if found else None
        values = {
            name: one.get("S", "") for name, one in request["ExpressionAttributeValues"].items()
        }
        if request.get("IndexName") == "by_time":
            first, last = self._bounds(values)
            return self._page(request, first, last) if first.startswith("time#") else None
        if values.get(":from", "").startswith("geo#"):
            return self._located(request, values[":from"], values[":to"])
        if values.get(":month") == "month#":
            return self._months(request)
        return None

    def _bounds(self, values: Mapping[str, str]) -> tuple[str, str]:
        first = values[":from"]
        return first, values.get(":to", first + "\uffff")

    def _page(self, request: Item, first: str, last: str) -> Item:
        keys = self.time_keys
        low, high = bisect.bisect_left(keys, first), bisect.bisect_right(keys, last)
        forward = request.get("ScanIndexForward", True)
        if after := request.get("ExclusiveStartKey"):
            at = bisect.bisect_left(keys, after["time_key"]["S"])
            low, high = (at + 1, high) if forward else (low, at)
        limit = min(request.get("Limit", MAX_ANSWER_ROWS), MAX_ANSWER_ROWS)
        chosen = range(low, high)[:limit] if forward else range(low, high)[::-1][:limit]
        items = [self.row(self.photos - 1 - index) for index in chosen]
        more = len(chosen) < high - low
        return {"Items": items, "Count": len(items)} | (
            {"LastEvaluatedKey": {name: items[-1][name] for name in ("pk", "sk", "time_key")}}
            if more
            else {}
        )

    def _located(self, request: Item, first: str, last: str) -> Item:
        after = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        keys = self.geo_keys
        low = bisect.bisect_left(keys, (first, -1) if after is None else (after, self.photos))
        high = bisect.bisect_right(keys, (last, self.photos))
        items = []
        for key, number in keys[low : min(high, low + MAX_ANSWER_ROWS)]:
            row = self.row(number)
            thumb = row["renditions"]["M"]["thumb"]
            items.append({"sk": {"S": key}, "photo": row["sk"], "thumb": thumb})
        more = low + len(items) < high
        return {"Items": items, "Count": len(items)} | (
            {"LastEvaluatedKey": {"pk": {"S": self.owner}, "sk": items[-1]["sk"]}} if more else {}
        )

    def _months(self, request: Item) -> Item:
        rows = [
            {
                "sk": {"S": f"month#{month}#{shard:x}"},
                "photos": {"N": str(photos // MONTH_SHARDS + (shard < photos % MONTH_SHARDS))},
            }
            for month, photos in sorted(self.counts.items())
            for shard in range(MONTH_SHARDS)
            if self.counted
        ]
        after = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S", "")
        left = [row for row in rows if row["sk"]["S"] > after]
        page = left[: min(request.get("Limit", MAX_ANSWER_ROWS), MAX_ANSWER_ROWS)]
        answer = {"Items": page, "Count": len(page)}
        if len(page) < len(left):
            answer["LastEvaluatedKey"] = {"pk": {"S": self.owner}, "sk": page[-1]["sk"]}
        return answer
