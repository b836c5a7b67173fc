"""The storage part of benchmark.py: how fast ready templates are enrolled, durably, and how fast a gallery opens."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
PEER, FIT = PEERS / "search_peer.py", PEERS / "templates.json"
DIMENSION, BATCH, BATCHED = 128, 100, 50_000
# What the project promises: enrolled a second in bulk and in acknowledged batches; seconds to open.
LEAST_BULK, LEAST_BATCHED = 50_000, 2_000
MOST_SECONDS = {1_000_000: 3.0, 10_000_000: 30.0}
SIZES, QUICK = (1_000_000, 10_000_000), (20_000,)


def export(numbers: Path, faces: int, folder: Path, rows: int) -> Path:
    """The first rows of a file of numbers, as another system would give them to `gallery import`."""
    folder.mkdir()
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {DIMENSION}), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(folder / "templates.npy", "wb") as file, open(numbers, "rb") as source:
        file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode())
        left = rows * DIMENSION * 4
        while left:
            left -= file.write(source.read(min(left, 1 << 24)))
    manifest = {"format": "countenance-gallery", "version": 1, "model": "sface-2021dec", "dimension": DIMENSION}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def storage(programs, run, sample: Path, environment: dict, say, options) -> dict:
    """`run(command, environment)` gives a finished process with its lines."""
    sizes = QUICK if options.quick else [size for size in SIZES if not options.faces or size <= options.faces] or [options.faces]
    result = {"sizes": []}
    for faces in sizes:
        numbers, probes = programs.scratch / "numbers.f32", programs.scratch / "probes.f32"
        say(f"storage: {faces:,} x {DIMENSION}: drawing templates")
        run([sys.executable, PEER, "draw", FIT, faces, DIMENSION, 10, numbers, probes], environment)
        bulk = export(numbers, faces, programs.scratch / "bulk", faces)
        batched = min(BATCHED, faces)
        few = export(numbers, faces, programs.scratch / "few", batched)
        numbers.unlink()
        data = programs.data_folder()

        def timed(*arguments) -> float:
            start = time.perf_counter()
            programs.ours(*arguments, data=data).require(0)
            return time.perf_counter() - start

        def opened() -> float:
            """Seconds of a first search in a new process: almost all of them are the opening."""
            answer = programs.ours("identify", "--json", "--gallery", "bulk", sample, data=data).require(0, 1)
            return json.loads(answer.lines[-1])["milliseconds"]["gallery"] / 1_000

        # Compiles the networks, so that this is not in what follows.
        programs.ours("detect", sample, data=data).require(0)
        say(f"storage: {faces:,}: enrolling in bulk")
        size = {"faces": faces, "bulkPerSecond": faces / timed("gallery", "import", "bulk", bulk)}
        shutil.rmtree(bulk)
        say(f"storage: {batched:,} in batches of {BATCH}")
        size["batchedPerSecond"] = batched / timed("gallery", "import", "few", few, "--at-once", BATCH)
        shutil.rmtree(few)
        say(f"storage: {faces:,}: opening")
        size["rebuildSeconds"] = opened()
        size["openSeconds"] = [opened() for _ in range(3)]
        size["bytesPerFace"] = (data / "countenance.sqlite").stat().st_size / (faces + batched)
        result["sizes"].append(size)
        shutil.rmtree(data)
    return result


def table(part: dict) -> list[str]:
    lines = [
        "", "Storage: ready templates by `gallery import`, whole process, durable; opening: the first search of a new process",
        f"{'faces':>10}{'bulk a second':>15}{f'batches of {BATCH}':>17}{'rebuilding':>12}{'opening':>10}{'bytes/face':>12}",
    ]
    for size in part["sizes"]:
        lines.append(
            f"{size['faces']:>10,}{size['bulkPerSecond']:>15,.0f}{size['batchedPerSecond']:>17,.0f}{size['rebuildSeconds']:>10.2f} s"
            f"{sorted(size['openSeconds'])[1]:>8.2f} s{size['bytesPerFace']:>12.0f}")
    return lines


def gates(part: dict) -> list[dict]:
    found = []
    for size in part["sizes"]:
        name = f"{size['faces']:,} x {DIMENSION}"
        for text, value, least in (
            (f"at least {LEAST_BULK:,} ready templates enrolled a second, {name}", size["bulkPerSecond"], LEAST_BULK),
            (f"at least {LEAST_BATCHED:,} a second in acknowledged batches of {BATCH}", size["batchedPerSecond"], LEAST_BATCHED),
        ):
            found.append({"gate": text, "value": value, "held": value >= least, "shown": f"{value:,.0f}"})
        most = MOST_SECONDS.get(size["faces"])
        if most:
            seconds = sorted(size["openSeconds"])[1]
            found.append({"gate": f"{name} opens within {most:.0f} s", "value": seconds, "held": seconds <= most, "shown": f"{seconds:.2f} s"})
    return found
