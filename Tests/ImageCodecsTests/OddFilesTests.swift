import FaceRecognition
import Foundation
import ImageCodecs
import Testing

/// The folder of broken and unusual files; see CONTRIBUTING for how to get it.
private let oddFolder = ProcessInfo.processInfo.environment["COUNTENANCE_DATASETS"].map {
    URL(fileURLWithPath: $0).appendingPathComponent("odd")
}

@Suite("Odd files")
struct OddFilesTests {
    @Test(
        "Each odd file gives an image or one clear refusal, and none hangs",
        .enabled(if: oddFolder != nil, "COUNTENANCE_DATASETS is not set"), .timeLimit(.minutes(5)))
    func oddFiles() throws {
        let folder = try #require(oddFolder)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        for file in files.sorted(by: { $0.path < $1.path }) {
            let data = try Data(contentsOf: file)
            do {
                let image = try ImageDecoding().decode(data)
                #expect(image.width > 0, "\(file.lastPathComponent)")
            } catch let error as RecognitionError {
                #expect([.notAnImage, .imageTooLarge, .imageDamaged].contains(error.code), "\(file.lastPathComponent)")
                #expect(error.message.hasSuffix("."), "\(file.lastPathComponent)")
            }
        }
    }
}
