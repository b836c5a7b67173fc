"""Good and bad values of each input member, at its bounds n - 1, n and n + 1, read from the service model."""

from __future__ import annotations

import base64
import copy
import uuid
from dataclasses import dataclass

import shapes

# Rekognition has these attributes, and Countenance refuses them by name.
NEVER_GIVEN = (
    "AGE_RANGE",
    "BEARD",
    "EMOTIONS",
    "EYE_DIRECTION",
    "EYEGLASSES",
    "GENDER",
    "MUSTACHE",
    "SMILE",
    "SUNGLASSES",
)
FACE = "3f0c5a52-7f5c-4b9e-9f43-000000000000"


@dataclass(frozen=True)
class Case:
    """An input with one member changed."""

    operation: str
    member: str
    why: str
    request: dict
    # None where the value is allowed.
    bound: str | None

    def __str__(self) -> str:
        return f"{self.operation}.{self.member}: {self.why}"


def base_requests(collection: str, face: str, user: str, arn: str, photograph: bytes) -> dict[str, dict]:
    """A request for each operation that holds every member, each allowed."""
    image = {"Bytes": base64.b64encode(photograph).decode()}
    ours = {"CollectionId": collection}
    token = {"ClientRequestToken": "token"}
    page = {"MaxResults": 10}
    return {
        "CreateCollection": {"CollectionId": "bounds", "Tags": {"a": "b"}},
        "DescribeCollection": ours,
        "ListCollections": page,
        "DeleteCollection": {"CollectionId": "bounds"},
        "TagResource": {"ResourceArn": arn, "Tags": {"a": "b"}},
        "UntagResource": {"ResourceArn": arn, "TagKeys": ["a"]},
        "ListTagsForResource": {"ResourceArn": arn},
        "DetectFaces": {"Image": image, "Attributes": ["ALL"]},
        "CompareFaces": {
            "SourceImage": image,
            "TargetImage": image,
            "SimilarityThreshold": 80,
            "QualityFilter": "NONE",
        },
        "IndexFaces": {
            **ours,
            "Image": image,
            "ExternalImageId": "x",
            "DetectionAttributes": ["ALL"],
            "MaxFaces": 1,
            "QualityFilter": "NONE",
        },
        "ListFaces": {**ours, **page, "UserId": user, "FaceIds": [face]},
        "DeleteFaces": {**ours, "FaceIds": [FACE]},
        "SearchFaces": {**ours, "FaceId": face, "MaxFaces": 1, "FaceMatchThreshold": 80},
        "SearchFacesByImage": {
            **ours,
            "Image": image,
            "MaxFaces": 1,
            "FaceMatchThreshold": 80,
            "QualityFilter": "NONE",
        },
        "CreateUser": {**ours, "UserId": "bounds", **token},
        "DeleteUser": {**ours, "UserId": "bounds", **token},
        "ListUsers": {**ours, **page},
        "AssociateFaces": {**ours, "UserId": user, "FaceIds": [FACE], "UserMatchThreshold": 80, **token},
        "DisassociateFaces": {**ours, "UserId": user, "FaceIds": [FACE], **token},
        "SearchUsers": {**ours, "UserId": user, "UserMatchThreshold": 80, "MaxUsers": 1},
        "SearchUsersByImage": {
            **ours,
            "Image": image,
            "UserMatchThreshold": 80,
            "MaxUsers": 1,
            "QualityFilter": "NONE",
        },
    }


def cases(base: dict[str, dict]):
    """All cases of all operations."""
    for operation, request in base.items():
        shape = shapes.MODEL.operation_model(operation).input_shape
        yield from _of_structure(operation, shape, request, ())


def _with(request: dict, path: tuple, value) -> dict:
    changed = copy.deepcopy(request)
    place = changed
    for name in path[:-1]:
        place = place.setdefault(name, {}) if isinstance(place, dict) else place[name]
    if value is ...:
        place.pop(path[-1], None)
    else:
        place[path[-1]] = value
    return changed


def _of_structure(operation: str, shape, request: dict, path: tuple):
    for name, member in shape.members.items():
        here = (*path, name)
        if name in ("Bytes", "S3Object"):
            continue  # The tests of images have them.
        if name in shape.required_members:
            yield Case(operation, name, "left out", _with(request, here, ...), "")
        for why, value, bound in _values(member):
            yield Case(operation, name, why, _with(request, here, value), bound)
        if member.type_name == "structure":
            yield from _of_structure(operation, member, request, here)


def _values(shape):
    """Descriptions, values, and the text that the message must have; None for values that are allowed."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name == "string":
        yield from _strings(shape, low, high)
    elif shape.type_name == "list":
        make = lambda count: [_unique(shape.member, i) for i in range(count)]
        yield from _counts(make, low, high)
        if shape.member.enum:
            yield "one of none of the values", ["NOPE"], ""
            yield from ((each, [each], None if each not in NEVER_GIVEN else each) for each in shape.member.enum)
        elif shape.member.metadata.get("pattern"):
            yield "one that does not match the pattern", ["<"], ""
    elif shape.type_name == "map":
        yield from _counts(lambda count: {f"k{i}": "v" for i in range(count)}, low, high)
        for why, key, value in (
            ("an empty key", "", "v"),
            ("a key of 129", "k" * 129, "v"),
            ("a value of 257", "k", "v" * 257),
            ("a key that AWS keeps to itself", "aws:k", "v"),
            ("a key with <", "<", "v"),
            ("a value with <", "k", "<"),
        ):
            yield why, {key: value}, ""
        yield "a key of 128 and a value of 256", {"k" * 128: "v" * 256}, None
    elif shape.type_name in ("integer", "long", "float", "double"):
        step = 0.5 if shape.type_name in ("float", "double") else 1
        if low is not None:
            yield f"{low} - {step}", low - step, str(low)
            yield f"{low}", low, None
        if high is not None:
            yield f"{high}", high, None
            yield f"{high} + {step}", high + step, str(high)
            yield "a huge number", 1e38 if step == 0.5 else 2**31 - 1, str(high)


def _unique(shape, i: int) -> str:
    if shape.enum:
        return shape.enum[i % len(shape.enum)]
    return str(uuid.UUID(int=(4 << 76) | (8 << 60) | i)) if shape.name == "FaceId" else f"k{i}"


def _counts(make, low, high):
    if low:
        yield f"{low - 1} of them", make(low - 1), str(low)
        yield f"{low} of them", make(low), None
    if high:
        yield f"{high} of them", make(high), None
        yield f"{high + 1} of them", make(high + 1), str(high)


def _strings(shape, low, high):
    pattern = shape.metadata.get("pattern")
    fixed = shape.name == "FaceId"
    if shape.enum:
        yield "none of the values", "NOPE", ""
        yield "in small letters", shape.enum[0].lower(), ""
        yield "empty", "", ""
        yield from ((each, each, None) for each in shape.enum)
        return
    if low and not fixed:
        yield f"{low - 1} characters", "a" * (low - 1), str(low)
        yield f"{low} characters", "a" * low, None
    if high and not fixed:
        yield f"{high} characters", "a" * high, None
        yield f"{high + 1} characters", "a" * (high + 1), str(high)
    if pattern:
        yield "not of the pattern", FACE.upper() if fixed else "a/b", ""
        yield "with a line's end", f"{FACE if fixed else 'abcd'}\n", ""
        yield "with a letter beyond ASCII", FACE[:-1] + "é" if fixed else "abcé", ""
        if fixed:
            yield "empty", "", ""
            yield "too long", FACE + "0", ""
