#!/usr/bin/env python3
"""Accuracy and fairness on the shared photographs, as reports in a folder: `make audit`.

Labeled Faces in the Wild's protocol, all comparisons of the portraits of Congress by gender and ethnicity (which also
shows how far off the calibration is there), and the ACLU's test of 2018. Leaves 0, 2 after wrong usage, 5 when the
program failed.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("COUNTENANCE_PROGRAM", ROOT / "bin" / "countenance"))


def main() -> int:
    data = os.environ.get("COUNTENANCE_DATASETS")
    if not data or not (Path(data) / "lfw" / "pairs.txt").exists() or not (Path(data) / "congress" / "members.csv").exists():
        print("COUNTENANCE_DATASETS must name the folder with lfw/ and congress/ (see Benchmarks/README.md).", file=sys.stderr)
        return 2
    lfw, congress = Path(data).resolve() / "lfw", Path(data).resolve() / "congress"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "audit")
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "congress.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "person", "gender", "ethnicity"])
        with (congress / "members.csv").open(encoding="utf-8") as members:
            for member in csv.DictReader(members):
                for photograph in filter(None, member["photos"].split(";")):
                    rows.writerow([congress / photograph, member["bioguide"], member["gender"], member["ethnicity"]])
    runs = {
        "lfw": ["verification", "--pairs", lfw / "pairs.txt", "--photographs", lfw],
        "congress": [
            "verification", "--manifest", manifest, "--by", "gender", "--by", "ethnicity",
            "--json", folder / "congress.json", "--report", folder / "congress.html",
        ],
        "aclu": [
            "congress", "--gallery", lfw, "--probes", congress, "--members", congress / "members.csv",
            "--same-person", ROOT / "Models" / "congress-in-lfw.tsv",
            "--json", folder / "aclu.json", "--report", folder / "aclu.html",
        ],
    }
    for name, arguments in runs.items():
        command = [PROGRAM, "evaluate", *arguments, "--data", folder / "data"]
        run = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        if run.returncode != 0:
            print(f"audit: evaluate {arguments[0]} ended with {run.returncode}.", file=sys.stderr)
            return 5
        (folder / f"{name}.txt").write_text(run.stdout, encoding="utf-8")
        print(f"== {name}\n{run.stdout}")
    print(f"Reports: {folder}/congress.html, {folder}/aclu.html; the templates in {folder}/data may be deleted.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
