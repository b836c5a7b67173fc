"""Slow and hostile clients, of whom the others must notice nothing; and the end of the service."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import photographs
from photographs import DATASETS, DATASETS_MISSING, sample
from harness import Service, mock_environment

IDLE = 10_000
# What a good client waits at most while others misbehave, on a machine that runs other things as well.
PATIENCE = 60
# How long an answer is waited for that need not come.
SILENCE = 10
IMAGE_CODES = {"", "InvalidImageFormatException", "ImageTooLargeException", "ThrottlingException"}


def image(photograph: bytes) -> bytes:
    return json.dumps({"Image": {"Bytes": base64.b64encode(photograph).decode()}}).encode()


class GoodClient:
    """Goes on asking with a key of its own, in a thread of its own, and keeps the longest time that an answer took.
    A key has a share of the service's places: who misbehaves takes none from other keys."""

    def __init__(self, service: Service) -> None:
        self.key = service.another_key()
        self.service, self.body = service, image(photographs.group(4))
        self.answered, self.longest, self.failures = 0, 0.0, []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go)

    def _go(self) -> None:
        while not self._over.is_set():
            for operation, body in (("ListCollections", b"{}"), ("DetectFaces", self.body)):
                start = time.monotonic()
                try:
                    answer = self.service.call(operation, body, key=self.key[0], secret=self.key[1])
                    if answer.status != 200:
                        self.failures.append(repr(answer))
                except OSError as error:
                    self.failures.append(repr(error))
                self.longest = max(self.longest, time.monotonic() - start)
                self.answered += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        # For this process and for the server, which inherits it.
        resource.setrlimit(resource.RLIMIT_NOFILE, (cls.limits[1], cls.limits[1]))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, cls.limits)
        cls.addClassCleanup(lambda: cls.service.close())
        cls.service = cls.started()

    @classmethod
    def started(cls) -> Service:
        service = Service()
        service.call("DetectFaces", image(sample("obama.jpg")))  # the networks are compiled now
        return service

    def setUp(self):
        if not self.service.is_alive():  # after a test that failed
            self.service.close()
            type(self).service = self.started()

    def tearDown(self):
        self.assertTrue(self.service.is_alive(), self.service.log()[-2_000:])

    def good(self, client: GoodClient, at_least: int = 2) -> None:
        self.assertEqual(client.failures[:3], [])
        self.assertGreaterEqual(client.answered, at_least)
        self.assertLess(client.longest, PATIENCE)

    def head(self, body: bytes, length: int | None = None) -> bytes:
        headers = self.service.signed("DetectFaces", body)
        headers |= {"Host": f"{self.service.host}:{self.service.port}", "Content-Length": str(length or len(body))}
        return ("POST / HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items())).encode() + b"\r\n"

    def send_until_closed(self, connection: socket.socket, parts) -> tuple[int, bytes]:
        """How many bytes it took, and what it answered."""
        sent, answer = 0, b""
        with contextlib.suppress(OSError):
            for part in parts:
                connection.sendall(part)
                sent += len(part)
        with contextlib.suppress(OSError):
            connection.settimeout(SILENCE)
            while b"\r\n\r\n" not in answer and (part := connection.recv(65_536)):
                answer += part
        connection.close()
        return sent, answer

    def test_slow_bodies(self):
        body = image(sample("obama.jpg"))
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(self.service.connect()) for _ in range(200)]
            head = self.head(body)
            for connection in connections:
                connection.sendall(head)
            with GoodClient(self.service) as client:
                for i in range(6):
                    for connection in connections:
                        with contextlib.suppress(OSError):
                            connection.sendall(body[i : i + 1])
                    time.sleep(0.5)
            self.good(client)

    def test_slow_heads(self):
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(self.service.connect()) for _ in range(200)]
            with GoodClient(self.service) as client:
                for byte in b"POST / HTTP/1.1\r\n"[:8]:
                    for connection in connections:
                        with contextlib.suppress(OSError):
                            connection.sendall(bytes([byte]))
                    time.sleep(0.25)
            self.good(client)

    def test_endless_headers(self):
        start = b"POST / HTTP/1.1\r\nHost: x\r\n"
        lines = (b"X-%d: %s\r\n" % (i, b"a" * 1_000) for i in range(20_000))
        sent, answer = self.send_until_closed(self.service.connect(), [start, *lines])
        self.assertLess(sent, 8 << 20, "it does not read on for ever")
        self.assertIn(answer[9:12], (b"", b"400", b"413", b"431"))

    def test_heads_without_an_end(self):
        """Also made of what a parser skips, and behind what it has refused."""
        start = b"POST / HTTP/1.1\r\nHost: x\r\n"
        chunked = start + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n"
        draws = [
            (start + b"X: ", b"a"),
            (start + b"X", b"a"),
            (start + b"X:", b" "),
            (start + b"X: a", b" "),
            (b"POST /", b"a"),
            (b"POST / ", b" "),
            (b"POST ", b" "),
            (b"", b"\r\n"),
            (b"no http\r\n\r\n", b"a"),
            (chunked + b"10;", b"a"),
            (chunked + b"0\r\nX: ", b"a"),
        ]
        with GoodClient(self.service) as client:
            for beginning, endless in draws:
                part = endless * (65_536 // len(endless))
                sent, answer = self.send_until_closed(self.service.connect(), [beginning, *[part] * 400])
                self.assertLess(sent, 8 << 20, f"{beginning!r} is read for as long as it comes")
                self.assertIn(answer[9:12], (b"", b"400", b"403"), f"{beginning!r}: {answer[:200]!r}")
        self.good(client)

    def test_clients_that_wait_to_be_told_to_go_on(self):
        body = image(sample("obama.jpg"))
        waiting = lambda head: head[:-2] + b"Expect: 100-continue\r\n\r\n"
        with self.service.connect() as connection:
            for _ in range(2):
                connection.sendall(waiting(self.head(body)))
                self.assertEqual(connection.recv(65_536), b"HTTP/1.1 100 Continue\r\n\r\n")
                connection.sendall(body)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                self.assertEqual(answer.status, 200)
                self.assertTrue(json.loads(answer.read())["FaceDetails"])
        unwanted = (
            self.head(body).replace(self.service.key.encode(), b"AKIAAAAAAAAAAAAAAAAA"),
            self.head(body, length=1 << 40),
        )
        for head in unwanted:
            with self.service.connect() as connection:
                connection.sendall(waiting(head))
                self.assertIn(connection.recv(65_536)[9:12], (b"400", b"403", b"413"), "told at once")

    def end_of(self, head: bytes, part: bytes) -> bytes:
        """Sends one part after the other until the service ends the connection, and gives what it answered."""
        connection, start, answer = self.service.connect(), time.monotonic(), b""
        with connection:
            try:
                connection.sendall(head)
                while time.monotonic() - start < PATIENCE:
                    connection.sendall(part)
            except OSError:
                with contextlib.suppress(OSError):
                    answer = connection.recv(65_536)
                return answer
        self.fail(f"the connection was not ended within {PATIENCE} s: {head[:200]!r}")

    def test_bodies_without_an_end(self):
        answer = self.end_of(self.head(b"{}", length=1 << 40), b" " * 65_536)
        self.assertIn(answer[9:12], (b"", b"400", b"413"))
        head = self.head(b"{}").replace(b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n")
        answer = self.end_of(head, b"10000\r\n" + b" " * 65_536 + b"\r\n")
        self.assertIn(answer[9:12], (b"", b"400", b"413"))

    def test_bodies_without_an_end_that_nobody_wants(self):
        head = self.head(b"{}", length=1 << 40)
        for each in (
            head.replace(self.service.key.encode(), b"AKIAAAAAAAAAAAAAAAAA"),
            head.replace(b"POST /", b"GET /health"),
        ):
            self.end_of(each, b" " * 65_536)

    def test_bodies_that_say_they_are_huge(self):
        """While others are being answered: what is added to their sizes must not overflow."""
        with GoodClient(self.service) as client:
            for length in (14_745_601, 1 << 31, 1 << 32, 1 << 62, (1 << 63) - 1, 1 << 64, 10**40):
                for _ in range(10):
                    _, answer = self.send_until_closed(self.service.connect(), [self.head(b"{}", length=length)])
                    self.assertIn(answer[9:12], (b"", b"400", b"413"), f"{length}: {answer[:200]!r}")
        self.good(client)

    def test_what_is_no_http(self):
        draws = (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600),
            b"GET\r\n\r\n",
            b"\r\n" * 5_000,
            bytes(10_000),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nabc",
            b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        )
        with GoodClient(self.service) as client:
            for each in draws:
                connection = self.service.connect()
                with contextlib.suppress(OSError):
                    connection.sendall(each)
                    connection.shutdown(socket.SHUT_WR)
                connection.settimeout(PATIENCE)
                with contextlib.suppress(ConnectionError):
                    answer = connection.recv(4_096)
                    self.assertNotIn(answer[9:12], (b"200", b"500"), f"{each[:40]!r}: {answer!r}")
                connection.close()
            time.sleep(0.5)
        self.good(client)

    def test_clients_that_leave(self):
        body = image(sample("obama.jpg"))
        request = self.head(body) + body
        with GoodClient(self.service) as client:
            for i in range(60):
                connection = self.service.connect()
                connection.sendall(request[: len(request) * (i % 4 + 1) // 4])
                if i % 2:
                    # A reset instead of a goodbye.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
        self.good(client)

    def test_each_request_of_a_connection_has_its_line(self):
        """Three sent one behind the other without waiting; and three of a client that is gone after its first answer."""
        body = b"{}"
        known, answers = len(self.service.log()), []
        for expected in (3, 1):
            connection, answer = self.service.connect(), b""
            connection.sendall((self.head(body) + body) * 3)
            while answer.count(b"InvalidParameterException\"") < expected:
                part = connection.recv(65_536)
                self.assertTrue(part, "the service closed the connection")
                answer += part
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            answers.append(re.findall(rb"(?i)x-amzn-requestid: (\S+)", answer))
        told = [each.decode() for each in answers[0] + answers[1]]
        self.assertEqual(len(answers[0]), 3)
        lines = [json.loads(each) for each in self.service.log(*told)[known:].splitlines()]
        logged = [each["request_id"] for each in lines if each["message"] == "request"]
        self.assertEqual(len(logged), len(set(logged)), "none twice")
        self.assertLessEqual(set(told), set(logged))
        self.assertLessEqual(len(logged), 6)

    def bombs(self, files: dict[str, bytes]) -> None:
        with GoodClient(self.service) as client, ThreadPoolExecutor(4) as pool:
            answers = dict(
                zip(files, pool.map(lambda each: self.service.call("DetectFaces", image(each)), files.values()))
            )
        for name, answer in answers.items():
            self.assertIn(answer.code, IMAGE_CODES, f"{name}: {answer}")
        self.good(client)
        peak = next(
            int(line.split()[1])
            for line in Path(f"/proc/{self.service.process.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
        self.assertLess(peak, 3 << 20, "kilobytes")

    def test_bombs_of_our_own(self):
        self.bombs(
            {
                "a png of a billion pixels": photographs.bomb(32_000, 32_000),
                "a png that says 4 billion": photographs.lying_png(65_535, 65_535),
                "a png that says 4 exa": photographs.lying_png(2**31 - 1, 2**31 - 1),
                "a png of one row": photographs.bomb(2_000_000, 1),
                "a png of one column": photographs.bomb(1, 2_000_000),
                **{f"again {i}": photographs.bomb(20_000, 20_000) for i in range(8)},
            }
        )

    @unittest.skipUnless(DATASETS, DATASETS_MISSING)
    def test_odd_files(self):
        folder = Path(DATASETS or "", "odd")
        self.bombs({path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.stat().st_size < 5 << 20})

    def test_ten_thousand_idle_connections(self):
        hard = self.limits[1]
        if hard != resource.RLIM_INFINITY and hard < IDLE + 500:
            self.skipTest(f"{IDLE} idle connections: this system allows {hard} open files")
        connections: list[socket.socket] = []
        try:
            with GoodClient(self.service) as client:
                refused = 0
                for _ in range(IDLE):
                    try:
                        connections.append(self.service.connect())
                    except OSError:
                        refused += 1
                time.sleep(3)
            self.good(client)
            self.assertEqual(refused, 0)
            self.assertEqual(len(connections), IDLE)
        finally:
            for connection in connections:
                connection.close()
        time.sleep(0.5)
        self.assertEqual(self.service.call("ListCollections", {}).status, 200)


class End(unittest.TestCase):
    def service(self, *options) -> Service:
        service = Service(*options)
        self.addCleanup(service.close)
        return service

    def test_a_request_that_runs_is_finished_and_new_ones_are_not_taken(self):
        service = self.service()
        body = image(photographs.large())
        with ThreadPoolExecutor(8) as pool, service.connect() as idle:
            idle.sendall(b"POST / HTTP/1.1\r\n")
            running = [pool.submit(service.call, "DetectFaces", body) for _ in range(4)]
            time.sleep(0.4)
            stopping = pool.submit(service.stop)
            answers = [each.result() for each in running]
            self.assertEqual([answer.status for answer in answers], [200] * 4)
            self.assertEqual(stopping.result(), 0)
        with self.assertRaises(OSError):
            service.connect()

    def test_what_was_indexed_is_there_after_a_restart(self):
        service = self.service()
        client = service.client()
        client.create_collection(CollectionId="c")
        made = client.index_faces(CollectionId="c", Image={"Bytes": sample("obama.jpg")})
        token = client.list_collections(MaxResults=1).get("NextToken")
        self.assertIsNone(token)
        self.assertEqual(service.stop(), 0)
        again = Service(data=service.data)
        self.addCleanup(again.close)
        self.assertEqual(again.key, service.key, "the profile is written once")
        found = again.client().search_faces_by_image(CollectionId="c", Image={"Bytes": sample("obama2.jpg")})
        self.assertEqual(
            [match["Face"]["FaceId"] for match in found["FaceMatches"]], [made["FaceRecords"][0]["Face"]["FaceId"]]
        )

    def test_a_second_service_on_the_same_data_is_refused(self):
        service = self.service()
        with self.assertRaises(RuntimeError) as refused:
            Service(data=service.data)
        self.assertIn("in use", str(refused.exception))
        self.assertTrue(service.is_alive())

    def test_a_metrics_port_that_is_taken_is_told_before_anything_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, self.assertRaises(RuntimeError) as refused:
            Service("--metrics", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertIn("metrics cannot listen", str(refused.exception))
        self.assertIn("did not say 'listening on': ['(it ended)']", str(refused.exception))

    def test_faces_of_another_model_are_listed_as_that_models(self):
        service = self.service()
        client = service.client()
        client.create_collection(CollectionId="plain")
        client.index_faces(CollectionId="plain", Image={"Bytes": sample("obama.jpg")})
        self.assertEqual(service.stop(), 0)
        again = Service("--mirror", data=service.data)
        self.addCleanup(again.close)
        client = again.client()
        self.assertEqual(client.create_collection(CollectionId="c")["FaceModelVersion"], "sface-2021dec+mirror")
        self.assertEqual(client.list_faces(CollectionId="c")["FaceModelVersion"], "sface-2021dec+mirror")
        listed = client.list_faces(CollectionId="plain")
        self.assertEqual(listed["FaceModelVersion"], "sface-2021dec")
        self.assertEqual(len(listed["Faces"]), 1)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not there to make a certificate")
    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = f"{folder}/certificate.pem", f"{folder}/key.pem"
            subprocess.run(
                [
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-days",
                    "2",
                    "-subj",
                    "/CN=127.0.0.1",
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-keyout",
                    key,
                    "-out",
                    certificate,
                ],
                check=True,
                capture_output=True,
            )
            service = self.service("--tls-certificate", certificate, "--tls-key", key)
            self.assertTrue(service.url.startswith("https://"))
            with mock_environment({**service.user_environment, "AWS_CA_BUNDLE": certificate}):
                import boto3

                self.assertEqual(boto3.Session().client("rekognition").list_collections()["CollectionIds"], [])
            context = ssl.create_default_context()
            with self.assertRaises(ssl.SSLError), service.connect() as plain:
                context.wrap_socket(plain, server_hostname="127.0.0.1")
            self.assertEqual(service.stop(), 0)

    def test_another_address_without_tls_needs_to_be_said(self):
        with self.assertRaises(RuntimeError) as refused:
            Service("--listen", "0.0.0.0:0")
        self.assertIn("TLS", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
