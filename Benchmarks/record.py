"""The record part of benchmark.py: how fast requests are recorded, and how fast a long record is verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
import time
import uuid
from pathlib import Path

from service import TESTS, Load

ROOT = Path(__file__).resolve().parent.parent
ENTRIES, QUICK_ENTRIES = 1_000_000, 20_000
CLIENTS = 16
# What the project promises: recorded requests a second, milliseconds that recording adds to one alone, seconds to
# verify.
LEAST_PER_SECOND, MOST_MILLISECONDS, MOST_SECONDS = 2_000, 5.0, 10.0


def lengthen(database: Path, entries: int) -> None:
    """Gives the record so many entries, each as a search leaves it, with hashes and tree."""
    leaf = lambda entry: hashlib.sha256(b"\0" + entry).digest()

    def root(hashes: list[bytes]) -> bytes:
        while len(hashes) > 1:
            hashes = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2])]
        return hashes[0]

    file = sqlite3.connect(database)
    (first,) = file.execute("SELECT coalesce(max(position) + 1, 0) FROM record").fetchone()
    levels = [[row[0] for row in file.execute("SELECT leaf_hash FROM record ORDER BY position")], [], [], []]
    form = (
        '{{"candidates":[{{"face":"{face}","similarity":99.123456789}}],"decision":"permitted",'
        '"expectedFalseCandidates":0.01,"gallery":"missing","model":"sface-2021dec","operation":"identify",'
        '"organisation":"rescue","outcome":"candidates","photographs":["{digest}"],"purpose":"missing-child",'
        '"requestID":"{request}","rule":"grant:rescue","thresholdApplied":99,"time":"2026-11-26T12:00:00Z"}}'
    )
    with file:
        for position in range(first, entries):
            request = str(uuid.UUID(int=position))
            digest = hashlib.sha256(request.encode()).hexdigest()
            entry = form.format(face=request, request=request.upper(), digest=digest).encode()
            file.execute("INSERT INTO record VALUES (?, ?, ?)", (position, entry, leaf(entry)))
            levels[0].append(leaf(entry))
            for level in range(3):
                if len(levels[level]) < 256:
                    break
                above = levels[level + 1]
                above.append(root(levels[level]))
                number = (position + 1) // 256 ** (level + 1) - 1
                file.execute("INSERT INTO record_tree VALUES (?, ?, ?)", (level + 1, number, above[-1]))
                levels[level] = []
    file.close()


def record(programs, say, options) -> dict:
    sys.dont_write_bytecode = True
    sys.path += [str(ROOT / ".parts" / "clients"), str(TESTS)]
    os.environ["XDG_CACHE_HOME"] = str(programs.scratch / "cache")
    import harness

    seconds = 2 if options.quick else 10
    entries = QUICK_ENTRIES if options.quick else ENTRIES
    result = {"clients": CLIENTS, "entries": entries}
    data = programs.data_folder()
    server = harness.Service(data=data)
    try:
        load = Load(server, programs.scratch)
        # Of an operation that is none nothing is recorded: everything else of a request is done.
        for name, operation, clients in (
            ("alone", "ListCollections", 1), ("unrecorded", "NoSuchOperation", 1),
            ("together", "ListCollections", CLIENTS),
        ):
            say(f"record: {operation}, {clients} {'client' if clients == 1 else 'clients'}")
            result[name] = load.run(load.requests(operation, [{}]), clients, seconds=seconds)
        server.stop()
    finally:
        server.close()
    say(f"record: making {entries:,} entries")
    lengthen(data / "countenance.sqlite", entries)
    result["bytesPerEntry"] = (data / "countenance.sqlite").stat().st_size / entries
    timed = {"verifySeconds": ("verify",), "exportSeconds": ("export", programs.scratch / "record")}
    timed["verifyExportSeconds"] = ("verify", "--from-export", programs.scratch / "record")
    for name, words in timed.items():
        say(f"record: {' '.join(map(str, words))}")
        start = time.perf_counter()
        programs.ours("record", *words, data=data).require(0)
        result[name] = time.perf_counter() - start
    shutil.rmtree(data)
    shutil.rmtree(programs.scratch / "record")
    return result


def table(part: dict) -> list[str]:
    together = part["together"]
    return [
        "",
        "Record: requests of the service over loopback that do nothing but leave an entry, durable; whole processes",
        f"{part['clients']} clients{together['perSecond']:>16,.0f} a second, median {together['p50']:.1f} ms",
        f"one client{part['alone']['p50']:>16.2f} ms, unrecorded {part['unrecorded']['p50']:.2f} ms",
        f"{part['entries']:,} entries, {part['bytesPerEntry']:.0f} bytes each with their hashes:",
        f"verifying {part['verifySeconds']:>16.2f} s",
        f"exporting {part['exportSeconds']:>16.2f} s, verifying the export {part['verifyExportSeconds']:.2f} s",
    ]


def gates(part: dict) -> list[dict]:
    found = []

    def gate(text: str, value: float, held: bool, shown: str) -> None:
        found.append({"gate": text, "value": value, "held": held, "shown": shown})

    together, later = part["together"]["perSecond"], part["alone"]["p50"] - part["unrecorded"]["p50"]
    text = f"at least {LEAST_PER_SECOND:,} recorded requests a second, {part['clients']} clients"
    gate(text, together, together >= LEAST_PER_SECOND, f"{together:,.0f}")
    text = f"one recorded request at most {MOST_MILLISECONDS:.0f} ms later than unrecorded"
    gate(text, later, later <= MOST_MILLISECONDS, f"{later:.2f} ms")
    if part["entries"] == ENTRIES:
        for name, words in (("verifySeconds", "the record"), ("verifyExportSeconds", "its export")):
            text = f"{ENTRIES:,} entries of {words} are verified within {MOST_SECONDS:.0f} s"
            gate(text, part[name], part[name] <= MOST_SECONDS, f"{part[name]:.2f} s")
    return found
