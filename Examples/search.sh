#!/bin/sh
# Which of these photographs show the person of the first one?
#
#     search.sh PROBE PHOTOGRAPH...
#
# Written for Amazon Rekognition with the AWS CLI. The collection is for this run only.
set -eu

probe=$1
shift
collection=search-example
trap 'aws rekognition delete-collection --collection-id "$collection" > /dev/null' EXIT
aws rekognition create-collection --collection-id "$collection" > /dev/null

for photograph in "$@"; do
    face=$(aws rekognition index-faces --collection-id "$collection" --image-bytes "fileb://$photograph" \
        --external-image-id "$(basename "$photograph")" --max-faces 1 \
        --query 'FaceRecords[0].Face.FaceId' --output text)
    echo "indexed $(basename "$photograph"): $face"
done
aws rekognition list-faces --collection-id "$collection" --query 'length(Faces)' --output text |
    sed 's/$/ faces are searched/'

aws rekognition search-faces-by-image --collection-id "$collection" --image-bytes "fileb://$probe" \
    --face-match-threshold 90 --query 'FaceMatches[].[Face.ExternalImageId, Similarity]' --output text |
    while read -r name similarity; do
        echo "$name matches, similarity $similarity"
    done

# What is no longer needed is deleted: the faces, and then the collection.
aws rekognition delete-faces --collection-id "$collection" --query 'length(DeletedFaces)' --output text \
    --face-ids $(aws rekognition list-faces --collection-id "$collection" --query 'Faces[].FaceId' --output text) |
    sed 's/$/ faces deleted/'
