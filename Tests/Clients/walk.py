"""A walk through every operation with boto3, each answer judged by the service model."""

from __future__ import annotations

import datetime
import json
import tempfile
import unittest
from pathlib import Path

import botocore.exceptions

import compatibility
import photographs
import shapes
from photographs import sample
from harness import Service, mode_of

LANDMARKS = set(shapes.MODEL.shape_for("LandmarkType").enum)
FIVE = {"eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"}


class Walk(unittest.TestCase):
    """One story: what a test leaves, the next one finds. Their numbers are their order."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.bucket = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.bucket.cleanup)
        Path(cls.bucket.name, "people").mkdir()
        Path(cls.bucket.name, "people", "biden.jpg").write_bytes(sample("biden.jpg"))
        cls.service = Service("--bucket", f"photographs={cls.bucket.name}")
        cls.addClassCleanup(cls.service.close)
        cls.client = cls.service.client()
        cls.group = photographs.group(2, 3, 12)
        cls.faces = {}

    def tearDown(self):
        unsound, self.service.unsound = self.service.unsound, []
        self.assertEqual(unsound, [], "answers that the service model does not allow")

    def index(self, name: str, photograph: bytes | None = None, **options) -> dict:
        image = {"Bytes": sample(f"{name}.jpg") if photograph is None else photograph}
        options = {"ExternalImageId": name, **options}
        return self.client.index_faces(CollectionId="staff", Image=image, **options)

    # --- the service itself

    def test_00_profile_health_and_request_ids(self):
        self.assertEqual(mode_of(self.service.profile), 0o600)
        self.assertEqual([self.service.get(path).status for path in ("/health", "/ready")], [200, 200])
        ids = {self.client.list_collections()["ResponseMetadata"]["RequestId"] for _ in range(3)}
        log = self.service.log(*ids)
        self.assertEqual([each in log for each in ids], [True] * 3, "the request ids are in the log, each its own")
        for line in log.splitlines():
            json.loads(line)
        headers = self.client.list_collections()["ResponseMetadata"]["HTTPHeaders"]
        self.assertEqual(headers["x-countenance-policy"], "trial", "nobody has applied one")
        self.assertNotIn(self.service.secret, log)

    # --- collections

    def test_01_collections(self):
        made = self.client.create_collection(CollectionId="staff", Tags={"team": "A"})
        self.assertEqual(made["StatusCode"], 200)
        self.assertEqual(made["FaceModelVersion"], "sface-2021dec")
        region = self.service.region
        self.assertRegex(made["CollectionArn"], rf"^arn:aws[a-z-]*:rekognition:{region}:\d{{12}}:collection/staff$")
        about = self.client.describe_collection(CollectionId="staff")
        self.assertEqual((about["FaceCount"], about["UserCount"]), (0, 0))
        self.assertEqual(about["CollectionARN"], made["CollectionArn"])
        self.assertEqual(about["FaceModelVersion"], made["FaceModelVersion"])
        age = datetime.datetime.now(datetime.timezone.utc) - about["CreationTimestamp"]
        self.assertLess(abs(age.total_seconds()), 60)
        type(self).arn = made["CollectionArn"]

    def test_02_tags(self):
        tags = lambda: self.client.list_tags_for_resource(ResourceArn=self.arn)["Tags"]
        self.assertEqual(tags(), {"team": "A"})
        self.client.tag_resource(ResourceArn=self.arn, Tags={"team": "B", "Größe": "12 + 3", "empty": ""})
        self.assertEqual(tags(), {"team": "B", "Größe": "12 + 3", "empty": ""})
        self.client.untag_resource(ResourceArn=self.arn, TagKeys=["Größe", "empty", "never there"])
        self.assertEqual(tags(), {"team": "B"})

    def test_03_list_collections_in_pages(self):
        names = [f"page-{i:02}" for i in range(7)]
        for name in names:
            self.client.create_collection(CollectionId=name)
        expected = sorted([*names, "staff"])
        whole = self.client.list_collections()
        self.assertEqual(sorted(whole["CollectionIds"]), expected)
        self.assertEqual(whole["FaceModelVersions"], ["sface-2021dec"] * 8)
        self.assertNotIn("NextToken", whole)
        for size in (1, 3, 8, 9):
            pages = list(self.client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": size}))
            listed = [name for page in pages for name in page["CollectionIds"]]
            self.assertEqual(listed, whole["CollectionIds"], f"{size} a page")
            self.assertTrue(all(len(page["CollectionIds"]) <= size for page in pages))
            self.assertTrue(all(len(page["CollectionIds"]) == len(page["FaceModelVersions"]) for page in pages))
        for name in names:
            self.assertEqual(self.client.delete_collection(CollectionId=name)["StatusCode"], 200)

    # --- faces of one photograph

    def test_04_detect_faces(self):
        default = self.client.detect_faces(Image={"Bytes": sample("obama.jpg")})
        (face,) = default["FaceDetails"]
        self.assertLessEqual(set(face), {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"})
        self.assertGreaterEqual({mark["Type"] for mark in face["Landmarks"]}, FIVE)
        box = face["BoundingBox"]
        self.assertTrue(0.35 < box["Left"] < 0.45 and 0.2 < box["Width"] < 0.3, box)
        self.assertTrue(0.0 < box["Top"] < 0.15 and 0.2 < box["Height"] < 0.35, box)
        marks = {mark["Type"]: mark for mark in face["Landmarks"]}
        self.assertLess(marks["eyeLeft"]["X"], marks["eyeRight"]["X"], "left is the picture's left")
        self.assertLess(marks["mouthLeft"]["X"], marks["mouthRight"]["X"])
        self.assertLess(marks["eyeLeft"]["Y"], marks["nose"]["Y"])
        for mark in marks.values():
            self.assertTrue(0 < mark["X"] < 1 and 0 < mark["Y"] < 1, mark)
        self.assertGreater(face["Confidence"], 80)

        (face,) = self.client.detect_faces(Image={"Bytes": sample("obama2.jpg")}, Attributes=["ALL"])["FaceDetails"]
        self.assertEqual({mark["Type"] for mark in face["Landmarks"]}, LANDMARKS)
        self.assertEqual(len(face["Landmarks"]), len(LANDMARKS))
        for never in ("AgeRange", "Gender", "Emotions", "Smile", "Beard", "Mustache", "Eyeglasses", "Sunglasses"):
            self.assertNotIn(never, face)
        self.assertIs(face["EyesOpen"]["Value"], True)
        self.assertIs(face["FaceOccluded"]["Value"], False)
        (face,) = self.client.detect_faces(Image={"Bytes": sample("obama.jpg")}, Attributes=["DEFAULT", "MOUTH_OPEN"])[
            "FaceDetails"
        ]
        self.assertIn("MouthOpen", face)
        self.assertNotIn("EyesOpen", face)

    def test_05_detect_several_and_nobody(self):
        faces = self.client.detect_faces(Image={"Bytes": self.group})["FaceDetails"]
        self.assertEqual(len(faces), 3)
        sizes = [face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"] for face in faces]
        self.assertEqual(sizes, sorted(sizes, reverse=True), "the largest first")
        self.assertEqual(self.client.detect_faces(Image={"Bytes": photographs.blank()})["FaceDetails"], [])

    def test_06_compare_faces(self):
        compare = lambda source, target, **options: self.client.compare_faces(
            SourceImage={"Bytes": source}, TargetImage={"Bytes": target}, **options
        )
        same = compare(sample("obama.jpg"), sample("obama2.jpg"))
        (match,) = same["FaceMatches"]
        self.assertGreaterEqual(match["Similarity"], 80)
        self.assertEqual(same["UnmatchedFaces"], [])
        self.assertIn("BoundingBox", same["SourceImageFace"])
        headers = same["ResponseMetadata"]["HTTPHeaders"]
        self.assertEqual(float(headers["x-countenance-threshold"]), 80)
        self.assertIn("x-countenance-rule", headers)
        self.assertIn("x-countenance-purpose", headers)
        others = compare(sample("biden.jpg"), self.group)
        self.assertEqual((others["FaceMatches"], len(others["UnmatchedFaces"])), ([], 3))
        many = compare(sample("obama.jpg"), self.group, SimilarityThreshold=0)
        similarities = [match["Similarity"] for match in many["FaceMatches"]]
        self.assertEqual(len(similarities), 3)
        self.assertEqual(similarities, sorted(similarities, reverse=True), "the closest first")
        good = compare(sample("obama.jpg"), self.group, SimilarityThreshold=0, QualityFilter="HIGH")
        self.assertLess(len(good["FaceMatches"]), 3, "the tiny face is left out")

    # --- a collection's faces

    def test_07_index_faces(self):
        for name in ("obama", "obama2", "obama3"):
            made = self.index(name, DetectionAttributes=["ALL"])
            (record,) = made["FaceRecords"]
            face, detail = record["Face"], record["FaceDetail"]
            self.assertEqual(face["ExternalImageId"], name)
            self.assertEqual(face["IndexFacesModelVersion"], "2021")
            self.assertEqual(face["BoundingBox"], detail["BoundingBox"])
            self.assertEqual(made["FaceModelVersion"], "sface-2021dec")
            self.assertEqual(made["UnindexedFaces"], [])
            self.faces[name] = face["FaceId"]
        self.assertEqual(len(set(self.faces.values())), 3)
        again = self.index("obama")
        self.assertEqual([record["Face"]["FaceId"] for record in again["FaceRecords"]], [self.faces["obama"]])
        self.assertEqual(self.client.describe_collection(CollectionId="staff")["FaceCount"], 3)

    def test_08_index_some_of_a_group(self):
        made = self.index("group", self.group, MaxFaces=1, QualityFilter="NONE", DetectionAttributes=["ALL"])
        (record,) = made["FaceRecords"]
        self.assertEqual([left["Reasons"] for left in made["UnindexedFaces"]], [["EXCEEDS_MAX_FACES"]] * 2)
        self.assertGreater(
            record["FaceDetail"]["BoundingBox"]["Width"],
            made["UnindexedFaces"][0]["FaceDetail"]["BoundingBox"]["Width"],
        )
        for bar in ("AUTO", "LOW", "MEDIUM", "HIGH"):
            left = self.index("group", self.group, QualityFilter=bar)["UnindexedFaces"]
            self.assertTrue(left and all(each["Reasons"] for each in left), bar)
            reasons = {reason for each in left for reason in each["Reasons"]}
            self.assertIn("SMALL_BOUNDING_BOX", reasons, bar)
        all_three = self.index("group", self.group, QualityFilter="NONE")
        self.assertEqual((len(all_three["FaceRecords"]), all_three["UnindexedFaces"]), (3, []))
        self.assertEqual(len({each["Face"]["ImageId"] for each in all_three["FaceRecords"]}), 1)
        nobody = self.index("nobody", photographs.blank())
        self.assertEqual((nobody["FaceRecords"], nobody["UnindexedFaces"]), ([], []))
        self.faces["group"] = record["Face"]["FaceId"]

    def test_09_index_out_of_a_bucket(self):
        where = {"S3Object": {"Bucket": "photographs", "Name": "people/biden.jpg"}}
        (record,) = self.client.index_faces(CollectionId="staff", Image=where)["FaceRecords"]
        self.assertNotIn("ExternalImageId", record["Face"])
        self.faces["biden"] = record["Face"]["FaceId"]
        self.assertEqual(len(self.client.detect_faces(Image=where)["FaceDetails"]), 1)

    def test_10_list_faces_in_pages(self):
        whole = self.client.list_faces(CollectionId="staff")
        ids = [face["FaceId"] for face in whole["Faces"]]
        self.assertEqual(len(ids), 7)
        self.assertLessEqual(set(self.faces.values()), set(ids))
        self.assertEqual(whole["FaceModelVersion"], "sface-2021dec")
        self.assertNotIn("NextToken", whole)
        for size in (1, 2, 7, 8):
            pages = list(
                self.client.get_paginator("list_faces").paginate(
                    CollectionId="staff", PaginationConfig={"PageSize": size}
                )
            )
            self.assertEqual([face["FaceId"] for page in pages for face in page["Faces"]], ids, f"{size} a page")
            self.assertTrue(all(len(page["Faces"]) <= size for page in pages))
        asked = [self.faces["biden"], self.faces["obama"]]
        some = self.client.list_faces(CollectionId="staff", FaceIds=asked)
        self.assertEqual({face["FaceId"] for face in some["Faces"]}, set(asked))

    # --- searches

    def test_11_search_faces(self):
        found = self.client.search_faces(CollectionId="staff", FaceId=self.faces["obama"], FaceMatchThreshold=80)
        self.assertEqual(found["SearchedFaceId"], self.faces["obama"])
        ids = [match["Face"]["FaceId"] for match in found["FaceMatches"]]
        self.assertNotIn(self.faces["obama"], ids, "the face itself is left out")
        self.assertNotIn(self.faces["biden"], ids)
        self.assertIn(self.faces["obama2"], ids)
        similarities = [match["Similarity"] for match in found["FaceMatches"]]
        self.assertEqual(similarities, sorted(similarities, reverse=True))
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        self.assertEqual(float(headers["x-countenance-threshold"]), 80)
        self.assertGreater(float(headers["x-countenance-expected-false-candidates"]), 0)
        one = self.client.search_faces(CollectionId="staff", FaceId=self.faces["obama"], MaxFaces=1)
        self.assertEqual([match["Face"]["FaceId"] for match in one["FaceMatches"]], ids[:1])

    def test_12_search_faces_by_image(self):
        search = lambda photograph, **options: self.client.search_faces_by_image(
            CollectionId="staff", Image={"Bytes": photograph}, **options
        )
        found = search(sample("obama2.jpg"))
        self.assertEqual(found["FaceMatches"][0]["Face"]["FaceId"], self.faces["obama2"])
        self.assertGreater(found["FaceMatches"][0]["Similarity"], 99.9)
        self.assertEqual(found["FaceModelVersion"], "sface-2021dec")
        self.assertGreater(found["SearchedFaceConfidence"], 80)
        largest = self.client.detect_faces(Image={"Bytes": self.group})["FaceDetails"][0]["BoundingBox"]
        searched = search(self.group)["SearchedFaceBoundingBox"]
        for side in largest:
            self.assertAlmostEqual(searched[side], largest[side], 4)
        everything = search(sample("biden.jpg"), FaceMatchThreshold=0, MaxFaces=4096)
        self.assertEqual(len(everything["FaceMatches"]), 7)

    # --- users

    def test_13_users(self):
        for name in ("barack", "joe", "nobody"):
            self.client.create_user(CollectionId="staff", UserId=name, ClientRequestToken=f"make-{name}")
        users = lambda: {
            user["UserId"]: user["UserStatus"] for user in self.client.list_users(CollectionId="staff")["Users"]
        }
        self.assertEqual(users(), {"barack": "CREATED", "joe": "CREATED", "nobody": "CREATED"})
        self.client.create_user(CollectionId="staff", UserId="joe", ClientRequestToken="make-joe")
        joined = self.client.associate_faces(
            CollectionId="staff",
            UserId="barack",
            FaceIds=[self.faces["obama"], self.faces["obama2"]],
            ClientRequestToken="join-1",
        )
        self.assertEqual(
            {face["FaceId"] for face in joined["AssociatedFaces"]}, {self.faces["obama"], self.faces["obama2"]}
        )
        self.assertEqual(joined["UnsuccessfulFaceAssociations"], [])
        self.assertEqual(joined["UserStatus"], "ACTIVE")
        self.client.associate_faces(CollectionId="staff", UserId="joe", FaceIds=[self.faces["biden"]])
        self.assertEqual(users(), {"barack": "ACTIVE", "joe": "ACTIVE", "nobody": "CREATED"})
        self.assertEqual(self.client.describe_collection(CollectionId="staff")["UserCount"], 3)
        theirs = self.client.list_faces(CollectionId="staff", UserId="barack")["Faces"]
        self.assertEqual({face["FaceId"] for face in theirs}, {self.faces["obama"], self.faces["obama2"]})
        self.assertEqual({face["UserId"] for face in theirs}, {"barack"})
        again = self.index("obama")["FaceRecords"][0]["Face"]
        self.assertEqual((again["FaceId"], again["UserId"]), (self.faces["obama"], "barack"))

    def test_14_associations_that_fail(self):
        nowhere = "00000000-0000-4000-8000-000000000000"
        stranger = self.client.index_faces(
            CollectionId="staff",
            Image={"Bytes": photographs.padded(sample("biden.jpg"), 1)},
            ExternalImageId="stranger",
        )
        unlike = stranger["FaceRecords"][0]["Face"]["FaceId"]
        refused = self.client.associate_faces(
            CollectionId="staff", UserId="barack", FaceIds=[nowhere, self.faces["biden"], unlike], UserMatchThreshold=99
        )
        self.assertEqual(refused["AssociatedFaces"], [])
        reasons = {each["FaceId"]: each for each in refused["UnsuccessfulFaceAssociations"]}
        self.assertEqual(reasons[nowhere]["Reasons"], ["FACE_NOT_FOUND"])
        self.assertEqual(reasons[self.faces["biden"]]["Reasons"], ["ASSOCIATED_TO_A_DIFFERENT_USER"])
        self.assertEqual(reasons[self.faces["biden"]]["UserId"], "joe")
        self.assertEqual(reasons[unlike]["Reasons"], ["LOW_MATCH_CONFIDENCE"])
        self.assertLess(reasons[unlike]["Confidence"], 99)
        refused = self.client.disassociate_faces(
            CollectionId="staff", UserId="barack", FaceIds=[nowhere, self.faces["biden"]]
        )
        self.assertEqual(refused["DisassociatedFaces"], [])
        reasons = {each["FaceId"]: each for each in refused["UnsuccessfulFaceDisassociations"]}
        self.assertEqual(reasons[nowhere]["Reasons"], ["FACE_NOT_FOUND"])
        self.assertEqual(reasons[self.faces["biden"]]["Reasons"], ["ASSOCIATED_TO_A_DIFFERENT_USER"])
        self.client.delete_faces(CollectionId="staff", FaceIds=[unlike])

    def test_15_search_users(self):
        by_face = self.client.search_users(CollectionId="staff", FaceId=self.faces["obama3"])
        self.assertEqual([match["User"]["UserId"] for match in by_face["UserMatches"]], ["barack"])
        self.assertEqual(by_face["UserMatches"][0]["User"]["UserStatus"], "ACTIVE")
        self.assertEqual(by_face["SearchedFace"]["FaceId"], self.faces["obama3"])
        by_user = self.client.search_users(CollectionId="staff", UserId="barack", UserMatchThreshold=0)
        self.assertEqual(by_user["SearchedUser"]["UserId"], "barack")
        self.assertEqual([match["User"]["UserId"] for match in by_user["UserMatches"]], ["joe"])
        by_image = self.client.search_users_by_image(CollectionId="staff", Image={"Bytes": self.group})
        self.assertEqual([match["User"]["UserId"] for match in by_image["UserMatches"]], ["barack"])
        self.assertIn("BoundingBox", by_image["SearchedFace"]["FaceDetail"])
        self.assertEqual([each["Reasons"] for each in by_image["UnsearchedFaces"]], [["FACE_NOT_LARGEST"]] * 2)
        # Searches for faces say whose they are.
        alike = self.client.search_faces(CollectionId="staff", FaceId=self.faces["obama3"])["FaceMatches"]
        self.assertIn("barack", [match["Face"].get("UserId") for match in alike])
        found = self.client.search_faces_by_image(CollectionId="staff", Image={"Bytes": sample("obama.jpg")})
        self.assertEqual(found["FaceMatches"][0]["Face"]["UserId"], "barack")

    def test_16_list_users_in_pages(self):
        for i in range(6):
            self.client.create_user(CollectionId="staff", UserId=f"user-{i}")
        ids = [user["UserId"] for user in self.client.list_users(CollectionId="staff")["Users"]]
        self.assertEqual(len(ids), 9)
        for size in (1, 4, 9, 500):
            pages = list(
                self.client.get_paginator("list_users").paginate(
                    CollectionId="staff", PaginationConfig={"PageSize": size}
                )
            )
            self.assertEqual([user["UserId"] for page in pages for user in page["Users"]], ids, f"{size} a page")

    def test_17_faces_and_users_leave(self):
        nowhere = "00000000-0000-4000-8000-000000000000"
        asked = [self.faces["group"], self.faces["obama"], nowhere]
        gone = self.client.delete_faces(CollectionId="staff", FaceIds=asked)
        self.assertEqual(gone["DeletedFaces"], [self.faces["group"]])
        reasons = {each["FaceId"]: each for each in gone["UnsuccessfulFaceDeletions"]}
        self.assertEqual(reasons[nowhere]["Reasons"], ["FACE_NOT_FOUND"])
        self.assertEqual(reasons[self.faces["obama"]]["Reasons"], ["ASSOCIATED_TO_AN_EXISTING_USER"])
        self.assertEqual(reasons[self.faces["obama"]]["UserId"], "barack")
        left = self.client.disassociate_faces(
            CollectionId="staff", UserId="barack", FaceIds=[self.faces["obama"]], ClientRequestToken="leave-1"
        )
        self.assertEqual([face["FaceId"] for face in left["DisassociatedFaces"]], [self.faces["obama"]])
        self.assertEqual(left["UnsuccessfulFaceDisassociations"], [])
        self.assertEqual(left["UserStatus"], "ACTIVE")
        gone = self.client.delete_faces(CollectionId="staff", FaceIds=[self.faces["obama"]])
        self.assertEqual(gone["DeletedFaces"], [self.faces["obama"]])
        self.client.delete_user(CollectionId="staff", UserId="barack", ClientRequestToken="end-barack")
        self.client.delete_user(CollectionId="staff", UserId="barack", ClientRequestToken="end-barack")
        kept = {face["FaceId"]: face for face in self.client.list_faces(CollectionId="staff")["Faces"]}
        self.assertNotIn("UserId", kept[self.faces["obama2"]], "the faces of a user who leaves stay, nobody's")

    # --- what is not offered

    def test_18_other_operations_say_that_they_are_not_offered(self):
        for operation in shapes.MODEL.operation_names:
            if operation in shapes.OFFERED:
                continue
            answer = self.service.call(operation, {})
            self.assertEqual((answer.status, answer.code), (400, "AccessDeniedException"), f"{operation}: {answer}")
            self.assertIn("Countenance", answer.message, operation)
            self.assertIn("not", answer.message, operation)

    def test_19_waiters_end_at_once(self):
        """The model's waiters are all for operations that are not offered."""
        for name in self.client.waiter_names:
            with self.assertRaises(botocore.exceptions.WaiterError) as ended:
                self.client.get_waiter(name).wait(ProjectArn=self.arn.replace("collection/", "project/a/1/"))
            self.assertIn("Countenance", str(ended.exception))

    # --- the document

    def test_98_members_that_the_document_calls_given_were_given(self):
        missing = compatibility.Document().members_promised() - self.service.seen
        self.assertEqual(sorted(missing), [], "RekognitionCompatibility.md says that these are in answers")

    def test_99_members_that_the_document_calls_absent_were_absent(self):
        given = self.service.seen - compatibility.Document().members_promised()
        self.assertEqual(sorted(given), [], "RekognitionCompatibility.md says that these are not in answers")


if __name__ == "__main__":
    unittest.main()
