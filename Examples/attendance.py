#!/usr/bin/env python3
"""Who is here? Indexes a folder of portraits, then says whom a photograph shows.

    attendance.py index COLLECTION FOLDER          # FOLDER/ada.jpg is a portrait of ada
    attendance.py search COLLECTION PHOTOGRAPH [--threshold 90]

Written for Amazon Rekognition with boto3, as many such programs are.
"""

import argparse
import math
import sys
from pathlib import Path

import boto3

rekognition = boto3.client("rekognition")


def index(collection, folder):
    try:
        rekognition.create_collection(CollectionId=collection)
    except rekognition.exceptions.ResourceAlreadyExistsException:
        pass
    for photograph in sorted(folder.glob("*.jp*g")):
        answer = rekognition.index_faces(
            CollectionId=collection,
            Image={"Bytes": photograph.read_bytes()},
            ExternalImageId=photograph.stem,
            MaxFaces=1,
            QualityFilter="AUTO",
        )
        for record in answer["FaceRecords"]:
            print(f"{photograph.stem}: {record['Face']['FaceId']}")
        for left in answer["UnindexedFaces"]:
            print(f"{photograph.stem}: a face was left out: {', '.join(left['Reasons'])}", file=sys.stderr)


def search(collection, photograph, threshold):
    try:
        answer = rekognition.search_faces_by_image(
            CollectionId=collection,
            Image={"Bytes": photograph.read_bytes()},
            FaceMatchThreshold=threshold,
            MaxFaces=5,
        )
    except rekognition.exceptions.InvalidParameterException as error:
        sys.exit(f"{photograph.name}: {error.response['Error']['Message']}")
    for match in answer["FaceMatches"]:
        # Cut off and not rounded, so that only 100 is written so.
        similarity = math.floor(match["Similarity"] * 100) / 100
        print(f"{match['Face']['ExternalImageId']}: similarity {similarity:.2f}")
    if not answer["FaceMatches"]:
        print("nobody we know")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["index", "search"])
    parser.add_argument("collection")
    parser.add_argument("path", type=Path)
    parser.add_argument("--threshold", type=float, default=90)
    arguments = parser.parse_args()
    if arguments.what == "index":
        index(arguments.collection, arguments.path)
    else:
        search(arguments.collection, arguments.path, arguments.threshold)
