"""Random requests made from the service model, valid and broken: no fault, no hang, each answer a documented one.

    python3 robustness.py --requests 20000 [--seed 4] [--clients 4]     # what the benchmark runs; prints JSON

The tests run 1,000.
"""

from __future__ import annotations

import argparse
import base64
import collections
import http.client
import json
import random
import sys
import threading
import unittest
import uuid

import photographs
import shapes
from photographs import sample
from harness import Answer, Service

SEED = 20_261_126
REQUESTS = 1_000
# Within this every answer must be there, on a machine that is busy too.
HANGS_AFTER = 60
NAMES = ("staff", "visitors", "archive", "no-such")
USERS = ("barack", "joe", "no-such")


class Requests:
    """An endless row of requests; the same for the same seed."""

    def __init__(self, seed: int, faces: list[str], arns: list[str]) -> None:
        self.draw = random.Random(seed)
        self.faces = faces or [str(uuid.UUID(int=4 << 76 | 8 << 60))]
        self.arns = arns
        small = photographs.group(4)
        self.images = [
            base64.b64encode(each).decode()
            for each in (
                small,
                small,
                small,
                photographs.blank(64, 64),
                sample("obama_partial_face.jpg"),
                small[:5_000],
                photographs.lying_png(60_000, 60_000),
                self.draw.randbytes(400),
                b"\xff\xd8\xff\xe0" + self.draw.randbytes(2_000),
            )
        ]

    def next(self) -> tuple[str, bytes, dict[str, str], list[str]]:
        """An operation, a body, headers besides the usual ones, and what was done to it."""
        operation = self.draw.choice(shapes.OFFERED)
        shape = shapes.MODEL.operation_model(operation).input_shape
        value = self.value(shape, operation)
        done: list[str] = []
        headers: dict[str, str] = {}
        for _ in range(self.draw.choice((0, 0, 0, 1, 1, 3))):
            kind = self.draw.choice((self.retype, self.retype, self.drop, self.add, self.null, self.stretch, self.nest))
            value = kind(value)
            done.append(kind.__name__)
        body = json.dumps(value, ensure_ascii=self.draw.random() < 0.5, allow_nan=True).encode("utf-8", "surrogatepass")
        if self.draw.random() < 0.2:
            kind = self.draw.choice(
                (
                    self.truncate,
                    self.splice,
                    self.bytes_that_are_no_text,
                    self.surround,
                    self.repeat_members,
                    self.large_numbers,
                )
            )
            body = kind(body)
            done.append(kind.__name__)
        if self.draw.random() < 0.05:
            headers["Content-Type"] = self.draw.choice(
                (
                    "application/json",
                    "text/plain",
                    "application/x-amz-json-1.0",
                    "application/x-amz-json-1.1; charset=utf-16",
                    "x",
                )
            )
            done.append("content type")
        if self.draw.random() < 0.05:
            headers["X-Amz-Target"] = self.draw.choice(
                (
                    operation,
                    f"Rekognition.{operation}",
                    "RekognitionService.",
                    f"RekognitionService.{operation}x",
                    ".",
                    f"RekognitionService.{operation.lower()}",
                    "RekognitionService." + "x" * 4_000,
                    "S3.GetObject",
                    " ",
                )
            )
            done.append("target")
        return operation, body, headers, done

    # --- valid values

    def value(self, shape, name: str):
        draw, limits = self.draw, shape.metadata
        kind = shape.type_name
        if kind == "structure":
            if shape.name == "Image":
                return (
                    {"Bytes": draw.choice(self.images)}
                    if draw.random() < 0.8
                    else {"S3Object": self.object_of_bucket()}
                )
            given = [each for each in shape.members if each in shape.required_members or draw.random() < 0.5]
            return {each: self.value(shape.members[each], each) for each in given}
        if kind == "list":
            low, high = limits.get("min", 0), min(limits.get("max", 5), 5)
            return [self.value(shape.member, name) for _ in range(draw.randint(low, high))]
        if kind == "map":
            return {f"key {i}": draw.choice(("", "a", "Größe", "x" * 256)) for i in range(draw.randint(0, 4))}
        if kind in ("integer", "long"):
            return draw.choice((limits.get("min", 0), limits.get("max", 100), draw.randint(1, 20)))
        if kind == "float":
            return draw.choice((0, 100, draw.random() * 100, 99.999_999_999))
        if shape.enum:
            return draw.choice(shape.enum)
        known = {
            "CollectionId": NAMES,
            "UserId": USERS,
            "FaceId": self.faces,
            "FaceIds": self.faces,
            "ResourceArn": self.arns,
        }
        if name in known and draw.random() < 0.9:
            return draw.choice(known[name])
        if shape.name == "FaceId":
            return str(uuid.UUID(int=draw.getrandbits(128)))
        return "".join(draw.choices("abcXYZ019_.-", k=draw.choice((1, 8, 20, limits.get("max", 100)))))

    def object_of_bucket(self) -> dict:
        name = self.draw.choice(("a.jpg", "../../../etc/passwd", "//", "a\\b", "\u202e", "é" * 512, "%00", "a\x00b"))
        return {"Bucket": self.draw.choice(("photographs", "...", "x" * 255)), "Name": name}

    # --- what is done to a value

    def places(self, value, path=()):
        yield path
        if isinstance(value, dict):
            for key in value:
                yield from self.places(value[key], (*path, key))
        elif isinstance(value, list):
            for i in range(len(value)):
                yield from self.places(value[i], (*path, i))

    def change(self, value, how):
        path = self.draw.choice(list(self.places(value)))
        if not path:
            return how(value)
        place = value
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = how(place[path[-1]])
        return value

    def retype(self, value):
        others = (
            5,
            -1,
            1.5,
            True,
            False,
            "",
            "x",
            [],
            {},
            [[]],
            {"": {}},
            -(2**31) - 1,
            2**63,
            2**64,
            1e308,
            float("inf"),
            float("nan"),
            "NaN",
            "\ud800",
            "\x00",
            "ä" * 300,
            ["x"] * 5_000,
            -0.0,
            1e-320,
            "1e5",
            "true",
        )
        return self.change(value, lambda _: self.draw.choice(others))

    def null(self, value):
        return self.change(value, lambda _: None)

    def drop(self, value):
        if isinstance(value, dict) and value:
            del value[self.draw.choice(list(value))]
        return value

    def add(self, value):
        if isinstance(value, dict):
            key = self.draw.choice(
                ("Extra", "__type", "", "collectionId", "Image", "NextToken", "MaxFaces", "\ud800", "__proto__")
            )
            value[key] = self.draw.choice((1, "x", None, {}, [1, 2], "A" * 255))
        return value

    def stretch(self, value):
        how = self.draw.choice((lambda s: s * 2, lambda s: s + s[:1], lambda s: s * 500, lambda s: s[:-1]))
        return self.change(value, lambda old: how(old) if isinstance(old, (str, list)) and len(old) < 10_000 else old)

    def nest(self, value):
        depth = self.draw.choice((1, 10, 200))
        for _ in range(depth):
            value = {"Image": value} if self.draw.random() < 0.5 else [value]
        return value

    # --- what is done to a body

    def truncate(self, body: bytes) -> bytes:
        return body[: self.draw.randrange(len(body))]

    def splice(self, body: bytes) -> bytes:
        at = self.draw.randrange(len(body))
        return (
            body[:at] + self.draw.randbytes(self.draw.choice((1, 1, 4, 50))) + body[at + self.draw.choice((0, 1, 5)) :]
        )

    def bytes_that_are_no_text(self, body: bytes) -> bytes:
        at = self.draw.randrange(len(body))
        return (
            body[:at]
            + self.draw.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x00", b"\xe2\x82"))
            + body[at:]
        )

    def surround(self, body: bytes) -> bytes:
        before, after = self.draw.choice(
            (
                (b"\xef\xbb\xbf", b""),
                (b" \n\t", b" "),
                (b"[" * 20_000, b"]" * 20_000),
                (b'{"a":' * 20_000, b"}" * 20_000),
                (b"", b"}"),
                (b"", b"\x00"),
                (b"//\n", b""),
                (b"", body),
                (b"\x1f\x8b", b""),
            )
        )
        return before + body + after

    def repeat_members(self, body: bytes) -> bytes:
        return body[:1] + b'"CollectionId":"staff","CollectionId":5,' + body[1:] if body[:1] == b"{" else body

    def large_numbers(self, body: bytes) -> bytes:
        number = self.draw.choice(
            (b"1e999", b"-1e999", b"9" * 5_000, b"0." + b"0" * 5_000 + b"1", b"01", b"+1", b"1.", b"0x10")
        )
        return body.replace(b": 1", b": " + number).replace(b"}", b', "MaxFaces": ' + number + b"}", 1)


# --- Sending them --------------------------------------------------------------------------------------------------


class Run:
    """Sends random requests over one connection that stays, as long as the server leaves it open."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service, self.seed = service, seed
        self.client = service.client()
        self.counts: collections.Counter[str] = collections.Counter()
        self.problems: list[str] = []
        self.connection = self._connect()

    def _connect(self):
        return http.client.HTTPConnection(self.service.host, self.service.port, timeout=HANGS_AFTER)

    def prepare(self) -> tuple[list[str], list[str]]:
        """Something to ask about, as far as it is not there: random requests delete, those of other runs too."""
        faces, arns, client = [], [], self.client

        def attempt(operation, **request) -> dict:
            try:
                return operation(**request)
            except client.exceptions.ClientError:
                return {}

        for name in NAMES[:3]:
            attempt(client.create_collection, CollectionId=name)
            arns.append(
                attempt(client.describe_collection, CollectionId=name).get("CollectionARN", "arn:aws:none:::none")
            )
            photograph = {"Bytes": photographs.group(4)}
            made = attempt(client.index_faces, CollectionId=name, Image=photograph, ExternalImageId=name)
            faces += [record["Face"]["FaceId"] for record in made.get("FaceRecords", [])]
            attempt(client.create_user, CollectionId=name, UserId="barack")
        return faces or [str(uuid.UUID(int=4 << 76 | 8 << 60))], arns

    def send(self, operation: str, body: bytes, headers: dict[str, str]) -> Answer:
        signed = self.service.signed(operation, body, headers=headers)
        for again in (True, False):
            try:
                self.connection.request("POST", "/", body, signed)
                response = self.connection.getresponse()
                found = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, found, response.read())
            except TimeoutError:
                raise
            except (OSError, http.client.HTTPException):
                # It may have closed the connection after an answer; not in the middle of a new one's first request.
                self.connection.close()
                self.connection = self._connect()
                if not again:
                    raise
        raise AssertionError

    def go(self, count: int) -> None:
        requests = Requests(self.seed, *self.prepare())
        for number in range(count):
            if number % 200 == 199:
                requests.faces, requests.arns = self.prepare()
            operation, body, headers, done = requests.next()
            what = f"{operation} ({', '.join(done) or 'valid'})"
            about = f"seed {self.seed}, request {number}, {what} {headers} {body[:200]!r}"
            try:
                answer = self.send(operation, body, headers)
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(f"{about}: no answer, {type(error).__name__} {error}")
                if not self.service.is_alive():
                    return
                continue
            self.counts[answer.code or "200"] += 1
            known = shapes.judge(operation, answer.status, answer.headers, answer.body)[0]
            self.problems += [f"{about}: {answer.status}: {problem}" for problem in known]
        self.connection.close()


def run(service: Service, count: int, seed: int = SEED, clients: int = 1) -> dict:
    """Counts of the answers, and what was wrong with them."""
    runs = [Run(service, seed + i) for i in range(clients)]
    threads = [threading.Thread(target=each.go, args=(count // clients,)) for each in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum((each.counts for each in runs), collections.Counter())
    problems = [problem for each in runs for problem in each.problems] + service.unsound
    return {"requests": sum(total.values()), "seed": seed, "answers": dict(total.most_common()), "problems": problems}


class Robustness(unittest.TestCase):
    def test_random_requests(self):
        service = Service()
        self.addCleanup(service.close)
        result = run(service, REQUESTS)
        self.assertEqual(result["problems"][:10], [])
        self.assertEqual(result["requests"], REQUESTS)
        self.assertGreater(result["answers"].get("200", 0), REQUESTS // 20, "some are valid, and are answered")
        self.assertGreater(len(result["answers"]), 5, result["answers"])
        self.assertTrue(service.is_alive())
        self.assertEqual(service.stop(), 0)

    def test_the_same_seed_makes_the_same_requests(self):
        one, two = (Requests(1, ["f"], ["a"]) for _ in (1, 2))
        self.assertEqual([one.next() for _ in range(50)], [two.next() for _ in range(50)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--clients", type=int, default=1)
    options = parser.parse_args()
    service = Service()
    try:
        result = run(service, options.requests, options.seed, options.clients)
        result["alive"] = service.is_alive()
        result["exit"] = service.stop()
    finally:
        service.close()
    print(json.dumps(result, indent=1))
    return 0 if result["alive"] and not result["problems"] and result["exit"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
