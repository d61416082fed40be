"""Tell what cameras write into a photo's title and description from what people write.

No standard lists these texts: they are collected from photos and from the lists of other galleries.
"""

import re
from typing import Final

_FILLER: Final = re.compile(
    r"""
    (?:(?:CASIO|FUJIFILM|HP|KODAK|KONICA|(?:KONICA\ )?MINOLTA|MOULTRIE|NIKON|OLYMPUS|PANASONIC
        |PENTAX|RICOH|SAMSUNG|SANYO|TOSHIBA|VIVITAR)\ )?D(?i:igital\ (?:still\ |game\ )?camera)
    | SONY\ DSC | SAMSUNG(?:\ CAMERA\ PICTURES)? | <[^<>]*Samsung[^<>]*> | DVC\ 10\.1\ HDMI
    | Exif[_ -]JPEG(?:[_ -](?:PICTURE|420|422|T422))?
    | DCIM[\\/].*  # the name that the camera gave to the file
    | [Oo]plus_\d+ | filter:\ -?\d+;\ .* | \{"[^"]+":.*\}  # settings of phones
    | charset=Ascii | binary\ comment | default | Created\ by\ Imlib
    # Modes of the cameras of Huawei, Honor and Xiaomi.
    | r?hdr(?:pl)? | sdr_HDRB? | oznor(?:WO)? | frontbhdp | fbt(?:hdr)? | r[bp]t | ptr | btr | mon
    | nor | dav | mde(?:_soft)? | edf | btf(?:hdr|mdn)? | frem | burst | cof | qrf | fshbty
    """,
    re.VERBOSE | re.DOTALL,
)


def is_filler(text: str) -> bool:
    """Return whether `text`, clean and without blanks around, is what a camera fills in."""
    return _FILLER.fullmatch(text) is not None
