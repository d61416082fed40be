"""Read the date that phones, messengers and screenshots write into a file's name. Never raises.

No standard lists these names: they are collected from phones, programs and public bug reports.
"""

import re
from typing import Final

from extract.times import FILENAME, Stated

# Before the date is at most a word, such as IMG, and after it no letter and no digit: in a longer
# number, in a hash and in most other identifiers there is no date.
# The pattern is compiled at its first use: most photos have a date, and a cold start pays for it.
_DATE: Final = r"""
    (?:^|(?<=[\W_]))[^\W\d_]*
    (?P<year>(?:18|19|20)[0-9]{2})(?P<mark>[-._]?)
    (?P<month>0[1-9]|1[0-2])(?P=mark)
    (?P<day>0[1-9]|[12][0-9]|3[01])
    (?:
        [-_.T\ ]?
        (?P<compact>(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])
        (?P<fraction>[0-9]{3})?
    |
        (?:[-_.T\ ]|,\ |\ (?:[^\d\s]{1,8}\ ){1,2})  # in English: 2021-03-30 at 9.27.11 AM
        (?P<marked>(?:[01]?[0-9]|2[0-3])(?P<colon>[-._:])[0-5][0-9](?P=colon)[0-5][0-9])
        (?:\s?(?P<half>[AP])M)?
    )?
    (?![^\W_])
"""
_IN_PHONE_NUMBER: Final = r"(?:\+|[0-9][ -])$"  # before 8 digits, as in +45 20210330
_IN_UTC: Final = "PXL_"  # Google's camera since 2020; names that begin with IMG_ are local


def date_in_name(name: str) -> Stated:
    """Return the first date in a file's name, and the time of day if it follows the date.

    The time is absent if there is no date.
    """
    match = re.search(_DATE, name, re.VERBOSE)
    if match is None:
        return Stated(FILENAME, None)
    before = name[: match.start("year")]
    date = f"{match['year']}-{match['month']}-{match['day']}"
    clock = match["compact"] or match["marked"]
    if clock is None:
        in_phone_number = not match["mark"] and re.search(_IN_PHONE_NUMBER, before)
        return Stated(FILENAME, None if in_phone_number else date)
    digits = re.sub(r"\D", "", clock).zfill(6)
    hour = int(digits[:2])
    if match["half"] and 1 <= hour <= 12:  # noqa: PLR2004  # of a 12-hour clock
        hour = hour % 12 + (12 if match["half"] == "P" else 0)
    return Stated(
        FILENAME,
        f"{date}T{hour:02}:{digits[2:4]}:{digits[4:]}",
        match["fraction"],
        "Z" if before.endswith(_IN_UTC) else None,
    )
