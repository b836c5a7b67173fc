"""Tests of the set-up stage: python3 setup/test_setup.py. Seconds, and no network."""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
TOOLS = HERE.parent / ".parts" / "tools"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def load_setup():
    loader = importlib.machinery.SourceFileLoader("countenance_setup", str(HERE / "setup"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class WithParts(unittest.TestCase):
    """A .parts of the test's own, and a part of two members whose archive lies in its downloads already."""

    def setUp(self):
        self.setup = load_setup()
        self.parts = Path(self.enterContext_(tempfile.TemporaryDirectory()))
        self.setup.PARTS = self.parts
        self.said = self.enterContext_(contextlib.redirect_stderr(io.StringIO()))
        self.archive = self.parts / "downloads" / "thing-1-py3-none-any.whl"
        self.archive.parent.mkdir()
        with zipfile.ZipFile(self.archive, "w") as archive:
            archive.writestr("thing/a.txt", "a")
            archive.writestr("thing/more/b.txt", "b")
            archive.writestr("unwanted.txt", "c")
        listing = f"{sha256(b'a')}  a.txt\n{sha256(b'b')}  more/b.txt\n"
        self.part = {
            "name": "thing",
            "version": "1",
            "what": "a test",
            "places": [],
            "file": self.archive.name,
            "sha256": sha256(self.archive.read_bytes()),
            "members": [
                {"from": "thing/a.txt", "to": "lib/a.txt", "sha256": sha256(b"a")},
                {"from": "thing/", "to": "share/thing/", "sha256": sha256(listing.encode())},
            ],
        }

    def enterContext_(self, context):  # unittest has its own from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def offer(self, data: bytes, name: str) -> dict:
        """A place which has `data`."""
        place = self.parts / name
        place.write_bytes(data)
        return {"url": place.as_uri()}


class Archives(WithParts):
    def test_members_come_to_their_places(self):
        self.setup.provide(self.part)
        self.assertEqual((self.parts / "lib/a.txt").read_text(), "a")
        self.assertEqual((self.parts / "share/thing/more/b.txt").read_text(), "b")
        self.assertFalse(list(self.parts.rglob("unwanted.txt")))

    def test_download_with_another_hash_is_refused_and_removed(self):
        self.archive.write_bytes(b"something else")
        with self.assertRaises(self.setup.Missing) as refused:
            self.setup.provide(self.part)
        for word in (self.archive.name, self.part["sha256"], sha256(b"something else")):
            self.assertIn(word, str(refused.exception))
        self.assertFalse(self.archive.exists())
        self.assertFalse((self.parts / "lib").exists())

    def test_place_with_another_file_is_refused_and_the_next_one_asked(self):
        good = self.archive.read_bytes()
        self.archive.unlink()
        self.part["places"] = [self.offer(b"another file", "bad")]
        with self.assertRaisesRegex(self.setup.Missing, "not the pinned one"):
            self.setup.provide(self.part)
        self.assertFalse(self.archive.exists())
        self.part["places"].append(self.offer(good, "good"))
        self.setup.provide(self.part)
        self.assertEqual(self.archive.read_bytes(), good)

    def test_member_with_another_hash_is_refused(self):
        self.part["members"][0]["sha256"] = sha256(b"not a")
        with self.assertRaisesRegex(self.setup.Missing, "thing/a.txt in thing-1"):
            self.setup.provide(self.part)
        self.assertFalse((self.parts / "lib/a.txt").exists())

    def test_interrupted_unpacking_is_mended_by_the_next_run(self):
        put, done = self.setup.put, []

        def put_once(made, target):
            if done:
                raise KeyboardInterrupt
            done.append(target)
            put(made, target)

        with mock.patch.object(self.setup, "put", put_once), self.assertRaises(KeyboardInterrupt):
            self.setup.provide(self.part)
        self.assertTrue((self.parts / "lib/a.txt").exists())
        self.assertFalse((self.parts / "share/thing").exists())
        self.setup.provide(self.part)
        self.assertTrue(all(map(self.setup.is_right, self.part["members"])))

    def test_damaged_and_added_files_are_mended(self):
        self.setup.provide(self.part)
        (self.parts / "lib/a.txt").write_text("half")
        (self.parts / "share/thing/stranger").touch()
        self.setup.provide(self.part)
        self.assertTrue(all(map(self.setup.is_right, self.part["members"])))

    def test_files_come_one_by_one_when_the_archive_cannot_be_had(self):
        self.archive.unlink()
        member = {**self.part["members"][0], "places": [self.offer(b"a", "elsewhere")]}
        self.part.update(members=[member], places=[{"url": (self.parts / "nowhere").as_uri()}])
        self.setup.provide(self.part)
        self.assertEqual((self.parts / "lib/a.txt").read_text(), "a")

    def test_files_put_into_downloads_need_no_archive(self):
        self.archive.unlink()
        (self.archive.parent / "a.txt").write_bytes(b"a")
        self.part["members"] = [{**self.part["members"][0], "places": []}]
        self.setup.provide(self.part)
        self.assertEqual((self.parts / "lib/a.txt").read_text(), "a")

    def test_failed_pip_is_quoted(self):
        self.archive.unlink()
        self.part["places"] = [{"pypi": "thing"}]
        failed = subprocess.CompletedProcess([], 1, "", "noise\nERROR: no route to host\n\n")
        with mock.patch.object(self.setup, "run", return_value=failed):
            with self.assertRaisesRegex(self.setup.Missing, "thing 1 could not.*no route to host.*downloads"):
                self.setup.provide(self.part)


class Stamp(WithParts):
    def setUp(self):
        super().setUp()
        self.part["name"] = "openvino"  # the pkg-config file asks for its version
        self.manifest = {"parts": [self.part], "made": [], "tools": {"to": "tools/", "wheels": []}, "extras": {}}
        self.setup.provide_all(self.manifest, [])

    def test_says_that_all_is_there_until_a_file_changes(self):
        self.assertTrue(self.setup.is_all_there(self.manifest, []))
        (self.parts / "lib/a.txt").write_text("changed")
        self.assertFalse(self.setup.is_all_there(self.manifest, []))

    def test_check_finds_what_size_and_time_hide_and_the_next_run_mends_it(self):
        file = self.parts / "lib/a.txt"
        times = file.stat()
        file.write_text("x")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertTrue(self.setup.is_all_there(self.manifest, []))
        with self.assertRaisesRegex(self.setup.Missing, "lib/a.txt"):
            self.setup.check(self.manifest)
        self.assertEqual(file.read_text(), "x")
        self.assertFalse(self.setup.is_all_there(self.manifest, []))
        self.setup.provide_all(self.manifest, [])
        self.setup.check(self.manifest)

    def test_unfinished_things_do_not_stay(self):
        self.assertFalse((self.parts / "unfinished").exists())


class Wheels(unittest.TestCase):
    def test_which_wheel_fits_which_python(self):
        fits = load_setup().fits
        self.assertTrue(fits("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", (3, 11)))
        self.assertFalse(fits("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", (3, 12)))
        self.assertTrue(fits("a-1-cp39-abi3-manylinux2014_x86_64.whl", (3, 13)))
        self.assertFalse(fits("a-1-cp312-abi3-manylinux2014_x86_64.whl", (3, 11)))
        self.assertTrue(fits("a-1-py2.py3-none-any.whl", (3, 10)))

    def test_every_python_has_one_wheel_of_each_package(self):
        setup, manifest = load_setup(), json.loads((HERE / "parts.json").read_text())
        extras = manifest["extras"]
        groups = [
            (manifest["tools"], range(10, 15)),
            (extras["benchmark"], range(10, 14)),
            (extras["clients"], range(10, 15)),
        ]
        for group, minors in groups:
            for minor in minors:
                names = [wheel["name"] for wheel in setup.chosen_wheels(group, (3, minor))]
                self.assertEqual(sorted(names), sorted({wheel["name"] for wheel in group["wheels"]}))
        with self.assertRaisesRegex(setup.Missing, "not pinned for Python 3.9"):
            setup.chosen_wheels(manifest["tools"], (3, 9))

    def test_extras_of_the_command_line_are_those_that_are_pinned(self):
        manifest = json.loads((HERE / "parts.json").read_text())
        usage = subprocess.run([sys.executable, "-B", HERE / "setup", "--help"], capture_output=True, text=True).stdout
        self.assertIn("--with {" + ",".join(sorted(manifest["extras"])) + "}", usage)


class WhatTheMachineMustHave(unittest.TestCase):
    """Runs the program itself, in an empty checkout and with a PATH that has only what the test puts there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root, self.path = Path(folder.name, "checkout"), Path(folder.name, "path")
        shutil.copytree(HERE, self.root / "setup", ignore=shutil.ignore_patterns("__pycache__"))
        self.path.mkdir()

    def have(self, name: str, script: str):
        tool = self.path / name
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)

    def sentence(self) -> str:
        command = [sys.executable, "-B", self.root / "setup" / "setup"]
        done = subprocess.run(command, env={"PATH": str(self.path)}, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertFalse((self.root / ".parts").exists())
        self.assertNotIn("Traceback", done.stderr)
        # The last line is the sentence; before it there may be one that something is being installed.
        return done.stderr.splitlines()[-1]

    def test_no_swift(self):
        self.assertIn("Swift 6.1 or newer is missing", self.sentence())

    def test_old_swift(self):
        self.have("swift", "echo 'Swift version 5.10.1 (swift-5.10.1-RELEASE)'")
        self.assertIn("Swift 6.1 or newer is missing (this is 5.10)", self.sentence())

    def test_no_pkg_config(self):
        self.have("swift", "echo 'Swift version 6.1 (swift-6.1-RELEASE)'")
        sentence = self.sentence()
        self.assertIn("missing: pkg-config, libvips 8.13 or newer, SQLite's header", sentence)
        self.assertIn("sudo apt-get install -y --no-install-recommends pkg-config libvips-dev libsqlite3-dev", sentence)

    def test_no_libvips(self):
        self.have("swift", "echo 'Swift version 6.10.2'")
        self.have("pkg-config", 'case "$2" in vips*) exit 1;; esac')
        sentence = self.sentence()
        self.assertIn("missing: libvips 8.13 or newer; install with", sentence)
        self.assertNotIn("sqlite", sentence)

    @unittest.skipUnless(os.geteuid() == 0, "only root installs without asking")
    def test_installing_in_vain_quotes_apt(self):
        self.have("swift", "echo 'Swift version 6.10.2'")
        self.have("pkg-config", 'case "$2" in vips*) exit 1;; esac')
        self.have("apt-get", "echo 'E: Unable to locate package' >&2; exit 100")
        self.have("env", 'shift; exec "$@"')
        self.assertIn("in vain (its last line: 'E: Unable to locate package')", self.sentence())

    def test_processor(self):
        setup = load_setup()
        setup.require_processor("Linux", "x86_64", "flags\t\t: fpu avx avx2 fma\n")
        for about in (("Linux", "x86_64", "flags\t\t: fpu avx\n"), ("Linux", "aarch64", ""), ("Darwin", "arm64", "")):
            with self.assertRaisesRegex(setup.Missing, "unsupported .*AVX2|unsupported .*avx2"):
                setup.require_processor(*about)

    def test_room(self):
        setup = load_setup()
        with mock.patch.object(setup.shutil, "disk_usage", return_value=mock.Mock(free=200_000_000)):
            with self.assertRaisesRegex(setup.Missing, "1.5 GB must be free .* 0.2 GB are"):
                setup.require_room()

    def test_fault_is_one_sentence(self):
        (self.root / "setup" / "parts.json").write_text("{")
        done = subprocess.run(
            [sys.executable, "-B", self.root / "setup" / "setup", "--check"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 5)
        self.assertEqual(len(done.stderr.splitlines()), 1)


UNFOLD = """
import sys
import numpy, onnx
from onnx import TensorProto, helper, numpy_helper
sys.path.insert(0, sys.argv[1])
import unfold

rng = numpy.random.default_rng(1)
integers = rng.integers(-128, 128, (3, 10), dtype=numpy.int8)        # blocks of 4, 4 and 2
scale = rng.random((3, 3), dtype=numpy.float32)
zero = rng.integers(-128, 128, (3, 3), dtype=numpy.int8)
stored = [numpy_helper.from_array(a, n) for a, n in
          ((integers, "w_q"), (scale, "w_s"), (zero, "w_z"), (numpy.array([5, 6]), "shape"))]
value = lambda name, kind, shape: helper.make_tensor_value_info(name, kind, shape)
graph = helper.make_graph(
    [helper.make_node("DequantizeLinear", ["w_q", "w_s", "w_z"], ["w_d"], axis=1, block_size=4),
     helper.make_node("Reshape", ["w_d", "shape"], ["w"]),
     helper.make_node("MatMul", ["x", "w"], ["y"])],
    "tiny",
    [value("x", TensorProto.FLOAT, [2, 5]), value("w_q", TensorProto.INT8, [3, 10]),
     value("w", TensorProto.FLOAT, [5, 6])],
    [value("y", TensorProto.FLOAT, [2, 6])], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
unfold.unfold(model)

(weight,) = model.graph.initializer
expected = numpy.empty((3, 10), numpy.float32)
for row in range(3):
    for column in range(10):
        block = column // 4
        difference = numpy.float32(int(integers[row, column]) - int(zero[row, block]))
        expected[row, column] = difference * scale[row, block]
assert weight.name == "w", weight.name
assert numpy.array_equal(numpy_helper.to_array(weight), expected.reshape(5, 6))
assert [each.op_type for each in model.graph.node] == ["MatMul"]
assert [each.name for each in model.graph.input] == ["x"]
"""


class Unfold(unittest.TestCase):
    def test_tiny_network_is_exact(self):
        environment = {**os.environ, "PYTHONPATH": str(TOOLS)}
        command = [sys.executable, "-B", "-c"]
        if subprocess.run([*command, "import onnx, numpy"], env=environment, capture_output=True).returncode != 0:
            self.skipTest("onnx and numpy are not installed for this Python: run setup/setup first")
        done = subprocess.run([*command, UNFOLD, str(HERE)], env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
