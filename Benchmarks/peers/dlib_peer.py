"""face_recognition and dlib as their users run them. Started by benchmark.py with .parts/peers on PYTHONPATH.

    dlib_peer.py versions
    dlib_peer.py verify PAIRS PHOTOGRAPHS
    dlib_peer.py enrol LIST ENCODINGS         LIST: a path on each line; ENCODINGS: written as .npy
    dlib_peer.py identify LIST ENCODINGS
    dlib_peer.py detect YUNET PHOTOGRAPH...
    dlib_peer.py maths PAIRS EXPORT PHOTOGRAPHS      the maths of verification.py on templates of Countenance's

Standard output: one JSON document a line, {"done", "of"} while at work and {"result"} at the end.
"""

import json
import multiprocessing
import os
import sys
import time
import warnings

# face_recognition_models asks setuptools where it lies, which warns.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

import numpy as np

CORES = len(os.sched_getaffinity(0))


def say(**document):
    print(json.dumps(document), flush=True)


def finish(result):
    say(result=result)


class Progress:
    def __init__(self, total):
        self.total, self.done, self.last = total, 0, 0.0

    def advance(self):
        self.done += 1
        now = time.monotonic()
        if now - self.last >= 0.2 or self.done == self.total:
            self.last = now
            say(done=self.done, of=self.total)


def largest(locations):
    """Of (top, right, bottom, left); the rule of `countenance enrol` and `identify`."""
    return max(locations, key=lambda box: (box[2] - box[0]) * (box[1] - box[3]))


def most_central(locations, shape):
    """The rule of `countenance evaluate` for LFW, whose photographs are cut around their subjects."""
    y, x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    return min(locations, key=lambda box: ((box[0] + box[2]) / 2 - y) ** 2 + ((box[1] + box[3]) / 2 - x) ** 2)


# --- Accuracy ------------------------------------------------------------------------------------------------------


def descriptor_of_subject(path):
    """How the face was found, and its descriptor. HOG detector, five landmarks, no jitter: face_recognition's defaults."""
    import face_recognition

    image = face_recognition.load_image_file(path)
    how, found = "hog", face_recognition.face_locations(image)
    if not found:
        how, found = "cnn", face_recognition.face_locations(image, model="cnn")
    if not found:
        # LFW's frame is 2.2 times the box of the detector that it was made with (Technical Report 07-49, section 3).
        height, width = image.shape[:2]
        y, x = height * (1 - 1 / 2.2) / 2, width * (1 - 1 / 2.2) / 2
        how, found = "frame", [(round(y), round(width - x), round(height - y), round(x))]
    location = most_central(found, image.shape)
    return how, face_recognition.face_encodings(image, [location])[0]


def verify(pairs, root):
    import face_recognition  # noqa: F401  Loaded before the fork, so that its networks are in memory once.
    import verification

    folds = verification.read_pairs(pairs)
    names = verification.photographs(folds)
    progress = Progress(len(names))
    found = {}
    start = time.monotonic()
    with multiprocessing.Pool(CORES) as pool:
        paths = [os.path.join(root, name) for name in names]
        for name, answer in zip(names, pool.imap(descriptor_of_subject, paths, chunksize=4)):
            found[name] = answer
            progress.advance()
    seconds = time.monotonic() - start
    everything = {name: descriptor for name, (_, descriptor) in found.items()}
    only_hog = {name: descriptor for name, (how, descriptor) in found.items() if how == "hog"}
    finish(
        {
            "landmarks": 5,
            "jitter": 0,
            "foundBy": {how: sum(each == how for each, _ in found.values()) for how in ("hog", "cnn", "frame")},
            "secondsExtracting": seconds,
            "withFallback": verification.evaluate(folds, everything, verification.minus_distance),
            "missesAreErrors": verification.evaluate(folds, only_hog, verification.minus_distance),
        }
    )


def maths(pairs, export, root):
    """Countenance's templates out of a plain export of its gallery, judged by our maths."""
    import hashlib
    from pathlib import Path

    import verification

    folds = verification.read_pairs(pairs)
    faces = [json.loads(line) for line in Path(export, "faces.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = list(zip((face["externalID"] for face in faces), np.load(Path(export, "templates.npy"))))

    def digest(name):
        # Enrolled by file name, in LFW told from others by the person's name in it.
        path = os.path.join(root, name if "/" in name else os.path.join(name.rsplit("_", 1)[0], name))
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).digest()

    # A photograph that is there twice, byte by byte, is enrolled once.
    by_bytes = {digest(name): template.astype(np.float64) for name, template in rows}
    templates = {}
    for name in verification.photographs(folds):
        template = by_bytes.get(digest(name))
        if template is not None:
            templates[name] = template
    finish(verification.evaluate(folds, templates, verification.cosine))


# --- Speed ---------------------------------------------------------------------------------------------------------


def encoding_of_largest(path):
    import face_recognition

    image = face_recognition.load_image_file(path)
    found = face_recognition.face_locations(image)
    return face_recognition.face_encodings(image, [largest(found)])[0] if found else None


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def enrol(listed, out):
    import face_recognition  # noqa: F401

    paths = lines(listed)
    with multiprocessing.Pool(CORES) as pool:
        start = time.monotonic()
        encodings = pool.map(encoding_of_largest, paths, chunksize=4)
        seconds = time.monotonic() - start
        pool.close()
        pool.join()
    there = [encoding for encoding in encodings if encoding is not None]
    np.save(out, np.array(there))
    finish({"photographs": len(paths), "enrolled": len(there), "seconds": seconds})


def identify(listed, encodings):
    import face_recognition

    gallery = np.load(encodings)
    milliseconds = []
    for path in lines(listed):
        start = time.perf_counter()
        probe = encoding_of_largest(path)
        if probe is not None:
            closest(face_recognition.face_distance(gallery, probe))
        milliseconds.append((time.perf_counter() - start) * 1e3)
    finish({"gallery": len(gallery), "milliseconds": milliseconds})


def closest(distances, limit=5):
    best = np.argpartition(distances, min(limit, len(distances) - 1))[:limit]
    return best[np.argsort(distances[best])]


# --- Detection -----------------------------------------------------------------------------------------------------


def detect(network, paths):
    import cv2
    import face_recognition

    counts = {"hog1": [], "hog2": [], "yunet": []}
    for path in paths:
        image = face_recognition.load_image_file(path)
        for upsample in (1, 2):
            counts[f"hog{upsample}"].append(len(face_recognition.face_locations(image, upsample)))
        picture = cv2.imread(path)
        _, faces = cv2.FaceDetectorYN.create(network, "", (picture.shape[1], picture.shape[0])).detect(picture)
        counts["yunet"].append(0 if faces is None else len(faces))
    finish(counts)


def versions():
    from importlib.metadata import version

    import dlib

    finish(
        {
            "dlib-bin": version("dlib-bin"),
            "face_recognition": version("face_recognition"),
            "opencv": version("opencv-python-headless"),
            "numpy": version("numpy"),
            "dlibAVX": bool(dlib.USE_AVX_INSTRUCTIONS),
            "dlibBLAS": bool(dlib.DLIB_USE_BLAS),
            "dlibCUDA": bool(dlib.DLIB_USE_CUDA),
        }
    )


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    match command:
        case "verify":
            verify(*arguments)
        case "maths":
            maths(*arguments)
        case "enrol":
            enrol(*arguments)
        case "identify":
            identify(*arguments)
        case "detect":
            detect(arguments[0], arguments[1:])
        case "versions":
            versions()
        case _:
            sys.exit(f"dlib_peer.py: no command {command!r}")
