"""Checks a published record: checkpoints, tiles, entries and proofs.

Written from the specifications alone, RFC 6962, RFC 8032 and C2SP's signed-note, tlog-checkpoint, tlog-tiles,
tlog-proof and tlog-witness, in nothing but Python's own library, so that it shares no mistake with what it checks.

    python3 log_verifier.py FOLDER PUBLIC-KEY [CHECKPOINT-FILE ...]
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import sys
from pathlib import Path


class Wrong(Exception):
    """What does not fit."""


def need(condition: object, what: str) -> None:
    if not condition:
        raise Wrong(what)


# Ed25519 (RFC 8032, section 5.1), on points (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME
NEUTRAL = (0, 1, 1, 0)


def _add(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * D * one[3] * other[3] % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def _multiply(number: int, point):
    result = NEUTRAL
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _is_same(one, other) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % PRIME == 0 and (one[1] * other[2] - other[1] * one[2]) % PRIME == 0


def _point(data: bytes):
    """From its 32 bytes: y, and one bit of x."""
    number = int.from_bytes(data, "little")
    odd, y = number >> 255, number & (2**255 - 1)
    need(y < PRIME, "a point's coordinate is too large")
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    need(x * x % PRIME == square and not (x == 0 and odd), "bytes are no point of the curve")
    if x % 2 != odd:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def _base_point():
    y = 4 * pow(5, -1, PRIME) % PRIME
    return _point(y.to_bytes(32, "little"))


BASE = _base_point()


def has_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    if len(public_key) != 32 or len(signature) != 64:
        return False
    try:
        key, commitment = _point(public_key), _point(signature[:32])
    except Wrong:
        return False
    response = int.from_bytes(signature[32:], "little")
    if response >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    return _is_same(_multiply(response, BASE), _add(commitment, _multiply(challenge, key)))


# Notes and checkpoints


def _base64(text: str, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong(f"{text!r} is no base64") from error
    need(length is None or len(data) == length, f"{text!r} has not {length} bytes")
    return data


def _number(text: str) -> int:
    need(text.isascii() and text.isdigit() and str(int(text)) == text, f"{text!r} is no number")
    return int(text)


class Key:
    def __init__(self, text: str) -> None:
        parts = text.strip().split("+", 2)
        need(len(parts) == 3, "a public key is name+id+base64")
        self.name, encoded = parts[0], _base64(parts[2], 33)
        need(encoded[0] == 1, "the public key is not Ed25519's")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + encoded).digest()[:4]
        need(self.id.hex() == parts[1], "the public key's id is not its own")
        self.bytes = encoded[1:]


def open_note(note: str, key: Key) -> str:
    """The text, once the key's signature is checked."""
    at = note.rfind("\n\n")
    need(at >= 0 and note.endswith("\n"), "no blank line parts text and signatures")
    text, lines = note[: at + 1], note[at + 2 :].splitlines()
    signed = False
    for line in lines:
        words = line.split(" ")
        need(len(words) == 3 and words[0] == "\u2014", f"{line!r} is no signature")
        data = _base64(words[2])
        if words[1] == key.name and data[:4] == key.id:
            need(has_signed(key.bytes, text.encode(), data[4:]), "the signature is of another text")
            signed = True
    need(signed, "the key has not signed it")
    return text


def open_checkpoint(note: str, key: Key) -> tuple[int, bytes]:
    """How many entries, and the root."""
    lines = open_note(note, key).split("\n")
    need(len(lines) >= 4 and lines[0] == key.name, f"it is a checkpoint of another log, {lines[0]!r}")
    return _number(lines[1]), _base64(lines[2], 32)


# The tree (RFC 6962, section 2.1)


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """Level by level; a node without a sibling goes up as it is, which is the tree of RFC 6962."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    while len(leaves) > 1:
        pairs = [node_hash(leaves[i], leaves[i + 1]) for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[len(pairs) * 2 :]
    return leaves[0]


def root_by_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """From the root down, as the tree is defined: the last of the path is the sibling below the root."""
    need(0 <= index < size, "the index is not in the tree")
    if size == 1:
        need(not path, "the path is too long")
        return leaf
    need(path, "the path is too short")
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return node_hash(root_by_path(index, half, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_path(index - half, size - half, leaf, path[:-1]))


def check_inclusion(proof: str, entry: bytes, key: Key) -> int:
    """The index at which the entry is in the log."""
    head, blank, note = proof.partition("\n\n")
    lines = head.split("\n")
    need(blank and lines.pop(0) == "c2sp.org/tlog-proof@v1", "this is no tlog-proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    need(lines and lines[0].startswith("index "), "the proof has no index")
    index = _number(lines.pop(0)[len("index ") :])
    size, root = open_checkpoint(note, key)
    path = [_base64(line, 32) for line in lines]
    need(root_by_path(index, size, leaf_hash(entry), path) == root, "the path does not lead to the root")
    return index


def roots_by_proof(old: int, size: int, path: list[bytes], known: bytes, whole: bool = True) -> tuple[bytes, bytes]:
    """The old root and the new one that a consistency proof gives, by the recursion that defines it."""
    if old == size:
        if whole:
            return known, known
        need(path, "the proof is too short")
        last = path.pop(0)
        return last, last
    half = 1 << (size - 1).bit_length() - 1
    need(path, "the proof is too short")
    other = path[-1]
    del path[-1]
    if old <= half:
        before, after = roots_by_proof(old, half, path, known, whole)
        return before, node_hash(after, other)
    before, after = roots_by_proof(old - half, size - half, path, known, False)
    return node_hash(other, before), node_hash(other, after)


def check_consistency(proof: str, known: tuple[int, bytes], key: Key) -> tuple[int, bytes]:
    """The later checkpoint, once it is shown that the log goes on from the one that is known."""
    head, blank, note = proof.partition("\n\n")
    lines = head.split("\n")
    need(blank and lines[0].startswith("old "), "this is no consistency proof")
    old, path = _number(lines[0][len("old ") :]), [_base64(line, 32) for line in lines[1:]]
    size, root = open_checkpoint(note, key)
    need(old == known[0], "the proof is from another size")
    need(old <= size, "the log was set back")
    if old == 0:
        need(not path, "the proof is too long")
        return size, root
    before, after = roots_by_proof(old, size, path, known[1])
    need(not path, "the proof is too long")
    need(before == known[1], "the log does not go on from the checkpoint that is known")
    need(after == root, "the proof does not lead to the later root")
    return size, root


# The folder (tlog-tiles)


def _place(number: int) -> str:
    text = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        text = f"x{number % 1000:03}/{text}"
    return text


def _tile(folder: Path, level: str, number: int, width: int) -> bytes:
    path = folder / "tile" / level / _place(number)
    if width < 256:
        path = path.with_name(path.name + ".p") / str(width)
    need(path.is_file(), f"{path.relative_to(folder)} is missing")
    return path.read_bytes()


def _widths(count: int) -> list[int]:
    return [256] * (count // 256) + ([count % 256] if count % 256 else [])


def check_folder(folder: Path, key: Key, checkpoints: list[str] = ()) -> int:
    """Everything: entries, each level of hashes, the folder's checkpoint, and others. How many entries there are."""
    size, root = open_checkpoint((folder / "checkpoint").read_text(), key)
    leaves: list[bytes] = []
    for number, width in enumerate(_widths(size)):
        bundle, at = _tile(folder, "entries", number, width), 0
        for index in range(number * 256, number * 256 + width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            entry = bundle[at + 2 : at + 2 + length]
            need(len(bundle) >= at + 2 + length, f"entry {index} is cut off")
            leaves.append(leaf_hash(entry))
            at += 2 + length
        need(at == len(bundle), f"bundle {number} has more than its entries")
    level, hashes = 0, leaves
    while hashes:
        for number, width in enumerate(_widths(len(hashes))):
            tile = _tile(folder, str(level), number, width)
            need(tile == b"".join(hashes[number * 256 : number * 256 + width]), f"tile {level}/{number} is another")
        hashes = [root_of(hashes[i : i + 256]) for i in range(0, len(hashes) - 255, 256)]
        level += 1
    need(root_of(leaves) == root, "the entries do not give the checkpoint's root")
    for note in checkpoints:
        earlier, its_root = open_checkpoint(note, key)
        need(earlier <= size, f"the log has {size} entries, and a checkpoint is over {earlier}: it was cut off")
        need(root_of(leaves[:earlier]) == its_root, f"the first {earlier} entries are not those of a checkpoint")
    return size


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        count = check_folder(Path(sys.argv[1]), Key(sys.argv[2]), [Path(name).read_text() for name in sys.argv[3:]])
    except (Wrong, OSError, UnicodeDecodeError) as error:
        sys.exit(f"does not fit: {error}")
    print(f"fits: {count} entries")
