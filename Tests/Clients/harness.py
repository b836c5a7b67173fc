"""Starts `countenance serve` for the tests, and talks to it: through boto3 as users do, or byte by byte."""

from __future__ import annotations

import configparser
import contextlib
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

import shapes

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("COUNTENANCE_PROGRAM", str(ROOT / "bin" / "countenance"))
PARTS = Path(os.environ.get("COUNTENANCE_PARTS", ROOT / ".parts"))
PATIENCE = 60
ADDRESS = re.compile(r"https?://[0-9.]+:\d+")


class Answer:
    def __init__(self, status: int, headers: dict, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def code(self) -> str:
        """The exception's name; nothing when there is none."""
        return "" if self.status == 200 else shapes.code_of(self.body)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def message(self) -> str:
        document = self.json
        return document.get("message", document.get("Message", ""))

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:500]!r}"


class Service:
    """A server of its own, with an empty data directory unless one is given."""

    def __init__(self, *options: str, data: Path | None = None, secure: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="countenance-clients-"))
        self.data = data or self.folder / "data"
        self.notes = self.folder / "log"
        self.seen: set[str] = set()
        self.unsound: list[str] = []
        self._profile_url = ""
        environment = {
            "HOME": str(self.folder),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(self.folder / "cache")),
        }
        self.environment = environment
        command = [PROGRAM, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
        command += options
        with open(self.notes, "wb") as notes:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=notes, env=environment
            )
        self.lines: list[str] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self._announced("listening on")
        self.host, self.port = urlsplit(self.url).hostname, urlsplit(self.url).port
        self.profile = self.data / "aws-profile"
        self.key, self.secret, self.region = self._credentials()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip())
                self._changed.notify_all()
        with self._changed:
            self.lines.append("(it ended)")
            self._changed.notify_all()

    def _announced(self, words: str) -> str:
        """The address in the line of standard output that has these words."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                for line in self.lines:
                    if words in line and ADDRESS.search(line):
                        return ADDRESS.search(line)[0]
                if self.lines[-1:] == ["(it ended)"] or not self._changed.wait(deadline - time.monotonic()):
                    self.process.kill()
                    raise RuntimeError(f"serve did not say {words!r}: {self.lines}\n{self.log()[-3000:]}")

    @property
    def metrics_url(self) -> str:
        return self._announced("metrics")

    def metrics(self) -> str:
        at = urlsplit(self.metrics_url)
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()

    def _credentials(self) -> tuple[str, str, str]:
        if not self.profile.exists():
            return "", "", ""
        profile = configparser.ConfigParser()
        profile.read(self.profile)
        keys, about = profile["countenance"], profile["profile countenance"]
        self._profile_url = about["endpoint_url"]
        return keys["aws_access_key_id"], keys["aws_secret_access_key"], about["region"]

    def another_key(self) -> tuple[str, str]:
        """A key's id and secret, made beside the service."""
        made = json.loads(command("key", "create", "--label", "another", "--json", data=self.data).stdout)
        texts = [value for value in made.values() if isinstance(value, str)]
        key = next(text for text in texts if len(text) == 20 and text.startswith("AKIA"))
        return key, next(text for text in texts if len(text) == 40)

    @property
    def user_environment(self) -> dict[str, str]:
        """What a user sets so that the SDKs and the AWS CLI come here; nothing else of AWS's is set."""
        ours = {
            "AWS_CONFIG_FILE": str(self.profile),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.profile),
            "AWS_PROFILE": "countenance",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self._profile_url != self.url:
            # A service that was started again, on another port: the profile is of the first time.
            ours["AWS_ENDPOINT_URL_REKOGNITION"] = self.url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**kept, **ours}

    def log(self, *awaited: str) -> str:
        """The log, once it has what is awaited: a request's line comes after its answer."""
        end = time.monotonic() + PATIENCE
        while True:
            text = self.notes.read_text(errors="replace")
            is_whole = not awaited or text.endswith("\n")
            if (is_whole and all(each in text for each in awaited)) or time.monotonic() > end:
                return text
            time.sleep(0.01)

    # --- boto3

    def client(self, **settings):
        """boto3's client, every answer of which is judged. By default it does not try again."""
        settings = {"retries": {"total_max_attempts": 1}, "read_timeout": PATIENCE, **settings}
        with mock_environment(self.user_environment):
            client = boto3.Session().client("rekognition", config=botocore.config.Config(**settings))

        def judge(response_dict=None, event_name="", **_):
            if response_dict is None:
                return
            operation = event_name.rpartition(".")[2]
            headers = {name.lower(): value for name, value in response_dict["headers"].items()}
            problems, seen = shapes.judge(operation, response_dict["status_code"], headers, response_dict["body"])
            self.seen |= seen
            if response_dict["status_code"] == 200 and not headers.get("x-countenance-policy"):
                problems = [*problems, "the answer does not say which policy permitted it"]
            self.unsound += [f"{operation}: {each}" for each in problems]

        client.meta.events.register("response-received.rekognition", judge)
        return client

    # --- byte by byte

    def signed(
        self,
        operation: str,
        body: bytes,
        *,
        headers: dict | None = None,
        key: str | None = None,
        secret: str | None = None,
        region: str | None = None,
        service: str = "rekognition",
        path: str = "/",
        token: str | None = None,
        at: datetime.timedelta = datetime.timedelta(),
    ) -> dict[str, str]:
        """The headers of a request that botocore signs, `at` from now."""
        request = botocore.awsrequest.AWSRequest(
            "POST",
            self.url + path,
            data=body,
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"RekognitionService.{operation}",
                **(headers or {}),
            },
        )
        credentials = botocore.credentials.Credentials(key or self.key, secret or self.secret, token)
        signer = botocore.auth.SigV4Auth(credentials, service, region or self.region)
        with shifted_clock(at):
            signer.add_auth(request)
        return dict(request.headers.items())

    def send(self, headers, body: bytes, *, method: str = "POST", path: str = "/", timeout: float = PATIENCE) -> Answer:
        """Sends just these headers (a dictionary, or pairs where a name comes twice), and Host and Content-Length where
        they are not among them."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        names = {name.lower() for name, _ in pairs}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
            for name, value in pairs:
                connection.putheader(name, value)
            if "content-length" not in names:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def call(self, operation: str, body, **options) -> Answer:
        """Sends a request as it is, signed."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(self.signed(operation, data, **options), data)

    def get(self, path: str) -> Answer:
        return self.send({}, b"", method="GET", path=path)

    # --- the end

    def stop(self, patience: float = PATIENCE) -> int:
        """Asks it to end, as systemd does, and says how it ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def is_alive(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.process.poll() is None and self.get("/health").status == 200
        return False

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)


def command(*arguments: str, data: Path, check: bool = True) -> subprocess.CompletedProcess:
    """Runs one of the program's other commands."""
    cache = os.environ.get("XDG_CACHE_HOME", str(data.parent / "cache"))
    environment = {"HOME": str(data.parent), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "XDG_CACHE_HOME": cache}
    return subprocess.run(
        [PROGRAM, *arguments, "--data", str(data)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=check,
    )


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def mock_environment(environment: dict[str, str]):
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def shifted_clock(by: datetime.timedelta):
    """Lets botocore sign for another time. It asks one function, in the version that is pinned."""
    if not by:
        yield
        return
    original = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *arguments, **options: original(*arguments, **options) + by
    try:
        yield
    finally:
        botocore.auth.get_current_datetime = original
