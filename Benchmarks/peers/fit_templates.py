#!/usr/bin/env python3
"""Fits the distribution that the search benchmark draws its templates from, and writes it as numbers.

    PYTHONPATH=.parts/peers python3 Benchmarks/peers/fit_templates.py LFW-FOLDER Benchmarks/peers/templates.json

The templates are SFace's of Labeled Faces in the Wild, made by OpenCV with the same two networks that Countenance uses:
of everybody with two photographs or more, the first four. A template is taken for mean + person + photograph: the mean
of all, an offset that a person has, and one that a photograph has, each with a normal distribution. Written are the
mean, the covariance of people and the covariance of one person's photographs.
"""

import json
import sys
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np

PARTS = Path(__file__).resolve().parent.parent.parent / ".parts"
YUNET = PARTS / "folded" / "face_detection_yunet_2023mar_int8bq.onnx"
SFACE = PARTS / "folded" / "face_recognition_sface_2021dec_int8bq.onnx"
MOST = 4


def templates(folder: Path):
    """A person's templates: of each photograph the largest face, of unit length."""
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(str(YUNET), "", (320, 320), 0.6)
    extractor = cv2.FaceRecognizerSF.create(str(SFACE), "")
    rows = []
    for path in sorted(folder.glob("*.jpg"))[:MOST]:
        image = cv2.imread(str(path))
        detector.setInputSize(image.shape[1::-1])
        _, faces = detector.detect(image)
        if faces is None:
            continue
        face = max(faces, key=lambda face: face[2] * face[3])
        row = extractor.feature(extractor.alignCrop(image, face))[0].astype(np.float64)
        rows.append(row / np.linalg.norm(row))
    return np.array(rows)


def lower(matrix):
    """The rows of the lower triangle."""
    return [[float(f"{value:.4g}") for value in row[: i + 1]] for i, row in enumerate(matrix)]


def main(lfw: Path, output: Path) -> None:
    folders = sorted(each for each in lfw.iterdir() if len(list(each.glob("*.jpg"))) >= 2) if lfw.is_dir() else []
    with Pool() as pool:
        people = [rows for rows in pool.imap(templates, folders, chunksize=8) if len(rows) >= 2]
    total = sum(len(rows) for rows in people)
    mean = np.concatenate(people).mean(axis=0)
    # The usual estimates of a one-way analysis of variance.
    within = sum((rows - rows.mean(axis=0)).T @ (rows - rows.mean(axis=0)) for rows in people) / (total - len(people))
    means = np.array([rows.mean(axis=0) for rows in people])
    share = np.mean([1 / len(rows) for rows in people])
    between = np.cov(means.T) - share * within
    document = {
        "source": "SFace (sface-2021dec) on Labeled Faces in the Wild, by Benchmarks/peers/fit_templates.py",
        "people": len(people),
        "photographs": total,
        "mean": [float(f"{value:.4g}") for value in mean],
        "people covariance": lower(between),
        "photographs covariance": lower(within),
    }
    text = json.dumps(document, indent=1)
    # A row of a triangle on a line.
    lines = [json.dumps(key) + ": " + json.dumps(value).replace("], [", "],\n  [") for key, value in document.items()]
    output.write_text("{\n " + ",\n ".join(lines) + "\n}\n", encoding="utf-8")
    assert json.loads(output.read_text(encoding="utf-8")) == json.loads(text)
    print(f"{len(people):,} people, {total:,} photographs")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: fit_templates.py LFW-FOLDER OUTPUT.json")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
