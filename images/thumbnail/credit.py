"""The metadata of a rendition with KEEP_COPYRIGHT: who made the photo, and the copyright notice.

It is XMP alone. JPEG, WebP and AVIF can all have it; Google Images and Adobe's programs read it
first; IPTC is not possible in WebP and AVIF, and libvips adds entries of its own to any EXIF.

Source: XMP specification part 1, 8.4 (Dublin Core); IPTC, Quick Guide to Photo Metadata on Google
Images.
"""

import html

_XMP = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/">\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">{properties}\
</rdf:Description></rdf:RDF></x:xmpmeta>"""
_CREATOR = "<dc:creator><rdf:Seq>{items}</rdf:Seq></dc:creator>"
_ITEM = "<rdf:li>{text}</rdf:li>"
_RIGHTS = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:rights>'


def credit_xmp(creator: str | None, rights: str | None) -> bytes:
    """Return an XMP document with both texts, which Extract has cleaned; empty if there is none."""
    properties = ""
    if creator:
        names = creator.split("; ")
        items = "".join(_ITEM.format(text=html.escape(name)) for name in names)
        properties += _CREATOR.format(items=items)
    if rights:
        properties += _RIGHTS.format(text=html.escape(rights))
    return _XMP.format(properties=properties).encode() if properties else b""
