"""Killed, and out of disk space, in the midst of requests of every kind: no answer without its entry, no half entry, and
the record goes on."""

from __future__ import annotations

import base64
import contextlib
import http.client
import random
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import uuid
from pathlib import Path

from harness import PATIENCE, Answer, Service, command
from photographs import padded, sample
from policy import entries

COLLECTION, USER = "kept", "ann"


def image(photograph: bytes) -> dict:
    return {"Bytes": base64.b64encode(photograph).decode()}


class Requests:
    """One request of each kind that leaves an entry, against a service that has what they need."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service, self.random = service, random.Random(seed)
        self.faces = [
            face["FaceId"]
            for face in service.call("ListFaces", {"CollectionId": COLLECTION}).json["Faces"]
        ]

    @staticmethod
    def prepare(service: Service) -> None:
        for operation, body in (
            ("CreateCollection", {"CollectionId": COLLECTION}),
            ("CreateUser", {"CollectionId": COLLECTION, "UserId": USER}),
            ("IndexFaces", {"CollectionId": COLLECTION, "Image": image(sample("obama.jpg"))}),
            ("IndexFaces", {"CollectionId": COLLECTION, "Image": image(sample("biden.jpg"))}),
        ):
            answer = service.call(operation, body)
            assert answer.status == 200, answer

    def kinds(self) -> dict[str, dict]:
        new, place = uuid.UUID(int=self.random.getrandbits(128)).hex, {"CollectionId": COLLECTION}
        one, other = image(sample("obama.jpg")), image(sample("biden.jpg"))
        arn = f"arn:aws:rekognition:us-east-1:000000000000:collection/{COLLECTION}"
        return {
            "CreateCollection": {"CollectionId": new},
            "DescribeCollection": place,
            "ListCollections": {},
            "TagResource": {"ResourceArn": arn, "Tags": {"a": new}},
            "ListTagsForResource": {"ResourceArn": arn},
            "DetectFaces": {"Image": one},
            "CompareFaces": {"SourceImage": one, "TargetImage": other},
            "IndexFaces": {**place, "Image": image(padded(sample("obama.jpg"), self.random.getrandbits(32)))},
            "ListFaces": place,
            "SearchFaces": {**place, "FaceId": self.faces[0]},
            "SearchFacesByImage": {**place, "Image": one},
            "CreateUser": {**place, "UserId": new},
            "AssociateFaces": {**place, "UserId": USER, "FaceIds": self.faces[:1]},
            "DisassociateFaces": {**place, "UserId": USER, "FaceIds": self.faces[:1]},
            "ListUsers": place,
            "SearchUsers": {**place, "FaceId": self.faces[0]},
            "SearchUsersByImage": {**place, "Image": other},
            "DeleteFaces": {**place, "FaceIds": [str(uuid.UUID(hex=new))]},
        }

    def ask(self, kind: str, body: dict) -> Answer:
        return self.service.call(kind, body)


class Interrupted(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="countenance-interrupted-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.answered: dict[str, str] = {}

    def check(self, data: Path) -> None:
        """Every answer has one entry, whole, and the tree fits."""
        found: dict[str, list[dict]] = {}
        for entry in entries(data):
            found.setdefault(entry["requestID"].lower(), []).append(entry)
        for request, kind in self.answered.items():
            there = found.get(request, [])
            parts = there[0].get("parts", 1) if there else 1
            self.assertEqual(len(there), parts, f"{kind} was answered, and has {len(there)} entries")
            self.assertEqual(there[0]["decision"], "permitted", kind)
        verified = command("record", "verify", data=data, check=False)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        checked = command("gallery", "check", data=data, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_killed_at_any_moment(self):
        data = self.folder / "data"
        service = Service(data=data)
        try:
            Requests.prepare(service)
            for turn in range(6):
                self.until_killed(service, turn)
                service.close()
                service = Service(data=data)
                # It goes on from what was durable, and says so of what it answers now.
                self.assertEqual(service.call("ListCollections", {}).status, 200)
            self.assertEqual(service.stop(), 0)
        finally:
            service.close()
        self.check(data)
        self.assertGreaterEqual(len(set(self.answered.values())), 15, "kinds of requests that were answered")

    def until_killed(self, service: Service, turn: int) -> None:
        lock, over, before = threading.Lock(), threading.Event(), len(self.answered)

        def go(number: int) -> None:
            requests = Requests(service, 100 * turn + number)
            while not over.is_set():
                kinds = list(requests.kinds().items())
                requests.random.shuffle(kinds)
                for kind, body in kinds:
                    try:
                        answer = requests.ask(kind, body)
                    except (OSError, http.client.HTTPException):
                        return
                    if answer.status == 200:
                        with lock:
                            self.answered[answer.headers["x-amzn-requestid"]] = kind

        threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        # Once it is busy, however slow the machine is; and then at any moment.
        deadline = time.monotonic() + PATIENCE
        while len(self.answered) < before + 15 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.Random(turn).uniform(0, 1))
        service.process.kill()
        service.process.wait()
        over.set()
        for thread in threads:
            thread.join()

    def test_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small disk cannot be mounted here; it needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        data = disk / "data"
        service = Service(data=data)
        try:
            Requests.prepare(service)
            requests = Requests(service, 1)
            filler = disk / "filler"
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(4_096))
            full: set[str] = set()
            for _ in range(40):
                for kind, body in requests.kinds().items():
                    answer = requests.ask(kind, body)
                    if answer.status == 200:
                        self.answered[answer.headers["x-amzn-requestid"]] = kind
                    else:
                        self.assertEqual((answer.status, answer.code), (500, "InternalServerError"), f"{kind}: {answer}")
                        full.add(kind)
                if len(full) == len(requests.kinds()):
                    break
            self.assertEqual(full, set(requests.kinds()), "each kind met the full disk, and none was answered there")
            filler.unlink()
            for kind, body in requests.kinds().items():
                answer = requests.ask(kind, body)
                self.assertEqual(answer.status, 200, f"{kind}: {answer}")
                self.answered[answer.headers["x-amzn-requestid"]] = kind
            self.assertEqual(service.stop(), 0)
        finally:
            service.close()
        self.check(data)


if __name__ == "__main__":
    unittest.main()
