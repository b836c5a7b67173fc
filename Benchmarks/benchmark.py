#!/usr/bin/env python3
"""Countenance beside others, on the same photographs and templates, the same machine, in the same run: the pipeline
beside face_recognition and dlib, the search beside faiss and usearch.

Run by `make benchmark`, which builds the program and fetches the peers first. Prints one table and writes JSON.
Leaves 0 when every gate is held, 1 when one is missed, 2 after wrong usage, 3 when something is missing, 5 when a
program failed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import pty
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import evaluation as evaluation_part
import search as search_part
import service as service_part
import policy as policy_part
import record as record_part
import storage as storage_part

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / ".parts"
PROGRAM = ROOT / "bin" / "countenance"
PEER = ROOT / "Benchmarks" / "peers" / "dlib_peer.py"
YUNET = PARTS / "share" / "countenance" / "models" / "yunet-2023mar.onnx"

SECTIONS = ("accuracy", "speed", "detection", "evaluation", "search", "storage", "service", "policy", "record")
# The gates: what the project promises. A missed gate is reported, never moved.
LEAST_ACCURACY = 0.9945
LEAST_THROUGHPUT_RATIO = 5.0
AIMED_THROUGHPUT_RATIO = 8.0

IDENTIFY_WARM_UP = 5
# Others' share of the processors from which on the table says that the machine was not idle.
BUSY = 0.05

HERE = sys.stderr.isatty()


class Missing(Exception):
    """Something that the user can put right."""


class Failed(Exception):
    """A program that was measured failed."""


# --- Telling the user ----------------------------------------------------------------------------------------------


def say(line: str) -> None:
    print(f"\r\033[K{line}" if HERE else line, file=sys.stderr, flush=True)


class ProgressLine:
    """How far, how fast, how long yet; on terminals only."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def draw(self, done: int, total: int) -> None:
        if not HERE:
            return
        rate = done / max(time.monotonic() - self.start, 1e-3)
        left = (total - done) / max(rate, 1e-9)
        text = f"  {done:,} of {total:,} photographs, {rate:.1f} a second, {int(left) // 60}:{int(left) % 60:02} left"
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if HERE:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


# --- Running programs ----------------------------------------------------------------------------------------------


def processor_seconds() -> float:
    """What all programs together have used since the machine began (proc(5): user, nice, system, irq, softirq, steal)."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[i]) for i in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")


class Run:
    """A process that has ended: its output, and what it cost with all the processes that it started."""

    def __init__(
        self, command: list, environment: dict, each_line=None, on_terminal: bool = False, show: bool = False
    ) -> None:
        """`on_terminal`: let it believe that it prints to a terminal, so that each line comes when it is printed.
        `show`: let its own progress line be seen where there is a terminal."""
        reading, writing = pty.openpty() if on_terminal else os.pipe()
        notes = tempfile.TemporaryFile()
        self.name = " ".join([Path(command[0]).name, *map(str, command[1:2])])
        everybody, start = processor_seconds(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=writing,
            stderr=None if show and HERE else notes, env=environment, start_new_session=True,
        )
        os.close(writing)
        self.lines: list[str] = []
        self.arrivals: list[float] = []
        rest = b""
        try:
            while True:
                try:
                    read = os.read(reading, 1 << 16)
                except OSError:  # How a terminal says that nobody writes to it any more.
                    read = b""
                now = time.perf_counter()
                if not read:
                    break
                *whole, rest = (rest + read).split(b"\n")
                for line in whole:
                    text = line.decode(errors="replace").rstrip("\r")
                    self.lines.append(text)
                    self.arrivals.append(now)
                    if each_line:
                        each_line(text)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
        finally:
            os.close(reading)
        self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        # The share of the processors that others had meanwhile.
        self.others = max(0.0, (processor_seconds() - everybody - self.cpu) / (self.wall * (os.cpu_count() or 1)))
        self.peak_bytes = usage.ru_maxrss * 1024
        self.code = process.returncode = os.waitstatus_to_exitcode(status)
        notes.seek(0)
        self.notes = notes.read().decode(errors="replace")
        notes.close()

    def require(self, *codes: int) -> "Run":
        if self.code not in codes:
            said = [line.strip() for line in [*self.lines, *self.notes.splitlines()] if line.strip()]
            errors = [line for line in said if "error" in line.lower()]
            line = (errors or said or ["it said nothing"])[-1]
            raise Failed(f"{self.name} ended with {self.code}: {line}")
        return self


class Programs:
    """Ours and theirs, with a folder of their own to write to."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        # The networks are compiled into a cache of our own; a warm-up fills it before anything is timed.
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(scratch / "cache"), "NO_COLOR": "1"}
        self.fresh = 0

    def data_folder(self) -> Path:
        self.fresh += 1
        return self.scratch / f"data-{self.fresh}"

    def ours(self, *arguments, data: Path | None = None, **options) -> Run:
        command = [PROGRAM, *arguments, "--data", data or self.data_folder()]
        return Run(command, self.environment, **options)

    def theirs(self, *arguments) -> tuple[dict, Run]:
        progress = ProgressLine()

        def line(text: str) -> None:
            document = json.loads(text)
            if "done" in document:
                progress.draw(document["done"], document["of"])

        environment = {**self.environment, "PYTHONPATH": str(PARTS / "peers")}
        run = Run([sys.executable, PEER, *arguments], environment, each_line=line).require(0)
        progress.clear()
        return json.loads(run.lines[-1])["result"], run


# --- Data sets -----------------------------------------------------------------------------------------------------


class DataSets:
    def __init__(self, root: Path) -> None:
        self.lfw = root / "lfw"
        self.pairs = self.lfw / "pairs.txt"
        self.congress = root / "congress"
        self.groups = sorted((root / "odd").glob("group_*.jpg"))
        for path in (self.pairs, self.congress):
            if not path.exists():
                raise Missing(f"COUNTENANCE_DATASETS has no {path.relative_to(root)}; it must name the folder with lfw/ and congress/.")
        if not self.groups:
            raise Missing("COUNTENANCE_DATASETS has no odd/group_*.jpg, the group photographs.")

    def few_pairs(self, path: Path, size: int) -> Path:
        """A shorter list: the first `size` pairs of each kind of every fold."""
        lines = self.pairs.read_text(encoding="utf-8").splitlines()
        folds, whole = (int(field) for field in lines[0].split("\t"))
        kept = [f"{folds}\t{size}"]
        for part in range(2 * folds):
            kept += lines[1 + part * whole :][:size]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
        return path


    def named_in(self, pairs: Path) -> list[str]:
        """The photographs that a list of pairs names."""
        names = set()
        for line in pairs.read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split("\t")
            names.add((fields[0], fields[1]))
            names.add((fields[-2], fields[-1]) if len(fields) == 4 else (fields[0], fields[2]))
        return sorted(f"{name}/{name}_{int(number):04}.jpg" for name, number in names)


def chosen(photographs: list[Path], count: int, folder: Path) -> list[Path]:
    """Links, in a new folder, to photographs that chance chose: the same in every run. They are read once, so that
    the first program to be timed does not read from the disk what the second finds in memory."""
    folder.mkdir()
    links = []
    for path in sorted(random.Random(1).sample(photographs, min(count, len(photographs)))):
        path.read_bytes()
        link = folder / path.name
        link.symlink_to(path)
        links.append(link)
    return links


def listed(paths: list[Path], file: Path) -> Path:
    file.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    return file


# --- The sections --------------------------------------------------------------------------------------------------


def accuracy(programs: Programs, data: DataSets, options) -> dict:
    pairs = data.few_pairs(programs.scratch / "pairs.txt", 20) if options.quick else data.pairs
    result = {}
    protocol = ("evaluate", "verification", "--pairs", pairs, "--photographs", data.lfw, "--json")
    for name, extra in (("countenance", []), ("countenanceMirror", ["--mirror"])):
        say(f"accuracy: Countenance {' '.join(extra)}".rstrip())
        result[name] = json.loads("\n".join(programs.ours(*protocol, *extra, show=True).require(0).lines))
    say("accuracy: face_recognition")
    result["face_recognition"], _ = programs.theirs("verify", pairs, data.lfw)
    # The counts of mated comparisons that there are, photographs without a template or not: everybody's rates are out
    # of these.
    whole = result["face_recognition"]["withFallback"]
    for ours in (result["countenance"], result["countenanceMirror"]):
        for row, theirs in zip(ours["allComparisons"], whole["allComparisons"]):
            row["mated"] = theirs["mated"]
    for report in (result["countenance"], result["countenanceMirror"], whole, result["face_recognition"]["missesAreErrors"]):
        for row in report["pairs"] + report["allComparisons"]:
            row["trueMatchRate"] = row["trueMatches"] / row["mated"]
    if options.check_maths:
        result["mathsCheck"] = check_maths(programs, data, pairs, protocol)
    return result


def check_maths(programs: Programs, data: DataSets, pairs: Path, protocol: tuple) -> dict:
    """Enrols the photographs, exports the templates, and has them judged by peers/verification.py.
    Enrolment takes the largest face, so that the program's own judgement is asked for with that rule too."""
    say("accuracy: the same templates judged by both programs' maths")
    swift = json.loads("\n".join(programs.ours(*protocol, "--subject", "largest", show=True).require(0).lines))
    staged = programs.scratch / "staged"
    for name in data.named_in(pairs):
        (staged / name).parent.mkdir(parents=True, exist_ok=True)
        (staged / name).symlink_to(data.lfw / name)
    folder = programs.data_folder()
    # Of nobody, since a person has at most 100 faces.
    staged_files = [staged / name for name in data.named_in(pairs)]
    for path in staged_files:
        path.rename(staged / path.name)
    for path in {path.parent for path in staged_files}:
        path.rmdir()
    programs.ours("enrol", "--gallery", "lfw", staged, data=folder, show=True).require(0, 3)
    programs.ours("gallery", "export", "lfw", programs.scratch / "exported", "--plain", data=folder).require(0)
    numpy, _ = programs.theirs("maths", pairs, programs.scratch / "exported", data.lfw)
    shutil.rmtree(folder)
    counts = ("falseMatches", "nonMated", "trueMatches", "mated")
    same = abs(swift["accuracy"] - numpy["accuracy"]) < 1e-12 and all(
        a[each] == b[each]
        for part in ("pairs", "allComparisons")
        for a, b in zip(swift[part], numpy[part])
        for each in counts
    )
    return {"same": same, "swift": swift, "numpy": numpy}


def speed(programs: Programs, data: DataSets, options) -> dict:
    lfw = sorted(data.lfw.glob("*/*.jpg"))
    congress = sorted(data.congress.glob("*/*.jpg"))
    # Bytes that are there twice would be enrolled once.
    lfw, congress = without_copies(lfw), without_copies(congress)
    rounds = 1 if options.quick else options.rounds
    samples = {
        "lfw": chosen(lfw, 60 if options.quick else options.photographs, programs.scratch / "lfw"),
        "congress": chosen(congress, 30 if options.quick else options.portraits, programs.scratch / "congress"),
    }
    warm_up = listed(samples["lfw"][:8], programs.scratch / "warm-up.txt")
    programs.ours("enrol", "--gallery", "g", *samples["lfw"][:8]).require(0)
    programs.theirs("enrol", warm_up, programs.scratch / "warm-up.npy")

    result: dict = {"rounds": rounds, "cores": cores()}
    galleries = {}
    for name, links in samples.items():
        runs = {"countenance": [], "face_recognition": []}
        names = listed(links, programs.scratch / f"{name}.txt")
        for turn in range(1, rounds + 1):
            say(f"speed: {len(links):,} photographs ({name}), round {turn} of {rounds}: Countenance")
            folder = programs.data_folder()
            run = programs.ours("enrol", "--gallery", "g", links[0].parent, data=folder).require(0, 3)
            runs["countenance"].append(of_our_enrolment(run, len(links)))
            galleries[name] = folder
            say(f"speed: {len(links):,} photographs ({name}), round {turn} of {rounds}: face_recognition")
            answer, run = programs.theirs("enrol", names, programs.scratch / f"{name}.npy")
            runs["face_recognition"].append(
                {"enrolled": answer["enrolled"], **rates(len(links), run, answer["seconds"])})
        result[name] = {"photographs": len(links), **{who: summary(those) for who, those in runs.items()}}

    result["identify"] = latency(programs, data, lfw, samples["lfw"], galleries["lfw"], rounds, options)
    return result


def without_copies(paths: list[Path]) -> list[Path]:
    seen, kept = set(), []
    for path in paths:
        content = path.read_bytes()
        if content not in seen:
            seen.add(content)
            kept.append(path)
    return kept


def rates(count: int, run: Run, steady: float) -> dict:
    return {
        "perSecond": count / run.wall,
        "perSecondSteady": count / steady,
        "cpuMillisecondsPerPhotograph": 1e3 * run.cpu / count,
        "shareOfOthers": run.others,
        # Of the largest process.
        "peakMegabytes": run.peak_bytes / 1e6,
    }


def of_our_enrolment(run: Run, count: int) -> dict:
    found = re.search(r": (\d+) enrolled,.*; [\d.]+ s, ([\d.]+) a second", run.lines[-1] if run.lines else "")
    if not found:
        raise Failed("countenance enrol did not end with the line that says how many and how fast")
    # From when the networks are loaded to the last answer, as the program itself says.
    return {"enrolled": int(found[1]), **rates(count, run, count / float(found[2]))}


def summary(runs: list[dict]) -> dict:
    return {**{key: statistics.median(run[key] for run in runs) for key in runs[0]}, "runs": runs}


def latency(programs, data, lfw, enrolled, gallery: Path, rounds: int, options) -> dict:
    """One `identify` after another in one warm process. Ours is the time from one answer's arrival to the next's:
    everything counts, the record's write to the disk and the printing too."""
    known = {link.name for link in enrolled}
    strangers = [path for path in lfw if path.name not in known]
    count = (20 if options.quick else options.probes) + IDENTIFY_WARM_UP
    probes = chosen(strangers, count, programs.scratch / "probes")
    names = listed(probes, programs.scratch / "probes.txt")
    runs: dict = {"countenance": [], "face_recognition": []}
    stages: list[dict] = []
    for turn in range(1, rounds + 1):
        say(f"speed: identify, {len(probes)} probes, round {turn} of {rounds}")
        run = programs.ours(
            "identify", "--gallery", "g", "--json", *probes, data=gallery, on_terminal=True).require(0, 1, 3)
        times = [(b - a) * 1e3 for a, b in zip(run.arrivals, run.arrivals[1:])][IDENTIFY_WARM_UP - 1 :]
        answers = [json.loads(line) for line in run.lines][IDENTIFY_WARM_UP:]
        if len(times) != len(probes) - IDENTIFY_WARM_UP:
            raise Failed("countenance identify did not answer every probe on a line of its own")
        stages += [answer["milliseconds"] for answer in answers if "milliseconds" in answer]
        runs["countenance"].append(quantiles(times))
        answer, _ = programs.theirs("identify", names, programs.scratch / "lfw.npy")
        runs["face_recognition"].append(quantiles(answer["milliseconds"][IDENTIFY_WARM_UP:]))
    names_of_stages = sorted({name for each in stages for name in each})
    return {
        "gallery": len(enrolled),
        "probes": len(probes) - IDENTIFY_WARM_UP,
        **{who: summary(those) for who, those in runs.items()},
        "stages": {name: statistics.median(each.get(name, 0) for each in stages) for name in names_of_stages},
    }


def quantiles(milliseconds: list[float]) -> dict:
    ordered = sorted(milliseconds)
    return {"median": statistics.median(ordered), "p99": ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]}


def built(product: str) -> Path:
    """A program of Benchmarks/Sources."""
    say(f"{product}: building Benchmarks (minutes the first time)")
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{PARTS / 'lib' / 'pkgconfig'}:{os.environ.get('PKG_CONFIG_PATH', '')}"}
    swift = [
        "swift", "build", "--package-path", ROOT / "Benchmarks", "-c", "release", "--product", product,
        "-Xlinker", "-rpath", "-Xlinker", PARTS / "lib",
    ]
    Run(swift, environment).require(0)
    return Path(Run([*swift, "--show-bin-path"], environment).require(0).lines[-1]) / product


def evaluation(programs: Programs, data: DataSets, options) -> dict:
    """All comparisons, and their bootstrap."""
    program = built("comparison-survey")
    return evaluation_part.evaluation(
        programs, lambda command: Run(command, programs.environment).require(0), program, data.lfw, say, options)


def policy(programs: Programs, data, options) -> dict:
    """Decisions of a large policy."""
    program = built("policy-decision")
    return policy_part.policy(lambda command: Run(command, programs.environment).require(0), program, options)


def search(programs: Programs, data, options) -> dict:
    """The exact search alone, over large galleries in memory."""
    program = built("gallery-search")
    peers = {**programs.environment, "PYTHONPATH": str(PARTS / "peers")}
    if options.graphs:
        options.graphs.mkdir(parents=True, exist_ok=True)
        peers["SEARCH_GRAPHS"] = str(options.graphs.resolve())
    others = []

    def run(command, environment):
        ended = Run(command, environment).require(0)
        others.append(ended.others)
        return ended

    result = search_part.search(run, program, ROOT / "Models", programs.scratch, peers, say, options)
    return {**result, "shareOfOthers": max(others)}


def storage(programs: Programs, data, options) -> dict:
    """Enrolling ready templates, durably, and opening galleries."""
    peers = {**programs.environment, "PYTHONPATH": str(PARTS / "peers")}
    return storage_part.storage(
        programs, lambda command, environment: Run(command, environment).require(0), PARTS / "samples" / "obama.jpg", peers, say,
        options)


def record(programs: Programs, data, options) -> dict:
    """Recorded requests, and the verification of a long record."""
    return record_part.record(programs, say, options)


def service(programs: Programs, data, options) -> dict:
    """The service, asked by clients."""
    decoding = built("base64-decoding")
    peers = {**programs.environment, "PYTHONPATH": str(PARTS / "peers")}
    return service_part.service(
        programs, lambda command, environment: Run(command, environment).require(0), decoding, PARTS / "samples",
        data and data.lfw, peers, say, options)


def detection(programs: Programs, data: DataSets, options) -> dict:
    say("detection: the group photographs")
    run = programs.ours("detect", "--json", *data.groups).require(0)
    peers, _ = programs.theirs("detect", YUNET, *data.groups)
    return {
        "photographs": [path.name for path in data.groups],
        "countenance": [len(json.loads(line)["faces"]) for line in run.lines],
        **peers,
    }


# --- The table -----------------------------------------------------------------------------------------------------


def cores() -> int:
    return len(os.sched_getaffinity(0))


def machine(programs: Programs) -> dict:
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    versions, _ = programs.theirs("versions")
    revision = Run(["git", "-C", ROOT, "describe", "--always", "--dirty"], dict(os.environ))
    return {
        "cpu": cpu[1].strip() if cpu else platform.processor(),
        "cores": cores(),
        "memoryGigabytes": round(int(memory[1]) / 1e6, 1) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "countenance": Run([PROGRAM, "--version"], programs.environment).require(0).lines[0],
        "revision": revision.lines[0] if revision.code == 0 and revision.lines else None,
        "openvino": openvino_version(),
        "loadAverageAtStart": round(os.getloadavg()[0], 2),
        "peers": versions,
    }


def openvino_version() -> str | None:
    try:
        text = (PARTS / "lib" / "pkgconfig" / "countenance-openvino.pc").read_text()
    except OSError:
        return None
    found = re.search(r"^Version: (.+)$", text, re.MULTILINE)
    return found[1] if found else None


def rows_of(result: dict) -> list[dict]:
    """What the table shows. `ratio` says how many times better ours is, without --mirror."""
    rows = []

    def add(measure, ours, theirs, ratio, form, mirror=None):
        rows.append(
            {"measure": measure, "countenance": form(ours), "mirror": form(mirror) if mirror is not None else "",
             "face_recognition": form(theirs), "ratio": ratio})

    def percent(value):
        return f"{100 * value:.2f}%"

    def over(a, b):
        return a / b if b else None

    if "accuracy" in result:
        part = result["accuracy"]
        plain, mirror = part["countenance"], part["countenanceMirror"]
        for note, peer in (("", "withFallback"), (", HOG's misses as errors", "missesAreErrors")):
            peer = part["face_recognition"][peer]
            add(f"LFW accuracy{note}", plain, peer, over(1 - peer["accuracy"], 1 - plain["accuracy"]),
                lambda r: f"{percent(r['accuracy'])} ±{100 * r['standardError']:.2f}", mirror)
            for where, key in (("pairs", "pairs"), ("all comparisons", "allComparisons")):
                if note and key == "allComparisons":
                    continue  # In the JSON.
                for i, row in enumerate(plain[key]):
                    rate = row["falseMatchRate"]
                    if key == "allComparisons" and rate > 5e-4:
                        continue  # Over the pairs already.
                    a, b = row["trueMatchRate"], peer[key][i]["trueMatchRate"]
                    add(f"  true match rate at false match rate {rate:.0e}, {where}{note}", a, b, over(1 - b, 1 - a), percent,
                        mirror[key][i]["trueMatchRate"])
    if "speed" in result:
        part = result["speed"]
        for name, what in (("lfw", "LFW, 250x250"), ("congress", "portraits, 335x410 to 512x512")):
            ours, theirs = part[name]["countenance"], part[name]["face_recognition"]
            count = part[name]["photographs"]
            for key, note in (("perSecond", "whole process"), ("perSecondSteady", "after loading")):
                add(f"Enrolled a second, {count:,} {what}, {note}", ours[key], theirs[key],
                    over(ours[key], theirs[key]), "{:.1f}".format)
            key = "cpuMillisecondsPerPhotograph"
            add("  processor time a photograph", ours[key], theirs[key], over(theirs[key], ours[key]), "{:.1f} ms".format)
        part = part["identify"]
        for key, note in (("median", "median"), ("p99", "99th percentile")):
            a, b = part["countenance"][key], part["face_recognition"][key]
            add(f"Identify among {part['gallery']:,}, {note}", a, b, over(b, a), "{:.1f} ms".format)
    if "detection" in result:
        part = result["detection"]
        for key, note in (("hog1", "HOG, upsampled once"), ("hog2", "HOG, upsampled twice"), ("yunet", "OpenCV's YuNet instead")):
            a, b = part["countenance"], part[key]
            add(f"Faces in {len(a)} group photographs; {note}", a, b, over(sum(a), sum(b)),
                lambda counts: f"{'+'.join(map(str, counts))}={sum(counts)}")
    return rows


def shares_of_others(part: dict) -> list[float]:
    return [run["shareOfOthers"] for who in ("countenance", "face_recognition") for run in part[who]["runs"]]


def proven(gate: dict) -> bool:
    """A ratio of clock times that was measured beside other programs' work proves nothing when it is good: they may have
    come in the way of one side more than of the other."""
    return gate["held"] and gate.get("proven", True)


def gates_of(result: dict) -> list[dict]:
    gates = []
    if "accuracy" in result:
        value = result["accuracy"]["countenance"]["accuracy"]
        gates.append({"gate": f"LFW accuracy at least {100 * LEAST_ACCURACY:.2f}%", "value": value,
                      "held": value >= LEAST_ACCURACY, "shown": f"{100 * value:.2f}%"})
        check = result["accuracy"].get("mathsCheck")
        if check:
            gates.append({"gate": "Swift's and numpy's maths agree on the same templates", "value": check["same"],
                          "held": check["same"], "shown": "yes" if check["same"] else "no"})
    if "speed" in result:
        for name in ("lfw", "congress"):
            part = result["speed"][name]
            value = part["countenance"]["perSecond"] / part["face_recognition"]["perSecond"]
            busy = max(shares_of_others(part)) > BUSY
            gates.append({"proven": not busy, "gate": f"throughput ({name}) at least {LEAST_THROUGHPUT_RATIO:.0f} times theirs, aim {AIMED_THROUGHPUT_RATIO:.0f}",
                          "value": value, "held": value >= LEAST_THROUGHPUT_RATIO, "shown": f"{value:.2f} times"})
    if "search" in result:
        busy = result["search"]["shareOfOthers"] > BUSY
        for gate in search_part.gates(result["search"]):
            gates.append({**gate, "proven": not (busy and gate["shown"].endswith("times"))})
    if "evaluation" in result:
        gates += evaluation_part.gates(result["evaluation"])
    if "storage" in result:
        gates += storage_part.gates(result["storage"])
    if "record" in result:
        gates += record_part.gates(result["record"])
    if "service" in result:
        gates += service_part.gates(result["service"])
    if "policy" in result:
        gates += policy_part.gates(result["policy"])
    return gates


def table(result: dict) -> str:
    about, peers = result["machine"], result["machine"]["peers"]
    out = [
        f"{about['cpu']}, {about['cores']} cores, {about['memoryGigabytes']} GB, {about['system']}, load {about['loadAverageAtStart']} at the start; {result['date']}",
        f"Countenance {about['countenance']} ({about['revision']}), OpenVINO {about['openvino']}; face_recognition {peers['face_recognition']}, "
        f"dlib-bin {peers['dlib-bin']} (AVX {'yes' if peers['dlibAVX'] else 'no'}, BLAS {'yes' if peers['dlibBLAS'] else 'no'}), "
        f"OpenCV {peers['opencv']}, numpy {peers['numpy']}, Python {about['python']}",
    ]
    if result["quick"]:
        out.append("QUICK: small samples; the numbers only show that everything runs.")
    if "search" in result:
        out += search_part.table(result["search"])
    if "evaluation" in result:
        out += evaluation_part.table(result["evaluation"])
    if "storage" in result:
        out += storage_part.table(result["storage"])
    if "record" in result:
        out += record_part.table(result["record"])
    if "service" in result:
        out += service_part.table(result["service"])
    if "policy" in result:
        out += policy_part.table(result["policy"])
    heads = ["Measure", "Countenance", "--mirror", "face_recognition", "ratio"]
    cells = [
        [row["measure"], row["countenance"], row["mirror"], row["face_recognition"],
         f"{row['ratio']:.2f}" if row["ratio"] is not None else "-"]
        for row in result["rows"]
    ]
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    rule = "  ".join("-" * width for width in widths)

    def line(parts):
        return "  ".join([parts[0].ljust(widths[0]), *(p.rjust(w) for p, w in zip(parts[1:], widths[1:]))]).rstrip()

    if cells:
        out += ["", line(heads), rule, *map(line, cells), rule,
                "ratio: how many times better Countenance is, without --mirror: rates upside up, times upside down, of accuracies",
                "and true match rates the errors (theirs / ours), of faces the counts."]
    if "accuracy" in result:
        peer = result["accuracy"]["face_recognition"]
        found, mine = peer["foundBy"], result["accuracy"]["countenance"]
        out.append(
            f"LFW: {mine['photographs']:,} photographs, the most central face. Without a template: Countenance {mine['withoutTemplate']}. "
            f"dlib: HOG found {found['hog']:,}; of the rest its CNN found {found['cnn']}, the frame's middle stood in for {found['frame']}.")
    if "speed" in result:
        out.append(
            f"Speed: medians of {result['speed']['rounds']} rounds, ours and theirs in turn, all cores; the largest face of each photograph. "
            "Theirs: HOG, 5 landmarks, no jitter.")
        others = shares_of_others(result["speed"]["lfw"]) + shares_of_others(result["speed"]["congress"])
        if max(others) > BUSY:
            out.append(
                f"The machine was NOT IDLE: other programs had {100 * min(others):.0f} to {100 * max(others):.0f}% of the processors "
                "while photographs were enrolled. Processor time is hardly touched by that; photographs a second are.")
    for gate in result["gates"]:
        verdict = "not judged" if result["quick"] else "held" if proven(gate) else "NOT PROVEN, the machine was not idle" if gate["held"] else "MISSED"
        out.append(f"Gate: {gate['gate']}: {gate['shown']}: {verdict}")
    return "\n".join(out)


# --- Beginning -----------------------------------------------------------------------------------------------------


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def sections(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in SECTIONS:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(SECTIONS)}")
        return names

    def positive(text: str) -> int:
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
        return int(text)

    parser.add_argument("--json", metavar="FILE", type=Path, default=ROOT / ".build" / "benchmark.json",
                        help="where the results go (default: .build/benchmark.json)")
    parser.add_argument("--quick", action="store_true", help="small samples, to see that everything runs; judges no gate")
    parser.add_argument("--only", metavar="LIST", type=sections, default=list(SECTIONS),
                        help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--photographs", metavar="N", type=positive, default=1_000, help="of LFW, to enrol (default: 1000)")
    parser.add_argument("--portraits", metavar="N", type=positive, default=300, help="of Congress, to enrol (default: 300)")
    parser.add_argument("--probes", metavar="N", type=positive, default=200, help="to identify (default: 200)")
    parser.add_argument("--rounds", metavar="N", type=positive, default=3, help="of ours and theirs in turn (default: 3)")
    parser.add_argument("--faces", metavar="N", type=positive, help="no gallery to search larger than this (default: all, to 10 million)")
    parser.add_argument("--graphs", metavar="FOLDER", type=Path,
                        help="keep others' graph indexes there: to build one of a million faces takes minutes")
    parser.add_argument("--check-maths", action="store_true",
                        help="also judge Countenance's templates by numpy, to check both programs' maths (minutes)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    named = os.environ.get("COUNTENANCE_DATASETS", "")
    photographs = not set(options.only) <= {"search", "storage", "service", "policy", "record"}
    if photographs and not named:
        raise Missing("Set COUNTENANCE_DATASETS to the folder that holds lfw/, congress/ and odd/.")
    if photographs and not Path(named).is_dir():
        raise Missing("COUNTENANCE_DATASETS names no folder.")
    data = DataSets(Path(named).resolve()) if photographs or named and Path(named).is_dir() else None
    if not PROGRAM.exists():
        raise Missing("bin/countenance is not there; run `make build`.")
    if not all((PARTS / "peers" / name).is_dir() for name in ("face_recognition", "faiss", "usearch")):
        raise Missing("The programs to compare with are not there; run `setup/setup --with benchmark`.")
    if {"service", "record"} & set(options.only) and not (PARTS / "clients" / "botocore").is_dir():
        raise Missing("The service's clients are not there; run `setup/setup --with clients`.")

    with tempfile.TemporaryDirectory(prefix="countenance-benchmark-") as scratch:
        programs = Programs(Path(scratch))
        result = {
            "date": datetime.date.today().isoformat(), "quick": options.quick, "machine": machine(programs),
        }
        for name, section in (("accuracy", accuracy), ("speed", speed), ("detection", detection), ("evaluation", evaluation), ("search", search), ("storage", storage),
                              ("service", service), ("policy", policy), ("record", record)):
            if name in options.only:
                result[name] = section(programs, data, options)
                result["rows"], result["gates"] = rows_of(result), gates_of(result)
                # After each section, so that a failure of the next loses nothing.
                options.json.parent.mkdir(parents=True, exist_ok=True)
                options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    return 0 if options.quick or all(map(proven, result["gates"])) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Missing as missing:
        say(f"benchmark: {missing}")
        sys.exit(3)
    except Failed as failed:
        say(f"benchmark: {failed}")
        sys.exit(5)
    except KeyboardInterrupt:
        say("benchmark: interrupted")
        sys.exit(130)
