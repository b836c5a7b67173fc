"""Each documented exception that can occur, provoked; and each bound of each input member, at n - 1, n and n + 1."""

from __future__ import annotations

import base64
import json
import struct
import tempfile
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.exceptions

import bounds
import photographs
import shapes
from photographs import sample
from harness import Service, command

MEGABYTE = 1 << 20
NOWHERE = "00000000-0000-4000-8000-000000000000"


def face_of(client, collection: str, name: str) -> str:
    made = client.index_faces(CollectionId=collection, Image={"Bytes": sample(name)}, ExternalImageId=name)
    return made["FaceRecords"][0]["Face"]["FaceId"]


def import_gallery(data: Path, name: str, faces: int, people: int = 0) -> None:
    """Made-up templates, as another system would hand them over; the first `people` of them are of one person."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = {"format": "countenance-gallery", "version": 1, "model": "sface-2021dec", "dimension": 128}
        Path(folder, "manifest.json").write_text(json.dumps(manifest))
        head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({faces}, 128), }}"
        head += " " * (63 - (10 + len(head)) % 64) + "\n"
        rows = (struct.pack("<128f", *(float(i % 128 == j or i // 128 == j) for j in range(128))) for i in range(faces))
        with open(Path(folder, "templates.npy"), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + b"".join(rows))
        lines = [{"id": str(uuid.UUID(int=(4 << 76) | (8 << 60) | i))} for i in range(faces)]
        for line in lines[:people]:
            line["person"] = "many"
        Path(folder, "faces.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        command("gallery", "import", name, folder, "--normalise", data=data)


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bucket = tempfile.TemporaryDirectory()
        cls.addClassCleanup(bucket.cleanup)
        cls.bucket = Path(bucket.name)
        (cls.bucket / "text").write_text("no photograph")
        (cls.bucket / "empty").touch()
        with open(cls.bucket / "large", "wb") as file:
            file.truncate(15 * MEGABYTE + 1)
        (cls.bucket / "way-out").symlink_to("/etc/passwd")
        (cls.bucket / "folder").mkdir()
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        data = Path(place.name, "data")
        import_gallery(data, "full", 101, people=100)
        cls.service = Service("--bucket", f"photographs={bucket.name}", data=data)
        cls.addClassCleanup(cls.service.close)
        cls.client = cls.service.client(parameter_validation=False)
        cls.arn = cls.client.create_collection(CollectionId="staff")["CollectionArn"]
        cls.face = face_of(cls.client, "staff", "obama.jpg")
        cls.client.create_user(CollectionId="staff", UserId="barack")

    def tearDown(self):
        unsound, self.service.unsound = self.service.unsound, []
        self.assertEqual(unsound, [], "answers that the service model does not allow")

    def refused(self, code: str, operation: str, /, *words: str, **request):
        with self.assertRaises(botocore.exceptions.ClientError, msg=f"{operation} {request}"[:300]) as caught:
            getattr(self.client, operation)(**request)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error["Message"])
        for word in words:
            self.assertIn(word, error["Message"])
        return error["Message"]

    # --- bounds

    def test_every_bound_of_every_member(self):
        base = bounds.base_requests("staff", self.face, "barack", self.arn, sample("obama.jpg"))
        self.assertEqual(set(base), set(shapes.OFFERED))
        count = 0
        for case in bounds.cases(base):
            count += 1
            with self.subTest(str(case)):
                answer = self.service.call(case.operation, case.request)
                problems, _ = shapes.judge(case.operation, answer.status, answer.headers, answer.body)
                self.assertEqual(problems, [])
                if case.bound is None:
                    # Allowed: whatever else is wrong with it, it is not this member's bound. An ARN has a form, too.
                    blamed = (
                        answer.code == "InvalidParameterException" and case.member.lower() in answer.message.lower()
                    )
                    self.assertFalse(blamed and case.member != "ResourceArn", repr(answer))
                    self.assertNotIn(answer.code, ("SerializationException", "ValidationException"), repr(answer))
                else:
                    self.assertEqual(answer.code, "InvalidParameterException", repr(answer))
                    self.assertIn(case.member.lower(), answer.message.lower(), "the message names the member")
                    self.assertIn(case.bound, answer.message, "the message says the bound")
            # What a good value has made must not stand in the way of the next.
            if case.operation == "CreateCollection" and answer.status == 200:
                self.service.call("DeleteCollection", {"CollectionId": case.request["CollectionId"]})
            if case.operation == "CreateUser" and answer.status == 200:
                self.service.call("DeleteUser", {"CollectionId": "staff", "UserId": case.request["UserId"]})
        self.assertGreater(count, 250)

    def test_combinations(self):
        search = {"CollectionId": "staff"}
        self.refused("InvalidParameterException", "search_users", **search)
        self.refused("InvalidParameterException", "search_users", **search, UserId="barack", FaceId=self.face)
        both = {"Bytes": sample("obama.jpg"), "S3Object": {"Bucket": "photographs", "Name": "text"}}
        for image in ({}, both, {"Bytes": b""}, {"S3Object": {}}):
            self.refused("InvalidParameterException", "detect_faces", Image=image)

    def test_wrong_types_are_serialization_exceptions(self):
        wrong = {
            "string": (5, True, [], {}),
            "integer": ("5", 1.5, [], True),
            "float": ("80", {}, True),
            "list": ("x", {}, 5),
            "structure": ("x", [], 5),
            "map": ("x", [], 5),
        }
        base = bounds.base_requests("staff", self.face, "barack", self.arn, sample("obama.jpg"))
        for operation, request in base.items():
            for name, member in shapes.MODEL.operation_model(operation).input_shape.members.items():
                for value in wrong[member.type_name]:
                    answer = self.service.call(operation, {**request, name: value})
                    self.assertEqual(
                        (answer.status, answer.code),
                        (400, "SerializationException"),
                        f"{operation} {name}={value!r}: {answer}",
                    )
        for body in (b"", b"{", b"[]", b"5", b'"x"', b"null", b"{}x", b"\xff\xfe{}", b'{"a":\xff}', b"[" * 100_000):
            answer = self.service.call("DetectFaces", body)
            allowed = (
                ("SerializationException", "InvalidParameterException")
                if body in (b"", b"null")
                else ("SerializationException",)
            )
            self.assertIn(answer.code, allowed, f"{body[:20]}: {answer}")

    def test_attributes_that_are_never_given(self):
        image = {"Bytes": sample("obama.jpg")}
        for name in bounds.NEVER_GIVEN:
            self.refused(
                "InvalidParameterException", "detect_faces", name, "Countenance", Image=image, Attributes=[name]
            )
            self.refused(
                "InvalidParameterException",
                "index_faces",
                name,
                CollectionId="staff",
                Image=image,
                DetectionAttributes=["DEFAULT", name],
            )

    # --- images

    def test_images_that_are_none(self):
        portrait = sample("obama.jpg")
        for image in (
            b"no photograph",
            b"\xff\xd8\xff",
            portrait[:300],
            b"GIF89a",
            b"\0" * 1_000,
            b"<svg/>",
            b"%PDF-1.7",
        ):
            self.refused("InvalidImageFormatException", "detect_faces", Image={"Bytes": image})
        self.refused(
            "InvalidImageFormatException", "detect_faces", Image={"S3Object": {"Bucket": "photographs", "Name": "text"}}
        )
        for base64_text in ("%%%", "abc", "ab=c", " "):
            answer = self.service.call("DetectFaces", {"Image": {"Bytes": base64_text}})
            self.assertIn(
                answer.code, ("SerializationException", "InvalidParameterException", "InvalidImageFormatException")
            )

    def test_every_operation_with_an_image_says_that_it_is_none(self):
        bad, good = {"Bytes": b"no photograph"}, {"Bytes": sample("obama.jpg")}
        refused = lambda operation, **request: self.refused("InvalidImageFormatException", operation, **request)
        refused("compare_faces", SourceImage=bad, TargetImage=good)
        refused("compare_faces", SourceImage=good, TargetImage=bad)
        for operation in ("index_faces", "search_faces_by_image", "search_users_by_image"):
            refused(operation, CollectionId="staff", Image=bad)

    def test_images_that_are_too_large(self):
        limit = 5 * MEGABYTE
        portrait = sample("obama.jpg")
        just = portrait + bytes(limit - len(portrait))
        self.assertEqual(len(self.client.detect_faces(Image={"Bytes": just})["FaceDetails"]), 1)
        for size in (limit + 1, limit + 1_000):
            self.refused(
                "ImageTooLargeException", "detect_faces", Image={"Bytes": portrait + bytes(size - len(portrait))}
            )
        self.refused(
            "ImageTooLargeException", "detect_faces", Image={"S3Object": {"Bucket": "photographs", "Name": "large"}}
        )
        self.refused("ImageTooLargeException", "detect_faces", Image={"Bytes": photographs.bomb(30_000, 30_000)})

    def test_no_face_where_one_is_needed(self):
        nobody, somebody = {"Bytes": photographs.blank()}, {"Bytes": sample("obama.jpg")}
        self.refused("InvalidParameterException", "compare_faces", "face", SourceImage=nobody, TargetImage=somebody)
        self.refused("InvalidParameterException", "compare_faces", "face", SourceImage=somebody, TargetImage=nobody)
        self.refused("InvalidParameterException", "search_faces_by_image", "face", CollectionId="staff", Image=nobody)
        # Users are not found, rather than refused, as the API Reference has it.
        found = self.client.search_users_by_image(CollectionId="staff", Image=nobody)
        self.assertEqual(found["UserMatches"], [])
        self.assertNotIn("SearchedFace", found)

    def test_objects_of_buckets(self):
        for bucket, name in (
            ("elsewhere", "text"),
            ("photographs", "nowhere"),
            ("photographs", "../" + self.bucket.name + "/text"),
            ("photographs", "/etc/passwd"),
            ("photographs", "way-out"),
            ("photographs", "folder"),
            ("photographs", "folder/"),
            ("photographs", "."),
            ("photographs", ".."),
            ("photographs", "text/x"),
            ("photographs", "folder/../../../etc/passwd"),
            ("photographs", "te\0xt"),
            ("photographs", "%2e%2e/text"),
            ("photographs", "x" * 1_024),
        ):
            message = self.refused(
                "InvalidS3ObjectException", "detect_faces", Image={"S3Object": {"Bucket": bucket, "Name": name}}
            )
            self.assertNotIn(str(self.bucket), message, "where the folder lies is nobody's business")
        empty = {"S3Object": {"Bucket": "photographs", "Name": "empty"}}
        self.refused("InvalidImageFormatException", "detect_faces", Image=empty)

    # --- what is not there, or is there already

    def test_what_is_not_there(self):
        image = {"Bytes": sample("obama.jpg")}
        requests = {
            "describe_collection": {},
            "delete_collection": {},
            "list_faces": {},
            "list_users": {},
            "index_faces": {"Image": image},
            "search_faces_by_image": {"Image": image},
            "search_users_by_image": {"Image": image},
            "search_faces": {"FaceId": self.face},
            "search_users": {"UserId": "barack"},
            "delete_faces": {"FaceIds": [self.face]},
            "create_user": {"UserId": "x"},
            "delete_user": {"UserId": "x"},
            "associate_faces": {"UserId": "x", "FaceIds": [self.face]},
            "disassociate_faces": {"UserId": "x", "FaceIds": [self.face]},
        }
        for operation, request in requests.items():
            self.refused("ResourceNotFoundException", operation, CollectionId="nowhere", **request)
        arn = self.arn.replace("staff", "nowhere")
        self.refused("ResourceNotFoundException", "list_tags_for_resource", ResourceArn=arn)
        self.refused("ResourceNotFoundException", "tag_resource", ResourceArn=arn, Tags={"a": "b"})
        self.refused("ResourceNotFoundException", "untag_resource", ResourceArn=arn, TagKeys=["a"])
        staff = {"CollectionId": "staff"}
        self.refused("ResourceNotFoundException", "delete_user", **staff, UserId="nobody")
        self.refused("ResourceNotFoundException", "associate_faces", **staff, UserId="nobody", FaceIds=[self.face])
        self.refused("ResourceNotFoundException", "disassociate_faces", **staff, UserId="nobody", FaceIds=[self.face])
        self.refused("ResourceNotFoundException", "search_users", **staff, UserId="nobody")
        self.refused("InvalidParameterException", "search_users", **staff, FaceId=NOWHERE)
        self.refused("InvalidParameterException", "search_faces", **staff, FaceId=NOWHERE)

    def test_what_is_there_already(self):
        self.refused("ResourceAlreadyExistsException", "create_collection", "staff", CollectionId="staff")
        self.refused("ConflictException", "create_user", CollectionId="staff", UserId="barack")

    def test_a_token_of_another_request(self):
        staff = {"CollectionId": "staff", "ClientRequestToken": str(uuid.uuid4())}
        for _ in range(2):
            self.client.create_user(**staff, UserId="once")
        self.refused("IdempotentParameterMismatchException", "create_user", **staff, UserId="twice")
        self.refused("IdempotentParameterMismatchException", "delete_user", **staff, UserId="once")
        joining = {"CollectionId": "staff", "UserId": "once", "ClientRequestToken": str(uuid.uuid4())}
        one = self.client.associate_faces(**joining, FaceIds=[self.face])
        two = self.client.associate_faces(**joining, FaceIds=[self.face])
        self.assertEqual(one["AssociatedFaces"], two["AssociatedFaces"])
        self.refused("IdempotentParameterMismatchException", "associate_faces", **joining, FaceIds=[NOWHERE])
        self.refused("IdempotentParameterMismatchException", "disassociate_faces", **joining, FaceIds=[self.face])
        self.client.delete_user(CollectionId="staff", UserId="once")

    def test_tokens_of_pages(self):
        for i in range(3):
            self.client.create_collection(CollectionId=f"token-{i}")
            self.client.create_user(CollectionId="staff", UserId=f"token-{i}")
        token = self.client.list_collections(MaxResults=1)["NextToken"]
        users = self.client.list_users(CollectionId="staff", MaxResults=1)["NextToken"]
        faces = self.client.list_faces(CollectionId="full", MaxResults=1)["NextToken"]
        self.assertLessEqual(max(map(len, (token, users, faces))), 255)
        refused = lambda operation, **request: self.refused("InvalidPaginationTokenException", operation, **request)
        for i in range(len(token)):
            other = token[:i] + ("B" if token[i] == "A" else "A") + token[i + 1 :]
            try:
                decoded = [base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (token, other)]
                same = decoded[0] == decoded[1]
            except ValueError:
                same = False
            if not same:
                refused("list_collections", NextToken=other)
        for other in ("x", token[:-1], token + "A", token * 2, users, faces, " " + token, ""):
            refused("list_collections", NextToken=other[:255])
        refused("list_users", CollectionId="full", NextToken=users)
        refused("list_faces", CollectionId="staff", NextToken=faces)
        self.client.list_collections(NextToken=token)

    def test_quotas(self):
        self.refused(
            "ServiceQuotaExceededException",
            "associate_faces",
            CollectionId="full",
            UserId="many",
            FaceIds=[str(uuid.UUID(int=(4 << 76) | (8 << 60) | 100))],
            UserMatchThreshold=0,
        )
        arn = self.client.create_collection(CollectionId="tags")["CollectionArn"]
        self.client.tag_resource(ResourceArn=arn, Tags={f"k{i}": "" for i in range(200)})
        self.client.tag_resource(ResourceArn=arn, Tags={"k0": "again"})
        self.refused("ServiceQuotaExceededException", "tag_resource", ResourceArn=arn, Tags={"one more": ""})
        self.assertEqual(len(self.client.list_tags_for_resource(ResourceArn=arn)["Tags"]), 200)

    def test_too_much_at_once_is_throttled_and_nothing_else(self):
        service = Service("--requests", "4")
        self.addCleanup(service.close)
        body = json.dumps({"Image": {"Bytes": base64.b64encode(sample("obama3.jpg")).decode()}}).encode()
        headers = service.signed("DetectFaces", body)
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda _: service.send(headers, body), range(48)))
        codes = {answer.code for answer in answers}
        self.assertEqual(codes, {"", "ThrottlingException"}, "some are answered, and some are told to come again")
        throttled = next(answer for answer in answers if answer.code)
        self.assertEqual(throttled.status, 400)
        self.assertEqual(shapes.judge("DetectFaces", throttled.status, throttled.headers, throttled.body)[0], [])
        # boto3's own way with it: it waits and asks again.
        patient = service.client(retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=12)
        image = {"Bytes": sample("obama3.jpg")}
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda _: patient.detect_faces(Image=image)["FaceDetails"], range(24)))
        self.assertTrue(all(found))


if __name__ == "__main__":
    unittest.main()
