"""What a policy permits and refuses, asked by boto3 and by every command; and that nothing goes round the gate."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import botocore.exceptions

import shapes
from harness import PARTS, PROGRAM, Service, command
from photographs import sample

RULES = """
policy: test rules
contact: the trust office
organisations:
  - {id: finders, name: Finders, kind: missing-persons}
  - {id: police, name: Police, kind: law-enforcement}
  - {id: local-operator, name: Operator, kind: operator}
purposes:
  - {id: missing-child, case: 'MC-[0-9]{4}', minimum_similarity: 90, maximum_candidates: 5, reviewers: 2}
  - {id: counted, daily_limit: 3}
  - {id: crime, only_searches: true}
  - {id: upkeep}
galleries:
  - {name: missing, owner: Finders, legal_basis: consent, retention: 10d, purposes: [missing-child, counted, crime]}
grants:
  - {id: finders, organisation: finders, purposes: [missing-child], operations: [detect, compare, enrol, identify, forget, manage], galleries: [missing]}
  - {id: counted, organisation: finders, purposes: [counted], operations: [compare], galleries: all}
  - {id: police, organisation: police, purposes: [crime], operations: [compare, identify], galleries: [missing]}
  - {id: upkeep, organisation: local-operator, purposes: [upkeep], operations: [forget, manage], galleries: all}
moratoria:
  - {id: no-police, operations: [compare, enrol, identify], kinds: [law-enforcement], from: 2020-06-10, until: 2120-06-10, reason: no rules in law yet, decided_by: the board}
"""

NOTHING = "policy: nothing\ncontact: the trust office\n"


def entries(data: Path) -> list[dict]:
    """The record, read by another program."""
    with sqlite3.connect(f"file:{data}/countenance.sqlite?mode=ro", uri=True) as database:
        return [json.loads(entry) for (entry,) in database.execute("SELECT entry FROM record ORDER BY position")]


class Governed(unittest.TestCase):
    """A service under a policy that was applied before it began."""

    rules = RULES

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.data = Path(cls.folder.name, "data")
        cls.apply(cls.rules)
        cls.service = Service(data=cls.data)
        cls.addClassCleanup(cls.service.close)

    @classmethod
    def run_command(cls, *arguments: str, **options) -> subprocess.CompletedProcess:
        return command(*arguments, data=cls.data, check=False, **options)

    @classmethod
    def apply(cls, rules: str) -> subprocess.CompletedProcess:
        file = Path(cls.folder.name, "rules.yaml")
        file.write_text(rules)
        return cls.run_command("policy", "apply", str(file), "--reason", "a test", "--json")

    @classmethod
    def key(cls, *options: str) -> tuple[str, str]:
        made = cls.run_command("key", "create", "--json", *options)
        assert made.returncode == 0, made.stderr
        answer = json.loads(made.stdout)
        return answer["id"], answer["secret"]

    def ask(self, operation: str, body: dict, key: tuple[str, str], **headers: str):
        data = json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        signed = self.service.signed(
            operation, data, headers=named, key=key[0], secret=key[1], region="us-east-1")
        return self.service.send(signed, data)

    def image(self, name: str = "obama.jpg") -> dict:
        import base64

        return {"Bytes": base64.b64encode(sample(name)).decode()}


class Policies(Governed):
    """One story: what a test leaves, the next one finds. Their numbers are their order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bound = cls.key("--organisation", "finders", "--purpose", "missing-child", "--case", "MC-0001", "--expires", "30d")
        cls.free = cls.key("--organisation", "finders")
        cls.police = cls.key("--grant", "police", "--purpose", "crime")

    def refused(self, answer, *words: str):
        self.assertEqual(answer.code, "AccessDeniedException", answer)
        for word in (*words, "the trust office"):
            self.assertIn(word, answer.message)

    def test_01_code_written_for_aws_needs_nothing_more(self):
        made = self.ask("CreateCollection", {"CollectionId": "missing"}, self.bound)
        self.assertEqual(made.status, 200, made)
        added = self.ask("IndexFaces", {"CollectionId": "missing", "Image": self.image()}, self.bound)
        self.assertEqual(len(added.json["FaceRecords"]), 1, added)
        found = self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": self.image("obama2.jpg")}, self.bound)
        self.assertEqual(found.status, 200, found)
        self.assertEqual(len(found.json["FaceMatches"]), 1)
        self.assertGreaterEqual(found.json["FaceMatches"][0]["Similarity"], 90)
        said = {name: value for name, value in found.headers.items() if name.startswith("x-countenance-")}
        digest = hashlib.sha256(RULES.encode()).hexdigest()
        self.assertEqual(
            {name: said[f"x-countenance-{name}"] for name in ("threshold", "rule", "purpose", "policy", "reviewers")},
            {"threshold": "90.0", "rule": "grant:finders", "purpose": "missing-child", "policy": digest, "reviewers": "2"})
        self.assertAlmostEqual(float(said["x-countenance-expected-false-candidates"]), 1e-5, delta=1e-9)
        entry = entries(self.data)[-1]
        self.assertEqual(
            {name: entry.get(name) for name in ("organisation", "kind", "key", "purpose", "case", "policy", "decision", "rule", "reviewers", "operation")},
            {"organisation": "finders", "kind": "missing-persons", "key": self.bound[0], "purpose": "missing-child",
             "case": "MC-0001", "policy": digest, "decision": "permitted", "rule": "grant:finders", "reviewers": 2, "operation": "identify"})
        self.assertNotIn("thresholdAsked", entry)
        self.assertEqual(entry["thresholdApplied"], 90)

    def test_02_a_face_stays_no_longer_than_the_policy_lets_it(self):
        shown = self.run_command("gallery", "show", "missing", "--json")
        # The service owns the directory; what it says of the gallery is in the database.
        self.assertEqual(shown.returncode, 5)
        with sqlite3.connect(f"file:{self.data}/countenance.sqlite?mode=ro", uri=True) as database:
            (retention,) = database.execute("SELECT retention FROM gallery WHERE name = 'missing'").fetchone()
            (expires,) = database.execute("SELECT expires FROM face WHERE live").fetchone()
        self.assertEqual(retention, 10 * 86_400)
        self.assertAlmostEqual(expires / 1_000 - time.time(), 10 * 86_400, delta=600)

    def test_03_floors_and_ceilings_refuse_and_do_not_bend(self):
        body = {"CollectionId": "missing", "Image": self.image("obama2.jpg")}
        for extra, words in [
            ({"FaceMatchThreshold": 89.9}, ("purpose:missing-child", "90.00", "89.90")),
            ({"FaceMatchThreshold": 0}, ("90.00",)),
            ({"MaxFaces": 6}, ("at most 5",)),
        ]:
            self.refused(self.ask("SearchFacesByImage", {**body, **extra}, self.bound), *words)
        for extra in ({"FaceMatchThreshold": 90}, {"FaceMatchThreshold": 99}, {"MaxFaces": 5}):
            self.assertEqual(self.ask("SearchFacesByImage", {**body, **extra}, self.bound).status, 200)
        pair = {"SourceImage": self.image(), "TargetImage": self.image("obama2.jpg")}
        self.refused(self.ask("CompareFaces", {**pair, "SimilarityThreshold": 50}, self.bound), "90.00")
        compared = self.ask("CompareFaces", pair, self.bound)
        self.assertEqual(compared.headers["x-countenance-threshold"], "90.0")

    def test_04_who_is_not_bound_says_it_in_headers_that_are_signed(self):
        body = {"CollectionId": "missing", "Image": self.image("obama2.jpg")}
        self.refused(self.ask("SearchFacesByImage", body, self.free), "built-in:purpose", "X-Countenance-Purpose")
        self.refused(self.ask("SearchFacesByImage", body, self.free, X_Countenance_Purpose="missing-child"), "case reference")
        said = {"X_Countenance_Purpose": "missing-child", "X_Countenance_Case": "MC-0002"}
        self.assertEqual(self.ask("SearchFacesByImage", body, self.free, **said).status, 200)
        self.assertEqual(entries(self.data)[-1]["case"], "MC-0002")
        for case in ("MC-002", "MC-00022", "mc-0002"):
            self.refused(self.ask("SearchFacesByImage", body, self.free, **{**said, "X_Countenance_Case": case}), "form")
        self.refused(self.ask("SearchFacesByImage", body, self.free, **{**said, "X_Countenance_Purpose": "hunting"}), "hunting")
        # A bound key says its own, and no other.
        self.refused(self.ask("SearchFacesByImage", body, self.bound, X_Countenance_Case="MC-0002"), "built-in:key", "one case alone")
        # A header that the signature does not cover is nobody's word.
        data = json.dumps(body).encode()
        signed = self.service.signed("SearchFacesByImage", data, key=self.free[0], secret=self.free[1], region="us-east-1")
        answer = self.service.send({**signed, "X-Countenance-Purpose": "missing-child", "X-Countenance-Case": "MC-0002"}, data)
        self.assertIn("Signature", answer.code)

    def test_05_a_moratorium_refuses_before_anything_is_decoded(self):
        before = len(entries(self.data))
        answer = self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": {"Bytes": "bm8gcGhvdG9ncmFwaA=="}}, self.police)
        self.refused(answer, "moratorium:no-police", "no rules in law yet", "the board", "until 2120-06-10")
        new = entries(self.data)[before:]
        self.assertEqual([(entry["decision"], entry["rule"], entry["kind"]) for entry in new], [("refused", "moratorium:no-police", "law-enforcement")])
        self.assertNotIn("photographs", new[0])
        # The same request of somebody who may ask is told what is wrong with the photograph.
        answer = self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": {"Bytes": "bm8gcGhvdG9ncmFwaA=="}}, self.bound)
        self.assertEqual(answer.code, "InvalidImageFormatException")

    def test_06_a_gallery_without_terms_is_not_made(self):
        self.refused(self.ask("CreateCollection", {"CollectionId": "everybody"}, self.bound), "built-in:gallery", "owner, legal basis and retention")

    def test_07_a_daily_limit_is_one_of_the_day(self):
        pair = {"SourceImage": self.image(), "TargetImage": self.image("obama2.jpg")}
        answers = [self.ask("CompareFaces", pair, self.free, X_Countenance_Purpose="counted") for _ in range(5)]
        self.assertEqual([answer.code for answer in answers], ["", "", "", "AccessDeniedException", "AccessDeniedException"])
        self.refused(answers[-1], "3 searches of this day")
        # Also after the service was started again.
        self.service.stop()
        type(self).service = Service(data=self.data)
        self.addClassCleanup(self.service.close)
        self.refused(self.ask("CompareFaces", pair, self.free, X_Countenance_Purpose="counted"), "3 searches of this day")

    def test_08_an_expired_key_opens_nothing(self):
        key = self.key("--organisation", "finders", "--purpose", "missing-child", "--case", "MC-0001", "--expires", "2s")
        self.assertEqual(self.ask("ListFaces", {"CollectionId": "missing"}, key).status, 200)
        time.sleep(3)
        self.refused(self.ask("ListFaces", {"CollectionId": "missing"}, key), "built-in:key", "expired", key[0])
        listed = self.run_command("key", "list", "--json")
        self.assertEqual(listed.returncode, 0)
        about = next(line for line in map(json.loads, listed.stdout.splitlines()) if line["id"] == key[0])
        self.assertEqual((about["organisation"], about["purpose"], about["case"]), ("finders", "missing-child", "MC-0001"))

    def test_09_a_new_policy_holds_from_the_next_request_on(self):
        applied = self.apply(RULES.replace("minimum_similarity: 90", "minimum_similarity: 99"))
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertEqual(json.loads(applied.stdout)["changes"], ["~ purpose:missing-child minimum_similarity"])
        found = self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": self.image("obama2.jpg")}, self.bound)
        self.assertEqual(found.headers["x-countenance-threshold"], "99.0")
        self.assertEqual(found.headers["x-countenance-policy"], json.loads(applied.stdout)["digest"])
        # One that does not check is refused, and the one before stays.
        bad = self.apply(RULES + "  - {id: no-police, reason: x}\n")
        self.assertEqual(bad.returncode, 3)
        self.assertRegex(bad.stderr, r"rules.yaml:\d+:\d+: ")
        again = self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": self.image("obama2.jpg")}, self.bound)
        self.assertEqual(again.headers["x-countenance-policy"], found.headers["x-countenance-policy"])
        entry = next(entry for entry in reversed(entries(self.data)) if entry["outcome"] == "policy-applied")
        self.assertEqual((entry["applied"], entry["reason"], entry["changes"]), (json.loads(applied.stdout)["digest"], "a test", ["~ purpose:missing-child minimum_similarity"]))
        explained = self.run_command("policy", "explain", "--key", self.police[0], "--operation", "identify", "--gallery", "missing", "--json")
        self.assertEqual(explained.returncode, 4, explained.stderr)
        self.assertEqual(json.loads(explained.stdout)["rule"], "moratorium:no-police")
        explained = self.run_command("policy", "explain", "--key", self.police[0], "--operation", "identify", "--gallery", "missing", "--at", "2020-06-09")
        self.assertEqual(explained.returncode, 0, explained.stdout)

    def test_10_a_withdrawal_stops_all_at_once_and_two_keys_end_it(self):
        search = lambda: self.ask("SearchFacesByImage", {"CollectionId": "missing", "Image": self.image("obama2.jpg")}, self.bound)
        self.assertEqual(search().status, 200)
        withdrawn = self.run_command("withdraw", "--reason", "a wrong match was reported")
        self.assertEqual(withdrawn.returncode, 0, withdrawn.stderr)
        self.refused(search(), "withdrawal", "a wrong match was reported")
        self.refused(self.ask("DetectFaces", {"Image": self.image()}, self.bound), "withdrawal")
        self.assertEqual(self.ask("ListFaces", {"CollectionId": "missing"}, self.bound).status, 200)
        self.assertEqual(self.run_command("withdraw", "--reason", "again").returncode, 3)
        (a, secret_a), (b, secret_b) = self.key(), self.key()
        stranger, secret = self.free

        def reinstate(keys, secrets):
            arguments = [word for key in keys for word in ("--key", key)]
            return subprocess.run(
                [PROGRAM, "reinstate", *arguments, "--reason", "looked into", "--data", str(self.data)],
                input="".join(f"{line}\n" for line in secrets), capture_output=True, text=True, env=self.service.environment)

        self.assertEqual(reinstate([a], [secret_a]).returncode, 2)
        self.assertEqual(reinstate([a, a], [secret_a, secret_a]).returncode, 2)
        self.assertEqual(reinstate([a, b], [secret_a, secret_a]).returncode, 4)
        self.assertEqual(reinstate([a, stranger], [secret_a, secret]).returncode, 4)
        self.refused(search(), "withdrawal")
        ended = reinstate([a, b], [secret_a, secret_b])
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(search().status, 200)
        self.assertEqual(reinstate([a, b], [secret_a, secret_b]).returncode, 3)
        outcomes = [entry["outcome"] for entry in entries(self.data) if entry["operation"] == "govern"]
        self.assertEqual(outcomes.count("reinstated"), 1)
        self.assertEqual(outcomes.count("keys-refused"), 2)

    def test_11_what_is_brought_back_elsewhere_is_under_its_policy(self):
        self.assertEqual(self.run_command("withdraw", "--reason", "for good").returncode, 0)
        backup = Path(self.folder.name, "all.backup")
        self.assertEqual(self.run_command("backup", str(backup)).returncode, 0)
        other = Path(self.folder.name, "other")
        other.mkdir(mode=0o700)
        for name in ("master.key", "gallery.keys"):
            (other / name).write_bytes((self.data / name).read_bytes())
            (other / name).chmod(0o600)
        restored = command("restore", str(backup), data=other, check=False)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        shown = command("policy", "show", data=other, check=False)
        self.assertIn("policy: test rules", shown.stdout)
        self.assertIn("for good", shown.stderr)


class NothingPermitted(Governed):
    """No path round the gate: a policy that permits nothing stops every operation and every command."""

    rules = NOTHING

    # Commands that need no leave, and why.
    free = {
        "gallery purge": "faces leave when their time is over, by whatever policy",
        "policy check": "looks at a file", "policy test": "looks at files", "policy calendar": "shows the policy",
        "policy explain": "shows the policy", "policy show": "shows the policy",
        "policy apply": "the operator's own, recorded", "withdraw": "the operator's own, recorded",
        "reinstate": "the operator's own, recorded", "serve": "each of its requests passes the gate",
        "model list": "no face, no gallery", "model show": "no face, no gallery", "model add": "no face, no gallery",
        "evaluate threshold": "computes with the shipped calibration", "doctor": "checks the parts, counts galleries",
    }

    def leaves(self) -> dict[str, dict]:
        """Every command that does something, from the program's own description of itself."""
        told = subprocess.run([PROGRAM, "--experimental-dump-help"], capture_output=True, text=True, check=True)
        found: dict[str, dict] = {}

        def walk(node, path):
            children = [child for child in node.get("subcommands", []) if child["commandName"] != "help"]
            if not children:
                found[" ".join(path)] = node
            for child in children:
                walk(child, [*path, child["commandName"]])

        walk(json.loads(told.stdout)["command"], [])
        return found

    def setting(self) -> dict[str, list[str]]:
        """Arguments with which each command would do something, if it were let."""
        photo, folder = str(PARTS / "samples" / "obama.jpg"), str(PARTS / "samples")
        face, out = "01a21857-9593-7ad3-81f1-6a4d79782ea7", Path(self.folder.name)
        (out / "m.csv").write_text(f"path,person\n{photo},A\n{PARTS}/samples/obama2.jpg,A\n{PARTS}/samples/biden.jpg,B\n")
        (out / "members.csv").write_text("bioguide,gender,ethnicity\nobama,M,x\n")
        for person in ("obama", "biden"):
            (out / "people" / person).mkdir(parents=True, exist_ok=True)
            (out / "people" / person / "1.jpg").write_bytes(sample(f"{person}.jpg"))
        gallery = ["--gallery", "g"]
        return {
            "detect": [photo], "compare": [photo, photo], "enrol": [*gallery, photo], "identify": [*gallery, photo],
            "gallery create": ["g"], "gallery list": [], "gallery show": ["g"], "gallery faces": ["g"],
            "gallery crop": ["g", face, str(out / "c.png")], "gallery check": [],
            "gallery export": ["g", str(out / "e")], "gallery import": ["g", str(out / "exported")],
            "gallery delete": ["g", "--yes"], "person list": gallery, "person show": [*gallery, "A"],
            "person join": [*gallery, "A", face], "person leave": [*gallery, "A", face],
            "person forget": [*gallery, "A"], "forget": [*gallery, face], "key create": [], "key list": [],
            "key disable": ["AKIAIOSFODNN7EXAMPLE"], "key rotate": ["AKIAIOSFODNN7EXAMPLE"],
            "backup": [str(out / "b")], "restore": [str(out / "all.backup"), "--yes"], "master-key show": [],
            "master-key rotate": [], "model calibrate": ["--photographs", str(out / "people")],
            "evaluate verification": ["--manifest", str(out / "m.csv")],
            "evaluate identification": ["--gallery", str(out / "m.csv"), "--probes", str(out / "m.csv")],
            "evaluate congress": ["--gallery", str(out / "people"), "--probes", str(out / "people"), "--members", str(out / "members.csv")],
            "demo": ["--samples", folder, "--picture", str(out / "demo.png")],
        }

    @classmethod
    def setUpClass(cls):
        # A gallery with a face in it, and a backup of it, so that refusals are about the policy and nothing else.
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.data = Path(cls.folder.name, "data")
        enrolled = cls.run_command("enrol", "--gallery", "g", str(PARTS / "samples" / "obama.jpg"))
        assert enrolled.returncode == 0 and "trial policy" in enrolled.stderr, enrolled.stderr
        assert cls.run_command("backup", str(Path(cls.folder.name, "all.backup"))).returncode == 0
        assert cls.run_command("gallery", "export", "g", str(Path(cls.folder.name, "exported"))).returncode == 0
        cls.operator = cls.key()
        assert cls.apply(NOTHING).returncode == 0

    def test_every_command(self):
        setting, leaves = self.setting(), self.leaves()
        self.assertEqual(set(leaves) - set(setting) - set(self.free), set(), "commands that this test does not know")
        for path, arguments in setting.items():
            with self.subTest(path):
                before = len(entries(self.data))
                ended = self.run_command(*path.split(), *arguments)
                self.assertEqual(ended.returncode, 4, f"{path}: {ended.stdout}{ended.stderr}")
                self.assertIn("Refused by the rule", ended.stderr)
                new = entries(self.data)[before:]
                self.assertTrue(new, "a refusal leaves an entry")
                self.assertEqual({entry["decision"] for entry in new}, {"refused"})

    def test_every_operation(self):
        service = Service(data=self.data)
        self.addCleanup(service.close)
        (key, secret), image = self.operator, {"Bytes": "bm8gcGhvdG9ncmFwaA=="}
        face = "01a21857-9593-7ad3-81f1-6a4d79782ea7"
        arn = "arn:aws:rekognition:us-east-1:000000000000:collection/g"
        bodies = {
            "CreateCollection": {"CollectionId": "h"}, "DescribeCollection": {"CollectionId": "g"}, "ListCollections": {},
            "DeleteCollection": {"CollectionId": "g"}, "TagResource": {"ResourceArn": arn, "Tags": {"a": "b"}},
            "UntagResource": {"ResourceArn": arn, "TagKeys": ["a"]}, "ListTagsForResource": {"ResourceArn": arn},
            "DetectFaces": {"Image": image}, "CompareFaces": {"SourceImage": image, "TargetImage": image},
            "IndexFaces": {"CollectionId": "g", "Image": image}, "ListFaces": {"CollectionId": "g"},
            "DeleteFaces": {"CollectionId": "g", "FaceIds": [face]},
            "SearchFaces": {"CollectionId": "g", "FaceId": face},
            "SearchFacesByImage": {"CollectionId": "g", "Image": image},
            "CreateUser": {"CollectionId": "g", "UserId": "u"}, "DeleteUser": {"CollectionId": "g", "UserId": "u"},
            "ListUsers": {"CollectionId": "g"},
            "AssociateFaces": {"CollectionId": "g", "UserId": "u", "FaceIds": [face]},
            "DisassociateFaces": {"CollectionId": "g", "UserId": "u", "FaceIds": [face]},
            "SearchUsers": {"CollectionId": "g", "FaceId": face},
            "SearchUsersByImage": {"CollectionId": "g", "Image": image},
        }
        for operation in shapes.MODEL.operation_names:
            with self.subTest(operation):
                body = json.dumps(bodies.get(operation, {})).encode()
                signed = service.signed(operation, body, key=key, secret=secret, region="us-east-1")
                before = len(entries(self.data))
                answer = service.send(signed, body)
                self.assertEqual(answer.code, "AccessDeniedException", answer)
                if operation in bodies:
                    self.assertIn("Refused by the rule", answer.message)
                    self.assertEqual([entry["decision"] for entry in entries(self.data)[before:]], ["refused"])
                else:
                    self.assertIn("Countenance", answer.message)


class Trial(unittest.TestCase):
    def test_the_trial_answers_on_this_machine_only(self):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder, "data")
            ended = command("serve", "--listen", "0.0.0.0:0", "--allow-plain-http", "--metrics", "none", data=data, check=False)
            self.assertEqual(ended.returncode, 4, ended.stderr)
            self.assertIn("trial policy", ended.stderr)
            file = Path(folder, "rules.yaml")
            file.write_text(RULES)
            self.assertEqual(command("policy", "apply", str(file), "--reason", "r", data=data).returncode, 0)
            service = Service("--listen", "0.0.0.0:0", "--allow-plain-http", data=data)
            self.addCleanup(service.close)
            self.assertTrue(service.lines)


if __name__ == "__main__":
    unittest.main()
