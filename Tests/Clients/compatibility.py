"""Holds Documentation/RekognitionCompatibility.md against the service model: every operation and member is in it."""

from __future__ import annotations

import re
import unittest
from collections import defaultdict

import shapes
from harness import ROOT

DOCUMENT = ROOT / "Documentation" / "RekognitionCompatibility.md"
GIVEN = ("same", "differs")
ABSENT = ("not offered", "never")
STATUSES = GIVEN + ABSENT


class Document:
    """The document's tables. A table's first head says what its rows are: Operation, Input, Output or Member."""

    def __init__(self, text: str | None = None) -> None:
        self.operations: dict[str, str] = {}
        # By section (an operation's or a structure's name) and head, then by member.
        self.tables: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.mistakes: list[str] = []
        section, head = "", ""
        for line in (text or DOCUMENT.read_text(encoding="utf-8")).splitlines():
            if heading := re.match(r"#+ +`?(\w+)`?", line):
                section, head = heading[1], ""
            elif not line.startswith("|"):
                head = ""
            elif not head:
                head = line.split("|")[1].strip()
            elif not set(line) <= set("|-: "):
                self._row(section, head, [cell.strip() for cell in line.strip().strip("|").split("|")])

    def _row(self, section: str, head: str, cells: list[str]) -> None:
        if head not in ("Operation", "Input", "Output", "Member"):
            return
        status = cells[1]
        for name in re.findall(r"`([^`]+)`", cells[0]):
            table = self.operations if head == "Operation" else self.tables[section, head]
            if name in table:
                self.mistakes.append(f"{section}: {name} is there twice")
            if status not in STATUSES:
                self.mistakes.append(f"{section}: {name} is {status!r}, none of {', '.join(STATUSES)}")
            if status == "differs" and not "".join(cells[2:]):
                self.mistakes.append(f"{section}: {name} differs, and it is not said how")
            table[name] = status

    def statuses(self, operation: str, head: str) -> tuple[dict[str, str], list[str]]:
        """The status of each member, by full path, and the paths that have none."""
        model = shapes.MODEL.operation_model(operation)
        shape = model.input_shape if head == "Input" else model.output_shape
        found: dict[str, str] = {}
        missing: list[str] = []
        if shape is not None:
            self._descend(shape, "", self.tables[operation, head], found, missing, None)
        return found, missing

    def _descend(self, shape, path: str, table: dict, found: dict, missing: list, above: str | None) -> None:
        if shape.type_name == "list":
            self._descend(shape.member, f"{path}[]", table, found, missing, above)
        if shape.type_name != "structure":
            return
        for name, member in shape.members.items():
            full = f"{path}.{name}" if path else name
            # The operation's own row counts before the structure's.
            status = above or table.get(full) or self.tables[shape.name, "Member"].get(name)
            if status is None:
                missing.append(full)
                continue
            found[full] = status
            self._descend(member, full, table, found, missing, status if status in ABSENT else None)

    def members_promised(self) -> set[str]:
        """Full paths, with the operation, of what some answers have."""
        return {
            f"{operation}.{path}"
            for operation in shapes.OFFERED
            for path, status in self.statuses(operation, "Output")[0].items()
            if status in GIVEN
        }


class Compatibility(unittest.TestCase):
    def setUp(self):
        self.document = Document()

    def test_every_operation_is_in_the_document(self):
        self.assertEqual(self.document.mistakes, [])
        self.assertEqual(sorted(self.document.operations), sorted(shapes.MODEL.operation_names))
        given = {name for name, status in self.document.operations.items() if status in GIVEN}
        self.assertEqual(given, set(shapes.OFFERED))

    def test_every_member_is_in_the_document(self):
        missing = [
            f"{operation}, {head.lower()}: {path}"
            for operation in shapes.OFFERED
            for head in ("Input", "Output")
            for path in self.document.statuses(operation, head)[1]
        ]
        self.assertEqual(missing, [])

    def test_the_document_names_nothing_that_the_model_does_not_have(self):
        strangers = []
        for (section, head), table in self.document.tables.items():
            if head == "Member":
                known = set(shapes.MODEL.shape_for(section).members) if section in shapes.MODEL.shape_names else set()
            elif section in shapes.OFFERED:
                known = set(self.document.statuses(section, head)[0])
            else:
                known = set()
            strangers += [f"{section}: {name}" for name in table if name not in known]
        self.assertEqual(strangers, [])

    def test_every_documented_exception_is_in_the_document(self):
        listed = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
        documented = {name for operation in shapes.OFFERED for name in shapes.errors_of(operation)}
        self.assertEqual(sorted(documented - listed), [])

    def test_a_member_that_is_not_listed_is_found(self):
        """The test itself: a row less, and it is missed."""
        text = DOCUMENT.read_text(encoding="utf-8")
        less = "\n".join(line for line in text.splitlines() if not line.startswith("| `Pose` |"))
        self.assertNotEqual(less, text)
        self.assertIn("FaceDetails[].Pose", Document(less).statuses("DetectFaces", "Output")[1])


if __name__ == "__main__":
    unittest.main()
