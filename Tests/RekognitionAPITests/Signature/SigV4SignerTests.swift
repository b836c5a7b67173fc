import Foundation
import Testing

@testable import RekognitionAPI

@Suite("Signing with Signature Version 4") struct SigV4SignerTests {
    @Test(
        "Each case of AWS's own suite is signed as they sign it",
        arguments: SignatureVectors.suite.cases.filter { ["valid", "session-token"].contains($0.expect) })
    func suite(_ vector: SignatureVectors.Suite.Case) throws {
        let suite = SignatureVectors.suite
        var request = vector.request
        let expected = try #require(request["authorization"])
        let token = request["x-amz-security-token"]
        for name in ["authorization", "x-amz-date", "x-amz-security-token"] { request[name] = nil }
        let signer = SigV4Signer(
            credentials: .init(
                accessKeyID: suite.accessKeyID, secretAccessKey: suite.secretAccessKey, sessionToken: token),
            region: suite.region, service: suite.service)
        let signed = try signer.signed(request, at: #require(SignatureTime(basic: suite.time)).date)
        #expect(signed["authorization"] == expected)
        #expect(signed["x-amz-security-token"] == token)
    }

    @Test("A request of ours to S3 is, byte for byte, what boto3 sends") func s3() throws {
        let theirs = try SignatureVectors.captured("boto3-s3-get-object")
        let bucket = EndpointBucket(
            address: try #require(URL(string: "http://127.0.0.1:48731/photos")),
            credentials: SignatureVectors.clientKey,
            region: SignatureVectors.clientRegion, timeout: .seconds(1))
        let time = try #require(SignatureTime(basic: SignatureVectors.clientTime)).date
        let (url, ours) = try bucket.request(
            ObjectKey("2026/Łucja b+c%2F~(1)'.jpg"), version: "3/L4kqtJl==", at: time)
        #expect(ours.path == theirs.path && ours.query == theirs.query)
        #expect(url == "http://127.0.0.1:48731\(theirs.path)?\(theirs.query)")
        for name in ["host", "x-amz-date", "x-amz-content-sha256", "authorization"] {
            #expect(ours[name] == theirs[name]?.trimmingCharacters(in: .whitespaces))
        }
    }

    @Test("What connections change is not signed, and what cannot be signed is refused") func refusals() throws {
        let signed = try SignedRequest.signed(headers: [("User-Agent", "x"), ("Connection", "close")])
        #expect(signed["authorization"]?.contains("SignedHeaders=host;x-amz-date;x-amz-target,") == true)
        let signer = SigV4Signer(credentials: SignatureVectors.clientKey, region: "r", service: "s")
        for headers in [
            [], [("Host", "a"), ("host", "b")], [("Host", "a\nb")], [("Host", "a"), ("Authorization", "b")],
        ] {
            let request = SignedRequest(method: "GET", path: "/", headers: headers)
            #expect(throws: SignatureError.self) { try signer.signed(request, at: Date()) }
        }
    }
}

@Suite("A signature's time") struct SignatureTimeTests {
    @Test(
        "Moments are written and read back, leap days too",
        arguments: [0, 951_782_400, 1_440_938_160, 4_107_542_399, 253_402_300_799])
    func roundTrip(_ seconds: Int) throws {
        let time = SignatureTime(Date(timeIntervalSince1970: Double(seconds)))
        #expect(time.seconds == seconds)
        #expect(try #require(SignatureTime(basic: time.text)) == time)
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withYear, .withMonth, .withDay, .withTime]
        #expect(time.text == formatter.string(from: time.date) + "Z", "As Foundation writes it")
    }

    @Test("Days of four centuries have the number that they are written with") func everyDay() throws {
        for day in stride(from: 0, to: 146_097, by: 11) {
            let time = SignatureTime(Date(timeIntervalSince1970: Double(day) * 86_400))
            #expect(SignatureTime(basic: time.text)?.seconds == day * 86_400)
        }
        #expect(SignatureTime(basic: "20150830T123600Z")?.seconds == 1_440_938_160)
        #expect(SignatureTime(http: "Sun, 30 Aug 2015 12:36:00 GMT")?.seconds == 1_440_938_160)
    }

    @Test(
        "What is no date is none",
        arguments: [
            "20150230T000000Z", "20150431T000000Z", "21000229T000000Z", "20151301T000000Z", "20150001T000000Z",
            "20150100T000000Z", "20150101T240000Z", "20150101T006000Z", "20150101T000060Z", "19691231T235959Z", "",
            "2015-01-01T000000", "20150101t000000Z", "20150101T000000z", "２０１５0101T000000Z",
        ])
    func noDate(_ text: String) { #expect(SignatureTime(basic: text) == nil) }

    @Test(
        "What is no HTTP date is none",
        arguments: [
            "Mon, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 UTC", "Sunday, 30-Aug-15 12:36:00 GMT",
            "Sun, 31 Sep 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 GMT ", "Sun  30 Aug 2015 12:36:00 GMT", "",
        ])
    func noHTTPDate(_ text: String) { #expect(SignatureTime(http: text) == nil) }

    @Test("Clocks beyond the calendar are brought to its ends")
    func ends() {
        #expect(SignatureTime(.distantPast).text == "19700101T000000Z")
        #expect(SignatureTime(Date(timeIntervalSince1970: .infinity)).text == "99991231T235959Z")
        #expect(SignatureTime(Date(timeIntervalSince1970: .nan)).text.count == 16)
    }
}
