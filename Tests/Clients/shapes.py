"""Judges answers by the service model that botocore carries. botocore itself checks what it sends, not what it gets."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import unicodedata
import uuid

import botocore.session

MODEL = botocore.session.get_session().get_service_model("rekognition")

OFFERED = (
    "CreateCollection",
    "DescribeCollection",
    "ListCollections",
    "DeleteCollection",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "DetectFaces",
    "CompareFaces",
    "IndexFaces",
    "ListFaces",
    "DeleteFaces",
    "SearchFaces",
    "SearchFacesByImage",
    "CreateUser",
    "DeleteUser",
    "ListUsers",
    "AssociateFaces",
    "DisassociateFaces",
    "SearchUsers",
    "SearchUsersByImage",
)

# What every operation of every service may answer, besides what the model lists for it: the common errors of the
# API Reference, and those of the protocol (AWS JSON 1.1).
COMMON_ERRORS = frozenset(
    (
        "AccessDeniedException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
        "ThrottlingException",
        "RequestExpired",
        "SerializationException",
        "UnknownOperationException",
        "ValidationException",
        "RequestEntityTooLargeException",
        "RequestTimeoutException",
    )
)


def errors_of(operation: str) -> set[str]:
    return {shape.name for shape in MODEL.operation_model(operation).error_shapes} | COMMON_ERRORS


# --- Patterns ------------------------------------------------------------------------------------------------------

# The model's patterns are Java's; Python's `re` knows no \p{..}. Those three classes stand in brackets only.
_CLASSES = {"\\p{L}": "L", "\\p{Z}": "Z", "\\p{N}": "N"}


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches: Rekognition takes its patterns so, anchored or not."""
    if "\\p{" not in pattern:
        return re.fullmatch(pattern, text) is not None
    kinds = {kind for name, kind in _CLASSES.items() if name in pattern}
    for name in _CLASSES:
        pattern = pattern.replace(name, "\ufdd0")
    # Each character of those classes becomes one that the pattern holds in their stead.
    plain = "".join("\ufdd0" if unicodedata.category(c)[0] in kinds and not c.isascii() else c for c in text)
    pattern = pattern.replace("\ufdd0\ufdd0\ufdd0", "a-zA-Z0-9 \ufdd0")
    return re.fullmatch(pattern, plain) is not None


# --- The validator -------------------------------------------------------------------------------------------------


class Validator:
    """Collects what is wrong with a JSON value that should be of a shape, and which members there were."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.seen: set[str] = set()

    def check(self, value, shape, path: str) -> None:
        if value is None:
            self.problems.append(f"{path} is null; what is not known is left out")
            return
        getattr(self, f"_{shape.type_name}")(value, shape, path)

    def _fail(self, path: str, value, why: str) -> None:
        self.problems.append(f"{path} is {json.dumps(value)[:80]}: {why}")

    def _range(self, measure, value, shape, path: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if (low is not None and measure < low) or (high is not None and measure > high):
            self._fail(path, value, f"{measure} is not within {low} to {high}")

    def _structure(self, value, shape, path: str) -> None:
        if not isinstance(value, dict):
            self._fail(path, value, "no object")
            return
        for name in shape.required_members:
            if name not in value:
                self._fail(path, value, f"the required member {name} is missing")
        for name, each in value.items():
            if name not in shape.members:
                self._fail(f"{path}.{name}", each, "the model knows no such member")
                continue
            self.seen.add(f"{path}.{name}")
            self.check(each, shape.members[name], f"{path}.{name}")

    def _list(self, value, shape, path: str) -> None:
        if not isinstance(value, list):
            self._fail(path, value, "no array")
            return
        # The model has a least length for some lists of answers (DeletedFaces); Rekognition's are empty all the same.
        if value:
            self._range(len(value), value, shape, path)
        for each in value:
            self.check(each, shape.member, f"{path}[]")

    def _map(self, value, shape, path: str) -> None:
        if not isinstance(value, dict):
            self._fail(path, value, "no object")
            return
        self._range(len(value), value, shape, path)
        for key, each in value.items():
            self.check(key, shape.key, f"{path}{{key}}")
            self.check(each, shape.value, f"{path}{{}}")

    def _string(self, value, shape, path: str) -> None:
        if not isinstance(value, str):
            self._fail(path, value, "no string")
            return
        self._range(len(value), value, shape, path)
        if shape.enum and value not in shape.enum:
            self._fail(path, value, f"none of {', '.join(shape.enum)}")
        pattern = shape.metadata.get("pattern")
        if pattern and not matches(pattern, value):
            self._fail(path, value, f"does not match {pattern}")

    def _whole(self, value, shape, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            self._fail(path, value, "no whole number")
            return
        bits = 31 if shape.type_name == "integer" else 63
        if not -(1 << bits) <= value < 1 << bits:
            self._fail(path, value, f"does not fit into {bits + 1} bits")
        self._range(value, value, shape, path)

    _integer = _long = _whole

    def _number(self, value, shape, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            self._fail(path, value, "no finite number")
            return
        self._range(value, value, shape, path)

    _float = _double = _number

    def _timestamp(self, value, shape, path: str) -> None:
        """Seconds since 1970, as the protocol has it unless the model says otherwise."""
        self._number(value, shape, path)
        if isinstance(value, (int, float)) and not 1.5e9 < value < 1e11:
            self._fail(path, value, "seconds since 1970 were expected")

    def _boolean(self, value, shape, path: str) -> None:
        if not isinstance(value, bool):
            self._fail(path, value, "no boolean")

    def _blob(self, value, shape, path: str) -> None:
        try:
            self._range(len(base64.b64decode(value, validate=True)), value, shape, path)
        except (TypeError, ValueError, binascii.Error):
            self._fail(path, value, "no base64")


# --- Whole answers -------------------------------------------------------------------------------------------------


def judge(operation: str, status: int, headers, body: bytes) -> tuple[list[str], set[str]]:
    """What is wrong with an answer, and the paths of the members it had.
    - Parameter headers: their names in lower case."""
    validator = Validator()
    problems = validator.problems
    if not (headers.get("content-type") or "").startswith("application/x-amz-json-1.1"):
        problems.append(f"content type {headers.get('content-type')!r}")
    try:
        uuid.UUID(headers.get("x-amzn-requestid") or "")
    except ValueError:
        problems.append(f"x-amzn-requestid {headers.get('x-amzn-requestid')!r}")
    try:
        document = json.loads(body, parse_constant=lambda name: problems.append(f"{name} is no JSON"))
    except ValueError as error:
        problems.append(f"the body is no JSON: {error}")
        return problems, set()
    if status == 200:
        shape = MODEL.operation_model(operation).output_shape
        if shape is None:
            problems += [] if document == {} else [f"the operation has no output, and there is {document}"]
        else:
            validator.check(document, shape, operation)
        return problems, validator.seen
    problems += judge_error(errors_of(operation), status, document)
    return problems, set()


def judge_error(allowed, status: int, document) -> list[str]:
    if not isinstance(document, dict):
        return ["an error is an object"]
    # Documented, and a fault of ours all the same.
    problems = [f"a fault of the service, status {status}"] if status >= 500 else []
    code = document.get("__type")
    if not isinstance(code, str) or code.rpartition("#")[2] not in allowed:
        problems.append(f"{code} is no documented exception of this operation")
    # What the API Reference says: 500 for the service's own faults, 400 for all others. Some common errors are 403.
    expected = {"InternalServerError": (500,), "RequestEntityTooLargeException": (413,)}.get(code, (400, 403))
    if status not in expected:
        problems.append(f"{code} came with status {status}")
    message = document.get("message", document.get("Message"))
    if not isinstance(message, str) or len(message) < 10:
        problems.append(f"the message is {message!r}")
    return problems


def code_of(body: bytes) -> str:
    try:
        return str(json.loads(body).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError):
        return ""
