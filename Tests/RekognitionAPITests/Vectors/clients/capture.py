"""Writes down what boto3 and the AWS CLI send: Tests/RekognitionAPITests/Vectors/clients/capture.py

Each request goes to a socket on loopback that keeps its bytes as they come, in NAME.http beside this file. Key and time
are fixed, so that the signatures can be verified at any time; both clients are the packages from PyPI, unchanged but
for the clock that botocore signs with and the kernel that it names. Run again with other versions of them, and the tests say what has changed.
"""

import base64
import datetime
import os
import pathlib
import platform
import socket
import sys
import threading

HERE = pathlib.Path(__file__).parent
PORT = 48731
ENDPOINT = f"http://127.0.0.1:{PORT}"
# AWS's own example key, which is nobody's.
KEY = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(KEY)

platform.release = lambda: "6"

import boto3
import botocore.auth
import botocore.config

TIME = datetime.datetime(2026, 11, 26, 11, 0, 0)
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
    TIME if remove_tzinfo else TIME.replace(tzinfo=datetime.timezone.utc)
)

# The smallest GIF that browsers take: what it shows does not matter to a signature.
IMAGE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def captured(call):
    """The bytes that `call` sends."""
    received = []

    def serve():
        with listener.accept()[0] as connection:
            data = b""
            while b"\r\n\r\n" not in data:
                data += connection.recv(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            while len(body) < int((lengths or [0])[0]):
                body += connection.recv(65536)
            received.append(head + b"\r\n\r\n" + body)
            connection.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", PORT)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        call()
        thread.join(timeout=30)
    return received[0]


def boto(operation, **members):
    client = boto3.client("rekognition", endpoint_url=ENDPOINT)
    return lambda: getattr(client, operation)(**members)


def s3(**members):
    """A GetObject as the endpoint of a bucket gets it: by path, and without headers that only checksums need."""
    config = botocore.config.Config(s3={"addressing_style": "path"}, response_checksum_validation="when_required")
    client = boto3.client("s3", endpoint_url=ENDPOINT, config=config)
    return lambda: client.get_object(**members)


def cli(*words):
    def run():
        from awscli.clidriver import create_clidriver

        status = create_clidriver().main(["rekognition", *words, "--endpoint-url", ENDPOINT])
        if status != 0:
            sys.exit(f"aws {' '.join(words)}: exit code {status}")

    return run


def main():
    image = HERE / "one-pixel.gif"
    image.write_bytes(IMAGE)
    requests = {
        "boto3-create-collection": boto("create_collection", CollectionId="staff", Tags={"Standort": "Köln"}),
        "boto3-detect-faces": boto("detect_faces", Image={"Bytes": IMAGE}, Attributes=["ALL"]),
        "boto3-list-faces": boto("list_faces", CollectionId="staff", UserId="Zoë Łuczak 伊", MaxResults=10),
        "boto3-search-faces": boto("search_faces", CollectionId="staff", FaceId="00000000-0000-4000-8000-000000000000"),
        "boto3-s3-get-object": s3(Bucket="photos", Key="2026/Łucja b+c%2F~(1)'.jpg", VersionId="3/L4kqtJl=="),
        "cli-list-collections": cli("list-collections", "--max-results", "5", "--no-paginate"),
        "cli-index-faces": cli(
            "index-faces", "--collection-id", "staff", "--external-image-id", "badge:17", "--image-bytes", f"fileb://{image}"
        ),
        "cli-create-user": cli("create-user", "--collection-id", "staff", "--user-id", "josé", "--client-request-token", "t-1"),
    }
    for name, call in requests.items():
        (HERE / f"{name}.http").write_bytes(captured(call))
    image.unlink()
    print(f"{len(requests)} requests of boto3 {boto3.__version__} and the AWS CLI", file=sys.stderr)


main()
