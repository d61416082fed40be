"""CPU time and quality of HEICs by each HEVC decoder: docs/decisions/0002-heic-by-pi-heif.md.

    uv sync --inexact --group bench
    uv pip install --no-deps --target OLD pi-heif==1.4.0
    uv pip install --no-deps --target PEER opencv-python-headless
    PYTHONPATH=.:images:tests python -m heicdecoders ROUNDS OLD PEER PHOTO…

Prints the median milliseconds and the ratio to pi-heif in the same round, of the decoder alone and
of whole renditions, each decoder in a process of its own with the images' environment. A decoder
that no module offers for HEIC becomes a plugin of the libheif that ships (`heif_decoder_plugin`,
version 5, of libheif/heif_plugin.h). Photos are grids of 8 bit tiles, 4:2:0, as phones make them.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import _pi_heif
import cffi  # type: ignore[import-untyped]
import numpy as np

from bench.rounds import ENVIRONMENT, PYTHON_PATH, Tool, Workers, interleave, workers
from bench.workers import libraries, serve
from bench.workers.ours import made
from formats.heif.grid import CodedPicture, read_grid
from picture.decode import Box, decode
from thumbnail.render import render
from thumbnail.renditions import DEFAULT_RENDITIONS

OPERATIONS: Final = ("tiles", "256 px", "both renditions")
SIDES_PX: Final = (256, 1600)  # of the pictures of which the quality is measured
REFERENCE: Final = "pi-heif"
OURS: Final = "pi-heif-decoder"
NO_FILTERS: Final = (7, 8)  # de265_param of de265.h: deblocking, SAO
HEVC: Final = 1  # heif_compression_HEVC
PRIORITY: Final = 200  # of libheif's own: 100
SHIPPED: Final = str(Path(_pi_heif.__file__).parent)

Planes = list[np.ndarray[Any, Any]]  # Y, Cb and Cr, valid until the next picture is decoded
Decode = Callable[[bytes], Planes]  # of NAL units, each after its length in 4 bytes

FFI: Final = cffi.FFI()
FFI.cdef("""
void *de265_new_decoder(void);
int de265_free_decoder(void *);
void de265_set_parameter_bool(void *, int, int);
int de265_push_NAL(void *, const char *, int, int64_t, void *);
int de265_flush_data(void *);
int de265_decode(void *, int *);
void *de265_get_next_picture(void *);
const uint8_t *de265_get_image_plane(void *, int, int *);
int de265_get_image_width(void *, int);
int de265_get_image_height(void *, int);

typedef struct { void *buf; int64_t pts, dts; uint8_t *data; } AVPacket;
typedef struct { uint8_t *data[8]; int linesize[8]; void *more; int width, height; } AVFrame;
void *avcodec_find_decoder_by_name(const char *);
void *avcodec_alloc_context3(void *);
int avcodec_open2(void *, void *, void *);
AVPacket *av_packet_alloc(void);
void av_packet_unref(AVPacket *);
int av_new_packet(AVPacket *, int);
int avcodec_send_packet(void *, AVPacket *);
int avcodec_receive_frame(void *, AVFrame *);
void avcodec_flush_buffers(void *);
AVFrame *av_frame_alloc(void);
int av_opt_set(void *, const char *, const char *, int);

typedef struct { int code, subcode; const char *message; } heif_error;
typedef struct {
    int version;
    const char *(*name)(void);
    void (*init)(void);
    void (*deinit)(void);
    int (*supports)(int);
    void *new_decoder;
    void (*free_decoder)(void *);
    void *push_data, *decode_image;
    void (*set_strict)(void *, int);
    const char *id;
    void *decode_next_image;
    uint32_t libheif;
    int (*supports2)(int *);
    heif_error (*new_decoder2)(void **, void *);
    heif_error (*push_data2)(void *, const char *, size_t, uintptr_t);
    heif_error (*flush_data)(void *);
    heif_error (*decode_next_image2)(void *, void **, uintptr_t *, void *);
} heif_decoder_plugin;
heif_error heif_register_decoder_plugin(heif_decoder_plugin *);
heif_error heif_image_create(int, int, int, int, void **);
heif_error heif_image_add_plane(void *, int, int, int, int);
uint8_t *heif_image_get_plane2(void *, int, size_t *);
""")


def nal_units(tile: CodedPicture) -> bytes:
    """Return a tile's parameter sets and slices. Source: ISO/IEC 14496-15, 8.3."""
    [config] = [box.body for box in tile.properties if box.kind == b"hvcC"]
    at, sets = 23, b""
    for _ in range(config[22]):
        count, at = int.from_bytes(config[at + 1 : at + 3]), at + 3
        for _ in range(count):
            end = at + 2 + int.from_bytes(config[at : at + 2])
            sets += bytes(2) + config[at:end]
            at = end
    return sets + bytes(tile.body)


def split(data: bytes) -> Iterator[bytes]:
    """Yield the NAL units in `data`."""
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : end]
        at = end


def library(folder: str, name: str) -> Any:  # noqa: ANN401  # cffi knows the functions
    """Load a library of a wheel that is unpacked in `folder`."""
    [path] = Path(folder).glob(f"*.libs/{name}-*")
    return FFI.dlopen(str(path))


def plane(address: Any, stride: int, width: int, height: int) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """Return the samples at an address, without a copy."""
    rows = np.frombuffer(FFI.buffer(address, stride * height), np.uint8)
    return rows.reshape(height, stride)[:, :width]


def by_libde265(folder: str, *, filters: bool) -> Decode:
    """Return a function that decodes a tile by the libde265 in `folder`."""
    de265, number = library(folder, "libde265"), FFI.new("int *")
    last: list[object] = []

    def decode_tile(data: bytes) -> Planes:
        while last:
            de265.de265_free_decoder(last.pop())
        decoder = de265.de265_new_decoder()
        last.append(decoder)  # it owns the planes
        for parameter in () if filters else NO_FILTERS:
            de265.de265_set_parameter_bool(decoder, parameter, 1)
        for unit in split(data):
            de265.de265_push_NAL(decoder, unit, len(unit), 0, FFI.NULL)
        de265.de265_flush_data(decoder)
        for _ in range(100):  # `number`, whether there is more, stays true after the last picture
            de265.de265_decode(decoder, number)
            if picture := de265.de265_get_next_picture(decoder):
                return [
                    plane(
                        de265.de265_get_image_plane(picture, channel, number),
                        number[0],
                        de265.de265_get_image_width(picture, channel),
                        de265.de265_get_image_height(picture, channel),
                    )
                    for channel in range(3)
                ]
        raise ValueError("libde265 does not decode the tile")

    return decode_tile


def by_libavcodec(folder: str) -> Decode:
    """Return a function that decodes a tile by the FFmpeg in `folder`."""
    util, codec = library(folder, "libavutil"), library(folder, "libavcodec")
    hevc = codec.avcodec_find_decoder_by_name(b"hevc")
    context = codec.avcodec_alloc_context3(hevc)
    util.av_opt_set(context, b"threads", b"1", 1)
    codec.avcodec_open2(context, hevc, FFI.NULL)
    packet, frame = codec.av_packet_alloc(), util.av_frame_alloc()

    def decode_tile(data: bytes) -> Planes:
        data = b"".join(b"\0\0\0\1" + unit for unit in split(data))
        codec.av_new_packet(packet, len(data))
        FFI.memmove(packet.data, data, len(data))
        codec.avcodec_send_packet(context, packet)
        codec.av_packet_unref(packet)
        codec.avcodec_send_packet(context, FFI.NULL)
        if codec.avcodec_receive_frame(context, frame) != 0:
            raise ValueError("libavcodec does not decode the tile")
        codec.avcodec_flush_buffers(context)
        sizes = ((frame.width, frame.height), *[(frame.width // 2, frame.height // 2)] * 2)
        return [
            plane(frame.data[number], frame.linesize[number], *size)
            for number, size in enumerate(sizes)
        ]

    return decode_tile


def by_memory(folder: str) -> Decode:
    """Return a function that decodes each tile once and remembers it: decoding costs nothing."""
    decode_tile, known = by_libde265(folder, filters=True), {}

    def remembered(data: bytes) -> Planes:
        if data not in known:
            known[data] = [samples.copy() for samples in decode_tile(data)]
        return known[data]

    return remembered


def register(decode_tile: Decode, folder: str) -> list[object]:
    """Let the libheif in `folder` decode HEVC by `decode_tile`; keep what is returned."""
    heif, pushed = library(folder, "libheif"), bytearray()
    done = FFI.new("heif_error *", {"message": FFI.new("char[]", b"")})[0]

    def push(_: object, data: Any, size: int, __: int) -> Any:  # noqa: ANN401
        pushed.extend(FFI.buffer(data, size))
        return done

    def start(out: Any, _: object) -> Any:  # noqa: ANN401
        pushed.clear()
        out[0] = name  # anything but NULL
        return done

    def picture(_: object, out: Any, __: object, ___: object) -> Any:  # noqa: ANN401
        planes = decode_tile(bytes(pushed))
        height, width = planes[0].shape
        heif.heif_image_create(width, height, 0, 1, out)  # YCbCr 4:2:0
        stride = FFI.new("size_t *")
        for channel, samples in enumerate(planes):
            heif.heif_image_add_plane(out[0], channel, *samples.shape[::-1], 8)
            address = heif.heif_image_get_plane2(out[0], channel, stride)
            plane(address, stride[0], *samples.shape[::-1])[:] = samples
        return done

    name = FFI.new("char[]", b"plugin")
    functions: dict[str, Any] = {
        "name": ("const char *(*)(void)", lambda: name),
        "supports": ("int (*)(int)", lambda codec: PRIORITY * (codec == HEVC)),
        "supports2": ("int (*)(int *)", lambda codec: PRIORITY * (codec[0] == HEVC)),
        "free_decoder": ("void (*)(void *)", lambda _: None),
        "set_strict": ("void (*)(void *, int)", lambda *_: None),
        "new_decoder2": ("heif_error (*)(void **, void *)", start),
        "push_data2": ("heif_error (*)(void *, const char *, size_t, uintptr_t)", push),
        "flush_data": ("heif_error (*)(void *)", lambda _: done),
        "decode_next_image2": (
            "heif_error (*)(void *, void **, uintptr_t *, void *)",
            picture,
        ),
    }
    functions = {key: FFI.callback(*function) for key, function in functions.items()}
    old = FFI.cast("void *", functions["new_decoder2"])  # not called, but looked at
    fields = {"version": 5, "id": name, "new_decoder": old, **functions}
    plugin = FFI.new("heif_decoder_plugin *", fields)
    if heif.heif_register_decoder_plugin(plugin).code != 0:
        raise ValueError("libheif does not accept the plugin")
    return [plugin, functions, name, done]


def work(kind: str, folder: str, way: str) -> None:
    """Serve the operations by one decoder, if `way` is not "module" as a plugin."""
    decoders: dict[str, Callable[[str], Decode]] = {
        "libde265": partial(by_libde265, filters=True),
        "unfiltered": partial(by_libde265, filters=False),
        "libavcodec": by_libavcodec,
        "memory": by_memory,
    }
    decode_tile = decoders[kind](folder)
    kept = [] if way == "module" else register(decode_tile, SHIPPED)

    def tiles(photo: bytes) -> bytes:
        grid = read_grid(photo)
        for tile in grid.tiles if grid else ():
            decode_tile(nal_units(tile))
        return b""

    def both(photo: bytes) -> bytes:
        renditions = render(photo, DEFAULT_RENDITIONS).renditions
        return b"".join(rendition.body for rendition in renditions.values())

    def picture(photo: bytes, side_px: int) -> bytes:
        image = decode(photo, Box(side_px, side_px)).image
        return bytes(image.pngsave_buffer(compression=1))

    def reference(photo: bytes, side_px: int) -> bytes:
        libraries.SIDE_PX = side_px  # type: ignore[misc]  # which is read at each call
        return libraries.pillow()["full-png"](photo)

    pictures = {
        f"{name} {side_px}": partial(function, side_px=side_px)
        for name, function in (("picture", picture), ("reference", reference))
        for side_px in SIDES_PX
    }
    serve({**dict(zip(OPERATIONS, (tiles, made, both), strict=True)), **pictures})
    kept.clear()


def worker(kind: str, folder: str, way: str) -> Tool:
    """Return a worker, which imports `_pi_heif` from `folder` if it is there."""
    command = (sys.executable, str(Path(__file__)), "--worker", kind, folder, way)
    path = os.pathsep.join(([folder] if way == "module" else []) + [PYTHON_PATH])
    return Tool("", command, "", environment=(*ENVIRONMENT, ("PYTHONPATH", path)))


def main(rounds: str, old: str, peer: str, *photos: str) -> None:
    """Measure all decoders, and print a line for each photo, decoder and operation."""
    decoders = {
        REFERENCE: worker("libde265", str(Path(old).resolve()), "module"),
        OURS: worker("libde265", SHIPPED, "module"),
        "without loop filters": worker("unfiltered", SHIPPED, "plugin"),
        "libavcodec": worker("libavcodec", str(Path(peer).resolve()), "plugin"),
        "decoding that costs nothing": worker("memory", SHIPPED, "plugin"),
    }
    tools = [
        replace(decoder, name=f"{name}; {operation}", operation=operation)
        for name, decoder in decoders.items()
        for operation in OPERATIONS
    ]
    with workers() as running:
        for photo in (Path(name).resolve() for name in photos):
            measured = interleave(running, tools, [photo], int(rounds), lambda: None)
            for tool, samples in measured.samples.items():
                ratios = measured.ratios(tool, f"{REFERENCE}; {tool.partition('; ')[2]}")
                for found in samples.values():
                    ms = statistics.median(sample.cpu_ms for sample in found)
                    show(photo, tool, f"{ms:.0f} ms", f"{ratios[photo.name]:.2f}", found[0].bytes)
            for side_px in SIDES_PX:
                for name, decoder in decoders.items():
                    score = quality(running, decoders[OURS], decoder, photo, side_px)
                    show(photo, name, f"{side_px} px", f"ssimulacra2 {score:.1f}")
            for tool, reasons in measured.failed.items():
                show(photo, tool, reasons)


def show(*cells: object) -> None:
    """Print a line."""
    print(*cells, sep="; ", flush=True)  # noqa: T201


def quality(running: Workers, ours: Tool, decoder: Tool, photo: Path, side_px: int) -> float:
    """Return the score against Pillow's full decode, as in bench/thumbnail.py."""
    from ssimulacra2 import compute_ssimulacra2  # noqa: PLC0415  # of the group bench

    with tempfile.TemporaryDirectory() as folder:
        best, picture = Path(folder, "best.png"), Path(folder, "picture.png")
        running.ask(ours, f"reference {side_px}", photo, best)
        running.ask(decoder, f"picture {side_px}", photo, picture)
        return float(compute_ssimulacra2(str(best), str(picture)))


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        work(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
