import FaceRecognition
import Foundation
import Testing

@testable import RekognitionAPI

@Suite("An operator's buckets") struct BucketPlaceTests {
    private let key = SignatureVectors.clientKey

    @Test("NAME=FOLDER and NAME=https://HOST/BUCKET are read") func reads() throws {
        let folder = try BucketPlace.parsing("photos=/srv/photos=2026", credentials: nil)
        #expect(folder.name == "photos" && folder.place == .folder("/srv/photos=2026"))
        let endpoint = try BucketPlace.parsing(
            "a.b-c_D=https://s3.example.org:9000/photos", credentials: key, region: "r")
        let url = try #require(URL(string: "https://s3.example.org:9000/photos"))
        #expect(endpoint.name == "a.b-c_D" && endpoint.place == .endpoint(url, credentials: key, region: "r"))
        for address in ["http://127.0.0.1:9000/p", "http://localhost/p", "http://[::1]:9000/p", "https://host"] {
            #expect(throws: Never.self) { try BucketPlace.parsing("photos=\(address)", credentials: key) }
        }
    }

    @Test(
        "What is neither is refused in a sentence",
        arguments: [
            "photos", "", "=", "photos=", "=/srv", "ab=/srv", "a b c=/srv", "a/b/c=/srv", "größe=/srv", "photos=/srv\0",
            "photos=ftp://host/p", "photos=https://", "photos=https:///p", "photos=https://user@host/p",
            "photos=https://u:p@host/p", "photos=https://host/p?x=1", "photos=https://host/p#x",
            "photos=https://host/../p",
            "photos=https://host/./p", "photos=http://host/p", "photos=http://10.0.0.1/p",
            "photos=http://127.0.0.1.org/p",
            "photos=http://127.evil.org/p", "photos=http://localhost.org/p", "photos=HTTPS//x://y",
        ])
    func refuses(_ text: String) {
        do {
            let (_, place) = try BucketPlace.parsing(text, credentials: key)
            Issue.record("\(text) became \(place)")
        } catch let error as RecognitionError {
            #expect(error.code == .invalidValue && error.message.hasSuffix("."))
        } catch { Issue.record("\(error)") }
    }

    @Test("An endpoint needs a key from the environment") func needsKey() {
        #expect(throws: RecognitionError.self) { try BucketPlace.parsing("photos=https://host/p", credentials: nil) }
        #expect("\(key)" == key.accessKeyID, "A key describes itself without its secret")
    }
}
