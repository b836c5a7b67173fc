"""The AWS CLI, and the programs in Examples/, run as users run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from photographs import sample
from harness import PARTS, ROOT, Service

EXAMPLES = ROOT / "Examples"


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.place = Path(place.name)
        (cls.place / "bucket" / "people").mkdir(parents=True)
        (cls.place / "bucket" / "people" / "biden.jpg").write_bytes(sample("biden.jpg"))
        # `aws`, as it would be on the PATH.
        (cls.place / "bin").mkdir()
        aws = cls.place / "bin" / "aws"
        aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" -B -m awscli "$@"\n')
        aws.chmod(0o755)
        cls.service = Service("--bucket", f"photographs={cls.place}/bucket")
        cls.addClassCleanup(cls.service.close)

    def run_as_user(self, *words) -> str:
        environment = {
            **self.service.user_environment,
            "PYTHONPATH": str(PARTS / "clients"),
            "AWS_PAGER": "",
            "PATH": f"{self.place}/bin:{os.environ.get('PATH', '/usr/bin:/bin')}",
        }
        done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def aws(self, *words: str) -> dict:
        out = self.run_as_user("aws", "rekognition", *words, "--output", "json")
        return json.loads(out) if out.strip() else {}

    def test_walk_with_the_aws_cli(self):
        photograph = f"fileb://{PARTS}/samples/obama.jpg"
        where = ("--collection-id", "cli")
        self.assertEqual(self.aws("create-collection", *where)["StatusCode"], 200)
        face = self.aws("index-faces", *where, "--image-bytes", photograph, "--external-image-id", "o")["FaceRecords"][
            0
        ]
        self.assertEqual(face["Face"]["ExternalImageId"], "o")
        for name in ("obama2", "biden"):
            self.aws("index-faces", *where, "--image-bytes", f"fileb://{PARTS}/samples/{name}.jpg")
        self.assertEqual(len(self.aws("list-faces", *where, "--page-size", "1")["Faces"]), 3)
        found = self.aws("search-faces-by-image", *where, "--image-bytes", photograph, "--max-faces", "1")
        self.assertEqual(found["FaceMatches"][0]["Face"]["FaceId"], face["Face"]["FaceId"])
        detected = self.aws("detect-faces", "--image-bytes", photograph, "--attributes", "ALL")
        self.assertEqual(len(detected["FaceDetails"]), 1)
        s3 = '{"S3Object":{"Bucket":"photographs","Name":"people/biden.jpg"}}'
        self.assertEqual(len(self.aws("detect-faces", "--image", s3)["FaceDetails"]), 1)
        self.aws("create-user", *where, "--user-id", "barack")
        self.aws("associate-faces", *where, "--user-id", "barack", "--face-ids", face["Face"]["FaceId"])
        users = self.aws("list-users", *where)["Users"]
        self.assertEqual(users, [{"UserId": "barack", "UserStatus": "ACTIVE"}])
        about = self.aws("describe-collection", *where)
        self.assertEqual((about["FaceCount"], about["UserCount"]), (3, 1))
        self.assertEqual(self.aws("delete-collection", *where)["StatusCode"], 200)

    def test_the_attendance_example(self):
        staff = self.place / "staff"
        staff.mkdir()
        for name, photograph in (("barack", "obama.jpg"), ("joe", "biden.jpg")):
            (staff / f"{name}.jpg").write_bytes(sample(photograph))
        program = [sys.executable, "-B", EXAMPLES / "attendance.py"]
        indexed = self.run_as_user(*program, "index", "attendance", staff)
        self.assertIn("barack", indexed)
        found = self.run_as_user(*program, "search", "attendance", PARTS / "samples" / "obama2.jpg")
        self.assertIn("barack", found)
        self.assertIn("similarity 99.", found)
        self.assertNotIn("joe", found)
        nobody = self.run_as_user(
            *program, "search", "attendance", PARTS / "samples" / "obama2.jpg", "--threshold", "100"
        )
        self.assertIn("nobody", nobody)

    def test_the_search_example(self):
        samples = PARTS / "samples"
        said = self.run_as_user(
            "sh", EXAMPLES / "search.sh", samples / "obama2.jpg", samples / "obama.jpg", samples / "biden.jpg"
        )
        self.assertIn("obama.jpg", said)
        self.assertNotIn("biden.jpg matches", said)
        self.assertEqual(self.aws("list-collections")["CollectionIds"].count("search-example"), 0, "it leaves nothing")

    def test_the_examples_name_no_endpoint(self):
        for example in EXAMPLES.iterdir():
            text = example.read_text()
            for word in ("endpoint", "countenance", "127.0.0.1", "aws_secret"):
                if example.suffix in (".py", ".sh"):
                    self.assertNotIn(word, text.lower(), example.name)


if __name__ == "__main__":
    unittest.main()
