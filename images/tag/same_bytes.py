"""The same picture is labeled once: labels of a photo of the same bytes are taken over.

A photo is compared with its owner's alone, by size first: where none has as many bytes, which is
nearly always so, one Query is all that this costs, and no byte is read.
"""

from shared.contracts import ImageFacts, PhotoRef
from shared.keys import split_upload_key
from shared.storage import PhotoStore
from tag.labels import Labeler, Labels
from tag.records import Records


def labels_of_same_bytes(  # noqa: PLR0913  # all but two by name
    photo: PhotoRef,
    image: ImageFacts,
    *,
    store: PhotoStore,
    records: Records,
    labeler: Labeler,
    version: int,
) -> Labels | None:
    """Return the labels of a photo of the same owner and bytes, an earlier version too; or None.

    Args:
        photo: which one.
        image: what Extract found it to be.
        store: where its bytes are.
        records: what is known of its owner's photos.
        labeler: takes over what a model has said that it `accepts`.
        version: of the code; what another has made is not taken over.

    Raises:
        PhotoError: as `PhotoStore` raises it.
    """
    owner = split_upload_key(photo.key).owner
    candidates = records.same_size(owner, image.bytes)
    if not candidates:
        return None
    with store.stream(photo) as stream:
        sha256 = stream.hashed().sha256()
    for candidate in candidates:
        if candidate.sha256 == sha256:
            known = records.labels(owner, candidate.sort_key)
            if known is not None and known.version == version and labeler.accepts(known.model):
                return Labels(found=known.labels, model=known.model)
    return None
