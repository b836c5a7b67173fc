"""The search part of benchmark.py: the exact index beside faiss and usearch, on the same templates and threads."""

from __future__ import annotations

import json
import os
import statistics
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
PEER = PEERS / "search_peer.py"
FIT = PEERS / "templates.json"
PROBES = 100
# What the project promises, as ratios to faiss's flat index with whichever settings serve it best.
LEAST_RATIO, AIMED_RATIO, LEAST_BATCH_RATIO, MOST_BYTES = 5.0, 12.0, 2.0, 170.0
LEAST_ENCODED = 50_000

# Faces, components, searches timed, and of the peers' kinds those that are worth their time there: faiss's graph of a
# million faces takes a third of an hour to build on two cores, usearch's longer, and of ten million hours.
FLAT = ("flat", "flat-blas", "flat-shards", "sq8", "sq8-shards", "usearch-exact")
GRAPHS = ("hnsw", "usearch-hnsw")
SIZES = (
    (25_000, 128, 400, FLAT + GRAPHS),
    (1_000_000, 128, 200, FLAT + GRAPHS[:1]),
    (1_000_000, 512, 40, FLAT),
    (10_000_000, 128, 40, ("flat", "flat-blas", "flat-shards", "sq8", "sq8-shards")),
)
QUICK = ((5_000, 128, 20, FLAT + GRAPHS), (5_000, 512, 20, FLAT))


def quantiles(milliseconds: list[float]) -> dict | None:
    if not milliseconds:
        return None
    ordered = sorted(milliseconds)
    return {"median": statistics.median(ordered), "p99": ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]}


def similarity_90(models: Path) -> float:
    """The score at a false match rate of 1e-5: beyond the calibration's points, by its tail (generalised Pareto)."""
    calibration = json.loads((models / "sface-2021dec.json").read_text(encoding="utf-8"))["calibration"]
    last, tail = calibration["points"][-1], calibration["tail"]
    if last["falseMatchRate"] < 1e-5:
        raise ValueError("the calibration's points reach similarity 90 themselves; interpolate between them")
    survival = 1e-5 / last["falseMatchRate"]
    return last["score"] + tail["scale"] * (survival ** -tail["shape"] - 1) / tail["shape"]


def search(run, program: Path, models: Path, scratch: Path, environment: dict, say, options) -> dict:
    """`run(command, environment)` gives a finished process with its lines."""
    floor = similarity_90(models)
    cores = len(os.sched_getaffinity(0))
    sizes = QUICK if options.quick else SIZES
    if options.faces:
        sizes = [size for size in sizes if size[0] <= options.faces]
    result = {"scoreAtSimilarity90": floor, "cores": cores, "sizes": []}
    result["peers"] = json.loads(run([sys.executable, PEER, "versions"], environment).lines[-1])
    gallery, probes = scratch / "gallery.f32", scratch / "probes.f32"
    for faces, dimension, repeats, kinds in sizes:
        name = f"search: {faces:,} x {dimension}"
        say(f"{name}: drawing templates")
        run([sys.executable, PEER, "draw", FIT, faces, dimension, PROBES, gallery, probes], environment)
        say(f"{name}: Countenance")
        checked = PROBES if faces <= 25_000 else 10
        ours = json.loads(
            run([program, gallery, probes, dimension, floor, repeats, checked], environment).lines[-1])
        size = {"faces": faces, "dimension": dimension, "ours": {**ours, "runs": []}, "theirs": []}
        for timed in ours["runs"]:
            size["ours"]["runs"].append({"threads": timed["threads"], **measures(timed)})
        for kind in kinds:
            # A graph of a million faces takes minutes to build, so it is built once, with all threads.
            once = kind.endswith(("-shards", "-blas")) or (kind in GRAPHS and faces >= 1_000_000)
            for threads in sorted({cores} if once else {1, cores}):
                say(f"{name}: {kind}, {threads} threads")
                command = [sys.executable, PEER, "measure", kind, gallery, probes, dimension, floor, repeats, threads]
                size["theirs"].append(judged(json.loads(run(command, environment).lines[-1]), ours))
        del size["ours"]["top10"], size["ours"]["allAbove"]
        result["sizes"].append(size)
        gallery.unlink()
    return result


def measures(timed: dict) -> dict:
    return {key: quantiles(timed[key]) for key in ("top10", "allAbove", "batch")}


def judged(theirs: dict, ours: dict) -> dict:
    """Their times, and what they found of the exact lists."""
    limit = 10
    wanted = [[found["row"] for found in each] for each in ours["top10"]]
    hits = sum(len(set(a) & set(b[:limit])) for a, b in zip(wanted, theirs["found"]))
    furthest, same = 0.0, 0
    for a, rows, scores in zip(ours["top10"], theirs["found"], theirs["scores"]):
        same += [each["row"] for each in a] == rows
        furthest = max([furthest, *(abs(x["score"] - y) for x, y in zip(a, scores))])
    above = None
    if theirs["aboveFound"] is not None:
        above = sum(sorted(each["row"] for each in a) == b for a, b in zip(ours["allAbove"], theirs["aboveFound"]))
    return {
        "kind": theirs["kind"], "threads": theirs["threads"], "buildSeconds": theirs["buildSeconds"],
        "residentBytesPerFace": theirs["residentBytesPerFace"], **measures(theirs),
        "recall": hits / sum(map(len, wanted)), "sameLists": same, "sameSetsAbove": above,
        "furthestScore": furthest, "probes": len(wanted),
    }


def best(size: dict, measure: str, prefix: str = "") -> dict | None:
    """The fastest of their runs whose kind begins so."""
    runs = [each for each in size["theirs"] if each["kind"].startswith(prefix) and each[measure]]
    return min(runs, key=lambda each: each[measure]["median"], default=None)


def ours_best(size: dict, measure: str) -> dict:
    return min(size["ours"]["runs"], key=lambda each: each[measure]["median"])


def ratio(size: dict, measure: str) -> float | None:
    theirs = best(size, measure, "flat")
    return theirs[measure]["median"] / ours_best(size, measure)[measure]["median"] if theirs else None


def table(part: dict) -> list[str]:
    peers = part["peers"]
    lines = [
        "",
        f"Search: faiss-cpu {peers['faiss']} ({peers['faissOptions']}), usearch {peers['usearch']}; medians, in milliseconds;"
        f" above: all of similarity 90 ({part['scoreAtSimilarity90']:.4f})",
        f"{'faces':>10} {'d':>4} {'index':<18}{'threads':>7}{'top 10':>9}{'p99':>9}{'above':>9}{'p99':>9}"
        f"{'batch 64':>10}{'bytes/face':>11}{'recall':>8}",
    ]
    for size in part["sizes"]:
        ours = [
            {"kind": "Countenance", **each, "recall": 1.0 if size["ours"]["bruteForceAgrees"] else 0.0,
             "residentBytesPerFace": size["ours"]["residentBytesPerFace"]} for each in size["ours"]["runs"]
        ]
        for each in ours + size["theirs"]:
            cells = [
                f"{each[key][which]:9.2f}" if each[key] else "        -"
                for key in ("top10", "allAbove") for which in ("median", "p99")
            ]
            lines.append(
                f"{size['faces']:>10,} {size['dimension']:>4} {each['kind']:<18}{each['threads']:>7}{''.join(cells)}"
                f"{each['batch']['median']:>10.1f}{each['residentBytesPerFace']:>11.0f}{each['recall']:>8.4f}")
        ratios = {key: ratio(size, key) for key in ("top10", "allAbove", "batch")}
        approximate = [each for each in size["theirs"] if "hnsw" in each["kind"] or each["kind"].startswith("sq8")]
        lines.append(
            "           against faiss's flat index with its best settings: "
            + ", ".join(f"{key} {value:.1f}x" for key, value in ratios.items() if value)
            + f"; {size['ours']['exactPerTop10']:.0f} templates read in full for a top 10;"
            f" {size['ours']['encodedPerSecond']:,.0f} faces coded a second")
        if approximate:
            fastest = min(approximate, key=lambda each: each["top10"]["median"])
            times = ours_best(size, "top10")["top10"]["median"] / fastest["top10"]["median"]
            if times > 1:
                lines.append(
                    f"           {fastest['kind']} is {times:.1f} times as fast as Countenance, and misses"
                    f" {100 * (1 - fastest['recall']):.2f}% of the best 10")
    return lines


def gates(part: dict) -> list[dict]:
    """Ratios of clock times: only as good as the machine was idle."""
    found = []

    def gate(text, value, least, shown):
        if value is not None:
            found.append({"gate": text, "value": value, "held": value >= least, "shown": shown.format(value)})

    for size in part["sizes"]:
        name = f"{size['faces']:,} x {size['dimension']}"
        exact = size["ours"]["bruteForceAgrees"]
        found.append({
            "gate": f"search of {name} is that of brute force in double precision, {size['ours']['checkedByBruteForce']} probes",
            "value": exact, "held": exact, "shown": "yes" if exact else "no"})
        for each in size["theirs"]:
            if each["kind"] == "flat" and each["threads"] == 1:
                # Single precision adds 128 or 512 products: about 1e-6, and swaps what is closer than that.
                close = each["furthestScore"] < 1e-5 and each["recall"] > 0.999
                found.append({
                    "gate": f"search of {name} is that of faiss's flat index, but for its rounding", "value": each["furthestScore"],
                    "held": close, "shown": f"scores within {each['furthestScore']:.1e}, {each['sameLists']} of {each['probes']} lists the same"})
        gate(f"batches of 64, {name}, at least {LEAST_BATCH_RATIO:.0f} times faiss's flat index", ratio(size, "batch"), LEAST_BATCH_RATIO, "{:.1f} times")
        if size["dimension"] == 128 and size["faces"] >= 1_000_000:
            gate(f"top 10 of {name} at least {LEAST_RATIO:.0f} times faiss's flat index, aim {AIMED_RATIO:.0f}", ratio(size, "top10"), LEAST_RATIO, "{:.1f} times")
            bytes_per_face = size["ours"]["residentBytesPerFace"]
            found.append({"gate": f"at most {MOST_BYTES:.0f} bytes a face resident, {name}", "value": bytes_per_face,
                          "held": bytes_per_face <= MOST_BYTES, "shown": f"{bytes_per_face:.1f}"})
        if size["dimension"] == 128:
            gate(f"at least {LEAST_ENCODED:,} faces coded a second, {name}", size["ours"]["encodedPerSecond"], LEAST_ENCODED, "{:,.0f}")
    return found
