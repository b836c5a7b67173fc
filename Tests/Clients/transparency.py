"""What the record publishes, checked by a verifier that shares no code with it (`log_verifier.py`)."""

from __future__ import annotations

import random
import shutil
import tempfile
import unittest
from pathlib import Path

import log_verifier
from harness import Service, command
from log_verifier import (
    Key,
    Wrong,
    check_consistency,
    check_folder,
    check_inclusion,
    has_signed,
    leaf_hash,
    open_checkpoint,
)


class OwnVectors(unittest.TestCase):
    """The verifier itself, by what others have published."""

    def test_ed25519_is_that_of_rfc_8032(self):
        for key, message, signature in [
            (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ]:
            key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
            self.assertTrue(has_signed(key, message, signature))
            self.assertFalse(has_signed(key, message + b"x", signature))
            self.assertFalse(has_signed(key, message, signature[:63] + bytes([signature[63] ^ 1])))

    def test_a_note_is_that_of_go(self):
        key = Key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        line = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        self.assertEqual(log_verifier.open_note(f"{text}\n{line}", key), text)
        with self.assertRaises(Wrong):
            log_verifier.open_note(f"{text}more\n\n{line}", key)

    def test_a_tree_is_that_of_certificate_transparency(self):
        leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        root = log_verifier.root_of([leaf_hash(bytes.fromhex(leaf)) for leaf in leaves])
        self.assertEqual(root.hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")


class Published(unittest.TestCase):
    """A service with 600 entries, and what its record publishes while it runs."""

    @classmethod
    def setUpClass(cls):
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.place = Path(place.name)
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)
        cls.key = Key(cls.run_record("checkpoint", "--public-key"))
        rekognition = cls.service.client()
        cls.checkpoints = []
        for number in range(600):
            rekognition.list_collections()
            if number in (0, 254, 400):
                cls.checkpoints.append(cls.run_record("checkpoint"))
        cls.folder = cls.place / "record"
        cls.run_record("export", str(cls.folder))

    @classmethod
    def run_record(cls, *words: str) -> str:
        done = command("record", *words, data=cls.service.data)
        if done.returncode != 0:
            raise AssertionError(f"record {words}: {done.returncode} {done.stderr}")
        return done.stdout

    def test_the_folder_and_every_checkpoint_fit(self):
        self.assertGreaterEqual(check_folder(self.folder, self.key, self.checkpoints), 600)

    def test_a_folder_that_has_grown_fits(self):
        folder = self.place / "growing"
        sizes = []
        for _ in range(3):
            self.run_record("export", str(folder))
            sizes.append(check_folder(folder, self.key, self.checkpoints))
            for _ in range(70):
                self.service.client().list_collections()
        self.run_record("export", str(folder))
        self.assertGreater(check_folder(folder, self.key, self.checkpoints), sizes[0] + 210)

    def test_proofs_of_entries_are_accepted_and_those_of_others_are_not(self):
        for index in (0, 1, 255, 256, 511, 512, 599):
            entry = self.run_record("show", str(index), "--bytes").encode()
            proof = self.run_record("prove", str(index))
            self.assertEqual(check_inclusion(proof, entry, self.key), index)
            with self.assertRaises(Wrong):
                check_inclusion(proof, entry + b" ", self.key)
            lines = proof.split("\n")
            for changed in (
                proof.replace(f"index {index}\n", f"index {index + 1}\n"),
                "\n".join(lines[:2] + lines[3:]),
                "\n".join(lines[:2] + [lines[2]] + lines[2:]),
                proof.replace("@v1", "@v2"),
            ):
                with self.assertRaises(Wrong):
                    check_inclusion(changed, entry, self.key)

    def test_proofs_of_consistency_are_accepted_and_those_between_others_are_not(self):
        known = [open_checkpoint(note, self.key) for note in self.checkpoints]
        for number, (size, root) in enumerate(known):
            proof = self.run_record("consistency", str(size))
            later = check_consistency(proof, (size, root), self.key)
            self.assertGreaterEqual(later[0], 600)
            with self.assertRaises(Wrong):
                check_consistency(proof, (size, bytes(32)), self.key)
            with self.assertRaises(Wrong):
                check_consistency(proof.replace(f"old {size}\n", f"old {size + 1}\n"), (size + 1, root), self.key)
            file = self.place / f"{number}.checkpoint"
            file.write_text(self.checkpoints[number])
            self.assertEqual(self.run_record("consistency", str(file), "600").split("\n")[0], f"old {size}")

    def test_any_change_of_the_folder_is_found(self):
        generator = random.Random(7)
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path.name != "public-key"]
        self.assertEqual(len(files), 8)
        for path in files:
            whole = path.read_bytes()
            try:
                for _ in range(2):
                    place = generator.randrange(len(whole) - 3)
                    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << generator.randrange(7)]) + whole[place + 1 :])
                    with self.assertRaises((Wrong, UnicodeDecodeError), msg=f"{path}, byte {place}"):
                        check_folder(self.folder, self.key, self.checkpoints)
                path.write_bytes(whole[:-1])
                with self.assertRaises((Wrong, UnicodeDecodeError)):
                    check_folder(self.folder, self.key)
                path.unlink()
                with self.assertRaises((Wrong, OSError)):
                    check_folder(self.folder, self.key)
            finally:
                path.write_bytes(whole)
        check_folder(self.folder, self.key, self.checkpoints)

    def test_another_installations_record_is_none_of_this_one(self):
        other = self.place / "other"
        command("gallery", "list", data=other, check=False)
        foreign = command("record", "checkpoint", data=other).stdout
        with self.assertRaises(Wrong):
            open_checkpoint(foreign, self.key)
        # Under this log's name, but by another key.
        name, own = foreign.split("\n")[0], self.key.name
        with self.assertRaises(Wrong):
            open_checkpoint(foreign.replace(name, own), self.key)

    def test_last_weeks_copy_is_found_by_this_weeks_checkpoint(self):
        copy = self.place / "last-week"
        shutil.copytree(self.folder, copy)
        self.service.client().list_collections()
        late = self.run_record("checkpoint")
        check_folder(copy, self.key)
        with self.assertRaises(Wrong):
            check_folder(copy, self.key, [late])


if __name__ == "__main__":
    unittest.main()
