"""Label the same bytes once: reuse the labels of another photo of the same owner.

Sizes are compared first. Nearly always no other photo has the same size: then one Query is the
whole cost, and no byte of the photo is read.

Of a raw photo the bytes of the preview are compared. They do not say how it is turned, so boxes are
reused only from a photo that is turned in the same way.
"""

from shared.contracts import TagRequest
from shared.keys import split_upload_key
from shared.storage import PhotoStore
from tag.labels import Labeler, Labels
from tag.records import Records


def labels_of_same_bytes(
    request: TagRequest, store: PhotoStore, labeler: Labeler, records: Records, *, version: int
) -> Labels | None:
    """Return the labels of a photo with the same owner and bytes, or None if no photo qualifies.

    The photo's own row counts too: a new version may have the bytes of the version before it.

    Args:
        request: names the photo and its size.
        store: has the photo's bytes.
        labeler: labels are reused only from a model that it `accepts`.
        records: the rows of the photo's owner.
        version: of this step's code; labels that another version made are not reused.

    Raises:
        PhotoError: as `PhotoStore` raises it.
    """
    owner = split_upload_key(request.photo.key).owner
    candidates = records.same_size(owner, request.image.bytes)
    if not candidates:
        return None
    with store.stream(request.photo, request.preview) as stream:
        sha256 = stream.hashed().sha256()
    for candidate in candidates:
        if candidate.sha256 == sha256:
            known = records.labels(owner, candidate.sort_key)
            if (
                known is not None
                and known.version == version
                and known.orientation == request.image.orientation
                and labeler.accepts(known.model)
            ):
                return Labels(found=known.labels, model=known.model)
    return None
