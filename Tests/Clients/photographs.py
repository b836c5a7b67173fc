"""Photographs for the tests: the samples that setup fetches, and others made of them with Python's own library."""

from __future__ import annotations

import functools
import os
import struct
import zlib
from pathlib import Path

from harness import PARTS

DATASETS = os.environ.get("COUNTENANCE_DATASETS")
DATASETS_MISSING = "COUNTENANCE_DATASETS is not set"


@functools.cache
def sample(name: str) -> bytes:
    return (PARTS / "samples" / name).read_bytes()


def odd(name: str) -> bytes:
    return Path(DATASETS or "", "odd", name).read_bytes()


def padded(photograph: bytes, count: int) -> bytes:
    """The same picture in another file: what comes after a JPEG's end is of no account."""
    return photograph + struct.pack(">I", count)


# --- PNG -----------------------------------------------------------------------------------------------------------


def png(width: int, height: int, rows: bytes, colour: int = 2) -> bytes:
    """`rows` of 3 bytes a pixel, or of 1 where `colour` is 0 (grey)."""
    size = width * (3 if colour == 2 else 1)
    filtered = b"".join(b"\0" + rows[y * size : (y + 1) * size] for y in range(height))
    return _file(width, height, colour, zlib.compress(filtered, 1))


def _file(width: int, height: int, colour: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def blank(width: int = 200, height: int = 160) -> bytes:
    """Nobody: a grey ramp."""
    return png(width, height, bytes(x * 255 // width for x in range(width)) * height, colour=0)


def bomb(width: int, height: int) -> bytes:
    """A small file that says it is large, and is."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return _file(width, height, 0, data)


def lying_png(width: int, height: int) -> bytes:
    """A small file that says it is large, with next to nothing in it."""
    return _file(width, height, 0, zlib.compress(bytes(1_000)))


@functools.cache
def _portrait() -> tuple[int, int, list[bytes]]:
    """The sample that is a PNG (8 bits, RGBA, not interlaced), as rows of RGB."""
    file = sample("32bit.png")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", file[16:29])
    assert (depth, colour, interlaced) == (8, 6, 0)
    data, at = b"", 8
    while at < len(file):
        length, kind = struct.unpack(">I4s", file[at : at + 8])
        if kind == b"IDAT":
            data += file[at + 8 : at + 8 + length]
        at += 12 + length
    raw, size = zlib.decompress(data), 4 * width
    rows, above = [], bytearray(size)
    for y in range(height):
        kind = raw[y * (size + 1)]
        row = bytearray(raw[y * (size + 1) + 1 : (y + 1) * (size + 1)])
        _unfilter(kind, row, above)
        rows.append(b"".join(bytes(row[x : x + 3]) for x in range(0, size, 4)))
        above = row
    return width, height, rows


def _unfilter(kind: int, row: bytearray, above: bytearray) -> None:
    """PNG (Third Edition), 9.2: filter types 0 to 4, of pixels of four bytes."""
    if kind == 2:
        row[:] = bytes((a + b) & 0xFF for a, b in zip(row, above))
    elif kind in (1, 3):
        for i in range(len(row)):
            left = row[i - 4] if i >= 4 else 0
            row[i] = (row[i] + (left if kind == 1 else (left + above[i]) // 2)) & 0xFF
    elif kind == 4:
        for i in range(len(row)):
            left, up, corner = (row[i - 4], above[i], above[i - 4]) if i >= 4 else (0, above[i], 0)
            by_left, by_up, by_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            nearest = left if by_left <= by_up and by_left <= by_corner else up if by_up <= by_corner else corner
            row[i] = (row[i] + nearest) & 0xFF


def group(*divisors: int) -> bytes:
    """The portrait several times beside itself, each made smaller by its divisor (every so many pixels kept)."""
    width, height, rows = _portrait()
    sizes = [(width // d, height // d) for d in divisors]
    total, tall = sum(w for w, _ in sizes), max(h for _, h in sizes)
    canvas = [bytearray(b"\x60" * (3 * total)) for _ in range(tall)]
    left = 0
    for divisor, (w, h) in zip(divisors, sizes):
        for y in range(h):
            row = rows[y * divisor]
            part = b"".join(row[3 * x * divisor : 3 * x * divisor + 3] for x in range(w))
            canvas[y][3 * left : 3 * (left + w)] = part
        left += w
    return png(total, tall, b"".join(map(bytes, canvas)))


@functools.cache
def large() -> bytes:
    """About 12 megapixels, with a face: the portrait with every pixel four times, and a margin."""
    width, height, rows = _portrait()
    margin = b"\x60" * (3 * 1_748)
    wide = [b"".join(row[3 * x : 3 * x + 3] * 2 for x in range(width)) + margin for row in rows for _ in (0, 1)]
    return _packed(2 * width + 1_748, wide + [b"\x60" * (3 * (2 * width + 1_748))] * 1_600)


def _packed(width: int, rows: list[bytes]) -> bytes:
    return _file(width, len(rows), 2, zlib.compress(b"".join(b"\0" + row for row in rows), 6))
