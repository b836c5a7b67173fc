"""Who is calling: requests that boto3 really sent, with single bits flipped, and keys that do not fit."""

from __future__ import annotations

import datetime
import random
import unittest

import botocore.exceptions

from harness import Service, command

SEED = 4
AUTHENTICATION = {
    "MissingAuthenticationTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
}
# What a request may be answered with when a bit of its protocol's headers differs: it is not understood.
PROTOCOL = AUTHENTICATION | {"UnknownOperationException", "SerializationException", "InvalidParameterException"}


class Signatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)

    def sent_by_boto3(self) -> tuple[list[tuple[str, str]], bytes]:
        """A request as boto3 sends it: its headers and its body."""
        taken = []
        client = self.service.client()

        def take(request, **_):
            taken.append(request)

        client.meta.events.register("before-send.rekognition", take)
        client.list_collections(MaxResults=5)
        text = lambda value: value.decode() if isinstance(value, bytes) else str(value)
        return [(name, text(value)) for name, value in taken[0].headers.items()], taken[0].body

    def refused(self, answer, *codes: str) -> None:
        self.assertIn(answer.code, codes, repr(answer))
        self.assertIn(answer.status, (400, 403))
        self.assertEqual(answer.headers["content-type"], "application/x-amz-json-1.1")
        self.assertTrue(answer.headers["x-amzn-requestid"])
        self.assertNotIn(self.service.secret, answer.body.decode())

    def test_the_request_itself_is_answered_and_may_come_again(self):
        headers, body = self.sent_by_boto3()
        for _ in range(2):
            self.assertEqual(self.service.send(headers, body).status, 200)

    def test_a_flipped_bit_of_the_authorization_is_refused(self):
        headers, body = self.sent_by_boto3()
        draw = random.Random(SEED)
        names = [name.lower() for name, _ in headers]
        where = names.index("authorization")
        name, value = headers[where]
        for at in range(len(value)):
            for bit in draw.sample(range(7), 2):
                flipped = value[:at] + chr(ord(value[at]) ^ 1 << bit) + value[at + 1 :]
                if "\r" in flipped or "\n" in flipped:
                    continue
                changed = headers[:where] + [(name, flipped)] + headers[where + 1 :]
                with self.subTest(f"seed {SEED}, byte {at}, bit {bit}: {flipped}"):
                    answer = self.service.send(changed, body)
                    # The scheme's and the parameters' names are told apart without regard to case by some servers;
                    # here nothing but the very bytes will do.
                    self.assertNotEqual(answer.status, 200)
                    if answer.body.startswith(b"{"):
                        self.refused(answer, *AUTHENTICATION)
                    else:
                        self.assertEqual(answer.status, 400, repr(answer))

    def test_a_flipped_bit_of_the_body_or_a_signed_header_is_refused(self):
        headers, body = self.sent_by_boto3()
        draw = random.Random(SEED)
        for at in range(len(body)):
            for bit in draw.sample(range(8), 3):
                flipped = bytearray(body)
                flipped[at] ^= 1 << bit
                self.refused(self.service.send(headers, bytes(flipped)), "InvalidSignatureException")
        unmeasured = [(name, value) for name, value in headers if name.lower() != "content-length"]
        self.refused(self.service.send(unmeasured, body + b" "), "InvalidSignatureException")
        for where, (name, value) in enumerate(headers):
            if name.lower() not in ("x-amz-date", "x-amz-target", "content-type"):
                continue
            for at in range(len(value)):
                bit = draw.randrange(7)
                flipped = value[:at] + chr(ord(value[at]) ^ 1 << bit) + value[at + 1 :]
                if not flipped.isprintable() or flipped.strip() == value:
                    continue
                with self.subTest(f"seed {SEED}, {name}: {flipped}"):
                    answer = self.service.send(headers[:where] + [(name, flipped)] + headers[where + 1 :], body)
                    self.assertNotEqual(answer.status, 200)
                    self.assertLess(answer.status, 500)

    def test_another_method_or_path_is_refused(self):
        headers, body = self.sent_by_boto3()
        for method, path in (("POST", "/?a=b"), ("POST", "/x"), ("PUT", "/"), ("POST", "/./")):
            answer = self.service.send(headers, body, method=method, path=path)
            self.assertIn(answer.status, (400, 403, 404, 405), f"{method} {path}: {answer}")

    def test_a_header_that_comes_twice_is_refused(self):
        headers, body = self.sent_by_boto3()
        for name, value in headers:
            if name.lower() in ("authorization", "x-amz-date", "x-amz-target", "content-type"):
                for other in (value, "x"):
                    answer = self.service.send([*headers, (name, other)], body)
                    self.assertNotEqual(answer.status, 200, name)
                    self.assertLess(answer.status, 500, name)

    def test_keys_that_do_not_fit(self):
        call = lambda **options: self.service.call("ListCollections", {}, **options)
        self.assertEqual(call().status, 200)
        self.refused(call(key="AKIAAAAAAAAAAAAAAAAA"), "UnrecognizedClientException")
        self.refused(call(secret="x" * 40), "InvalidSignatureException")
        self.refused(call(region="eu-central-1"), "InvalidSignatureException", "IncompleteSignatureException")
        self.refused(call(service="s3"), "InvalidSignatureException", "IncompleteSignatureException")
        self.refused(call(token="a session token"), "UnrecognizedClientException", "InvalidSignatureException")
        headers = self.service.signed("ListCollections", b"{}")
        unsigned = {name: value for name, value in headers.items() if name != "Authorization"}
        self.refused(self.service.send(unsigned, b"{}"), "MissingAuthenticationTokenException")
        for value in (
            "",
            "x",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=",
            "Basic eDp5",
            "AWS4-HMAC-SHA256 " + "," * 5_000,
        ):
            answer = self.service.send({**unsigned, "Authorization": value}, b"{}")
            self.refused(
                answer,
                "IncompleteSignatureException",
                "MissingAuthenticationTokenException",
                "InvalidSignatureException",
            )
        undated = {name: value for name, value in headers.items() if name != "X-Amz-Date"}
        self.refused(self.service.send(undated, b"{}"), "IncompleteSignatureException", "InvalidSignatureException")

    def test_clocks_that_differ_by_more_than_five_minutes(self):
        call = lambda seconds: self.service.call("ListCollections", {}, at=datetime.timedelta(seconds=seconds))
        for seconds in (-290, 290):
            self.assertEqual(call(seconds).status, 200, f"{seconds} s")
        for seconds in (-310, 310, -86_400, 86_400):
            self.refused(call(seconds), "InvalidSignatureException")

    def test_who_is_not_known_learns_nothing(self):
        """An unknown key is told so before anything is read of what it asks for."""
        for operation in ("DescribeCollection", "NoSuchOperation", "RecognizeCelebrities"):
            answer = self.service.call(operation, b"{no json", key="AKIAAAAAAAAAAAAAAAAA")
            self.refused(answer, "UnrecognizedClientException")

    def test_keys_are_made_disabled_and_rotated_beside_the_service(self):
        key, secret = self.service.another_key()
        self.assertEqual(self.service.call("ListCollections", {}, key=key, secret=secret).status, 200)
        self.assertNotIn(secret, command("key", "list", "--json", data=self.service.data).stdout)
        command("key", "disable", key, data=self.service.data)
        answer = self.service.call("ListCollections", {}, key=key, secret=secret)
        self.refused(answer, "UnrecognizedClientException")
        name = answer.headers["x-amzn-requestid"]
        log = self.service.log(name)
        self.assertIn(name, log, "the refused request's own line is there")
        self.assertNotIn(secret, log)

    def test_boto3_raises_what_users_catch(self):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client = self.service.client()
            client._request_signer._credentials.secret_key = "x" * 40
            client.list_collections()
        self.assertEqual(caught.exception.response["Error"]["Code"], "InvalidSignatureException")


if __name__ == "__main__":
    unittest.main()
