"""CPU time of a HEIC's tiles by each HEVC decoder: docs/decisions/0002-heic-by-pi-heif.md.

    uv pip install --no-deps --target OLD pi-heif==1.4.0
    uv pip install --no-deps --target PEER opencv-python-headless
    MALLOC_ARENA_MAX=1 python -m tools.heic_decoders OLD PEER PHOTO…  # as in the images

Prints the median milliseconds, and the ratio to the libde265 in OLD in the same round.
"""

import ctypes
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import _pi_heif

import local  # noqa: F401  # puts images/ on the path
from formats.heif.grid import CodedPicture, read_grid

_NO_FILTERS: Final = (7, 8)  # de265_param of de265.h: deblocking, SAO
_ADDRESS: Final = ctypes.c_void_p


def nal_units(tile: CodedPicture) -> Iterator[bytes]:
    """Yield the parameter sets of a tile's hvcC, then its slices. Source: ISO/IEC 14496-15, 8.3."""
    [config] = [box.body for box in tile.properties if box.kind == b"hvcC"]
    at = 23
    for _ in range(config[22]):
        count, at = int.from_bytes(config[at + 1 : at + 3]), at + 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(config[at : at + 2])
            yield config[at + 2 : end]
            at = end
    body, at = bytes(tile.body), 0
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4])
        yield body[at + 4 : end]
        at = end


def _library(folder: str, name: str) -> Any:  # noqa: ANN401  # ctypes declares functions as it meets them
    [path] = Path(folder).glob(f"*.libs/{name}-*")
    return ctypes.CDLL(str(path))


def by_libde265(folder: str, *, filters: bool) -> Callable[[CodedPicture], None]:
    """Return a function that decodes a tile by the libde265 in `folder`."""
    de265, more = _library(folder, "libde265"), ctypes.c_int()
    de265.de265_new_decoder.restype = de265.de265_get_next_picture.restype = _ADDRESS

    def decode_tile(tile: CodedPicture) -> None:
        decoder = _ADDRESS(de265.de265_new_decoder())
        for parameter in () if filters else _NO_FILTERS:
            de265.de265_set_parameter_bool(decoder, parameter, 1)
        for unit in nal_units(tile):
            de265.de265_push_NAL(decoder, unit, len(unit), ctypes.c_int64(0), None)
        de265.de265_flush_data(decoder)
        for _ in range(100):  # `more` stays true after the last picture
            de265.de265_decode(decoder, ctypes.byref(more))
            if de265.de265_get_next_picture(decoder):
                de265.de265_free_decoder(decoder)
                return
        raise ValueError("libde265 does not decode the tile")

    return decode_tile


def by_libavcodec(folder: str) -> Callable[[CodedPicture], None]:
    """Return a function that decodes a tile by the FFmpeg in `folder`."""
    util, codec = _library(folder, "libavutil"), _library(folder, "libavcodec")
    codec.avcodec_find_decoder_by_name.restype = codec.avcodec_alloc_context3.restype = _ADDRESS
    codec.av_packet_alloc.restype = util.av_frame_alloc.restype = ctypes.POINTER(_ADDRESS)
    hevc = _ADDRESS(codec.avcodec_find_decoder_by_name(b"hevc"))
    context = _ADDRESS(codec.avcodec_alloc_context3(hevc))
    util.av_opt_set(context, b"threads", b"1", 1)
    codec.avcodec_open2(context, hevc, None)
    packet, frame = codec.av_packet_alloc(), util.av_frame_alloc()

    def decode_tile(tile: CodedPicture) -> None:
        data = b"".join(b"\0\0\0\1" + unit for unit in nal_units(tile))
        codec.av_new_packet(packet, len(data))
        ctypes.memmove(packet[3], data, len(data))  # AVPacket: buf, pts, dts, data
        codec.avcodec_send_packet(context, packet)
        codec.av_packet_unref(packet)
        codec.avcodec_send_packet(context, None)
        if codec.avcodec_receive_frame(context, frame) != 0:
            raise ValueError("libavcodec does not decode the tile")
        codec.avcodec_flush_buffers(context)

    return decode_tile


def main(old: str, peer: str, *photos: str) -> None:
    """Measure all decoders in alternation, and print a line for each photo and decoder."""
    decoders = {
        f"libde265{', no filters' * (not filters)}, {folder}": by_libde265(folder, filters=filters)
        for filters in (True, False)
        for folder in (old, str(Path(_pi_heif.__file__).parent))
    }
    decoders["libavcodec"] = by_libavcodec(peer)
    for photo in map(Path, photos):
        grid = read_grid(photo.read_bytes())
        spent: dict[str, list[float]] = {name: [] for name in decoders}
        for _ in range(5):
            for name, decode_tile in decoders.items():
                started = time.process_time()
                for tile in grid.tiles if grid else ():
                    decode_tile(tile)
                spent[name].append((time.process_time() - started) * 1000)
        for name, ms in spent.items():
            pairs = zip(ms, next(iter(spent.values())), strict=True)
            ratio = statistics.median(one / other for one, other in pairs)
            print(f"{photo.name}, {name}: {statistics.median(ms):.0f} ms, {ratio:.2f}")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
