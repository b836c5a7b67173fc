"""faiss and usearch as they search best. Started by search.py with .parts/peers on PYTHONPATH.

    search_peer.py versions
    search_peer.py draw FIT PEOPLE DIMENSION PROBES GALLERY-FILE PROBES-FILE
    search_peer.py measure KIND GALLERY-FILE PROBES-FILE DIMENSION FLOOR REPEATS THREADS

`draw` writes templates from the fitted distribution as single-precision numbers, one row after another; every second
probe shows somebody who is in the gallery. `measure` prints one JSON document: milliseconds of searches for the 10 best,
for all above FLOOR and for batches of 64, and the lists that were found. KIND: flat, flat-blas, sq8 and hnsw of faiss, the first and the
third also with -shards; usearch-exact, usearch-hnsw. Dimensions other than the fit's are made of
several independent draws side by side.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

LIMIT, BATCH = 10, 64
CHUNK = 50_000


# --- Templates -----------------------------------------------------------------------------------------------------


class Distribution:
    """Mean + person + photograph, as peers/fit_templates.py fitted them, for templates of `dimension`."""

    def __init__(self, fit, dimension):
        document = json.loads(Path(fit).read_text(encoding="utf-8"))
        mean = np.array(document["mean"], dtype=np.float32)
        size = len(mean)
        if dimension % size:
            sys.exit(f"{dimension} is no multiple of {size}")
        self.parts, self.size = dimension // size, size
        self.mean = np.tile(mean, self.parts)
        self.people = self.root(document["people covariance"])
        self.photographs = self.root(document["photographs covariance"])

    def root(self, triangle):
        size = len(triangle)
        matrix = np.zeros((size, size))
        for i, row in enumerate(triangle):
            matrix[i, : i + 1] = matrix[: i + 1, i] = row
        values, vectors = np.linalg.eigh(matrix)
        # An estimate of a covariance between people may have slightly negative values.
        return (vectors * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)

    def offsets(self, random, count, root):
        drawn = random.standard_normal((count * self.parts, self.size), dtype=np.float32) @ root
        return drawn.reshape(count, -1)

    def templates(self, random, people):
        rows = self.mean + people + self.offsets(random, len(people), self.photographs)
        return rows / np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None].astype(np.float32)


def draw(fit, people, dimension, probes, gallery_file, probes_file):
    distribution = Distribution(fit, dimension)
    random = np.random.default_rng(1)
    known = []
    wanted = probes // 2
    with open(gallery_file, "wb") as file:
        for first in range(0, people, CHUNK):
            count = min(CHUNK, people - first)
            offsets = distribution.offsets(random, count, distribution.people)
            distribution.templates(random, offsets).tofile(file)
            # From every part of the gallery some.
            share = -(-wanted * (first + count) // people) - len(known)
            known.extend(offsets[random.choice(count, share, replace=False)])
    strangers = distribution.offsets(random, probes - wanted, distribution.people)
    people_of_probes = np.empty((probes, dimension), dtype=np.float32)
    people_of_probes[0::2], people_of_probes[1::2] = strangers, np.array(known[:wanted])
    distribution.templates(random, people_of_probes).tofile(probes_file)
    return {}


# --- Searching -----------------------------------------------------------------------------------------------------


def milliseconds(action, times):
    taken = []
    for i in range(times):
        start = time.perf_counter()
        action(i)
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def resident():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class Faiss:
    def __init__(self, kind, rows, threads):
        import faiss

        self.kind = kind
        faiss.omp_set_num_threads(threads)
        dimension = rows.shape[1]
        inner = faiss.METRIC_INNER_PRODUCT

        def make(count):
            if kind.startswith("flat"):
                return faiss.IndexFlatIP(dimension)
            if kind.startswith("sq8"):
                return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, inner)
            index = faiss.IndexHNSWFlat(dimension, 32, inner)
            index.hnsw.efConstruction, index.hnsw.efSearch = 100, 128
            return index

        if kind.endswith("-shards") and threads > 1:
            # One search uses one thread of a flat index; in shards it uses a thread for each.
            self.index = faiss.IndexShards(dimension, True, True)
            self.parts = [make(0) for _ in range(threads)]
            bounds = [len(rows) * i // threads for i in range(threads + 1)]
            for part, begin, end in zip(self.parts, bounds, bounds[1:]):
                self.fill(part, rows[begin:end])
                self.index.add_shard(part)
        else:
            self.index = make(len(rows))
            self.fill(self.index, rows)
        if kind.startswith("flat-blas"):
            # Else matrix multiplication is used from 20 probes on only.
            faiss.cvar.distance_compute_blas_threshold = 1

    def fill(self, index, rows):
        if not index.is_trained:
            index.train(rows[: 100_000])
        for first in range(0, len(rows), CHUNK):
            index.add(rows[first : first + CHUNK])

    def best(self, probes):
        scores, found = self.index.search(probes, LIMIT)
        return scores, found

    def above(self, probes, floor):
        _, scores, found = self.index.range_search(probes, floor)
        return scores, found

    @property
    def finds_all_above(self):
        # Neither shards nor a graph that is told how far to look find all.
        return not hasattr(self, "parts") and not self.kind.startswith("hnsw")


class USearch:
    def __init__(self, kind, rows, threads):
        from usearch import index

        self.module, self.threads, self.rows = index, threads, rows
        self.metric = index.MetricKind.IP
        self.index = None
        if kind.startswith("usearch-hnsw"):
            self.index = index.Index(
                ndim=rows.shape[1], metric=self.metric, dtype="f32", connectivity=32, expansion_add=100, expansion_search=128)
            for first in range(0, len(rows), CHUNK):
                keys = np.arange(first, min(len(rows), first + CHUNK), dtype=np.uint64)
                self.index.add(keys, rows[first : first + CHUNK], threads=os.cpu_count())
        else:
            self.rows = np.array(rows)  # In its own memory, as faiss has them.

    def best(self, probes):
        if self.index is not None:
            found = self.index.search(probes, LIMIT, threads=self.threads)
        else:
            found = self.module.search(self.rows, probes, LIMIT, self.metric, exact=True, threads=self.threads)
        return 1 - found.distances, found.keys

    finds_all_above = False


def kept(kind, rows, threads):
    """A peer's index, and the seconds that building it took. Graphs are kept in the folder that $SEARCH_GRAPHS names, if
    any: the same faces are drawn each time, and a graph of a million of them takes a quarter of an hour to build."""
    make = USearch if kind.startswith("usearch") else Faiss
    folder = os.environ.get("SEARCH_GRAPHS")
    if not folder or "hnsw" not in kind:
        start = time.perf_counter()
        index = make(kind, rows, threads)
        return index, time.perf_counter() - start
    graph = Path(folder) / f"{kind}-{len(rows)}x{rows.shape[1]}"
    seconds = graph.with_suffix(".seconds")
    if not seconds.exists():
        start = time.perf_counter()
        index = make(kind, rows, os.cpu_count())
        built = time.perf_counter() - start
        if kind.startswith("usearch"):
            index.index.save(str(graph))
        else:
            import faiss

            faiss.write_index(index.index, str(graph))
        seconds.write_text(str(built))
    index = make(kind, rows[:0], threads)
    if kind.startswith("usearch"):
        index.index.load(str(graph))
    else:
        import faiss

        index.index = faiss.read_index(str(graph))
        index.index.hnsw.efSearch = 128
    return index, float(seconds.read_text())


def measure(kind, gallery_file, probes_file, dimension, floor, repeats, threads):
    rows = np.memmap(gallery_file, dtype=np.float32, mode="r").reshape(-1, dimension)
    probes = np.fromfile(probes_file, dtype=np.float32).reshape(-1, dimension)
    before = resident()
    index, built = kept(kind, rows, threads)
    memory = resident() - before
    one = [probes[i : i + 1] for i in range(len(probes))]
    # Reading through the memory once, so that nothing is measured cold.
    index.best(one[0])
    result = {
        "kind": kind, "threads": threads, "buildSeconds": built, "residentBytesPerFace": memory / len(rows),
        "top10": milliseconds(lambda i: index.best(one[i % len(one)]), repeats),
        "allAbove": [], "aboveFound": None,
    }
    if index.finds_all_above:
        result["allAbove"] = milliseconds(lambda i: index.above(one[i % len(one)], floor), repeats)
        result["aboveFound"] = [np.sort(index.above(probe, floor)[1]).tolist() for probe in one]
    batch = probes[np.arange(BATCH) % len(probes)]
    result["batch"] = milliseconds(lambda i: index.best(batch), max(3, repeats // 20))
    answers = [index.best(probe) for probe in one]
    result["found"] = [np.asarray(found).reshape(-1).tolist() for _, found in answers]
    result["scores"] = [np.asarray(scores).reshape(-1).astype(float).tolist() for scores, _ in answers]
    return result


def versions():
    import faiss
    import usearch

    return {"faiss": faiss.__version__, "faissOptions": faiss.get_compile_options().strip(), "usearch": usearch.__version__}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["versions"]:
            answer = versions()
        case ["draw", fit, people, dimension, probes, gallery, probes_file]:
            answer = draw(fit, int(people), int(dimension), int(probes), gallery, probes_file)
        case ["measure", kind, gallery, probes, dimension, floor, repeats, threads]:
            answer = measure(kind, gallery, probes, int(dimension), float(floor), int(repeats), int(threads))
        case _:
            sys.exit(__doc__)
    print(json.dumps(answer))
