internal import FaceRecognition
internal import Foundation

/// A tiny picture in each format, to try out what this machine's libvips can decode: it may have been built without a
/// codec, or Debian's package of one (libheif's plugins) may be missing.
///
/// Each is 16 x 16 pixels of one orange, written by libvips 8.14's savers.
public struct FormatSample: Sendable {
    /// As people call it.
    public let format: String
    private let base64: String

    /// Decodes the sample.
    /// - Throws: `RecognitionError`: what the decoder says, or `.fault` when the pixels are not the sample's.
    public func check() throws {
        let image = try ImageDecoding().decode(Data(base64Encoded: base64) ?? Data())
        let orange: [Int] = [200, 120, 40]
        // Lossy formats miss the colour by a little.
        guard image.width == 16, image.height == 16,
            image.pixels.indices.allSatisfy({ abs(Int(image.pixels[$0]) - orange[$0 % 3]) <= 8 })
        else { throw RecognitionError(.fault, "The \(format) sample is decoded to other pixels than it holds.") }
    }

    /// One for each format that is read.
    public static let all: [FormatSample] = [
        FormatSample(
            format: "JPEG",
            base64: """
                /9j/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//\
                2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAAR\
                CAAQABADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQID\
                AAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNk\
                ZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl\
                5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC\
                AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpj\
                ZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk\
                5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwCSiiivBPbP/9k=
                """),
        FormatSample(
            format: "PNG",
            base64: """
                iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAFklEQVQoz2M4UaFBEmIY\
                1TCqYfhqAAADaGgQRNMlDgAAAABJRU5ErkJggg==
                """),
        FormatSample(
            format: "WebP",
            base64: """
                UklGRgwBAABXRUJQVlA4WAoAAAAIAAAADwAADwAAVlA4ICwAAADwAQCdASoQABAAAoBCJaACdLoB+AAF9AAA/ccf+QXq3zbd\
                v/iGej1LgAAAAEVYSUa6AAAARXhpZgAASUkqAAgAAAAGABIBAwABAAAAAQAAABoBBQABAAAAVgAAABsBBQABAAAAXgAAACgB\
                AwABAAAAAgAAABMCAwABAAAAAQAAAGmHBAABAAAAZgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcA\
                BAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAABAAAAADoAQAAQAAABAAAAAAAAAA
                """),
        FormatSample(
            format: "HEIC",
            base64: """
                AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAa1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA\
                AAAAAA5waXRtAAAAAAACAAAAEGlkYXQAAAAAABAAEAAAADhpbG9jAQAAAERAAAIAAQAAAAAAAAHRAAEAAAAAAAAAMwACAAEA\
                AAAAAAAAAQAAAAAAAAAIAAAAOGlpbmYAAAAAAAIAAAAVaW5mZQIAAAEAAQAAaHZjMQAAAAAVaW5mZQIAAAAAAgAAZ3JpZAAA\
                AADYaXBycAAAALZpcGNvAAAAdmh2Y0MBA3AAAAAAAAAAAAAe8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAe\
                ugJAIQABACpCAQEDcAAAAwCQAAADAAADAB6gIIEFluqumubgQEDAgAAAAwCAAAADAIQiAAEABkQBwXPBiQAAABRpc3BlAAAA\
                AAAAAEAAAABAAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCAgIAAAAGmlwbWEAAAAAAAAAAgABAoECAAICA4QA\
                AAAaaXJlZgAAAAAAAAAOZGltZwACAAEAAQAAADttZGF0AAAALygBrxMhZGNA+BD3ZqFghX/qK5P+Bux6c7IR0MDSIICbQEiT\
                XVALFhCAh3alVtz4
                """),
        FormatSample(
            format: "AVIF",
            base64: """
                AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOptZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA\
                AAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAEOAAEAAAAAAAAAHQAAACNpaW5mAAAAAAABAAAAFWluZmUC\
                AAAAAAEAAGF2MDEAAAAAamlwcnAAAABLaXBjbwAAABNjb2xybmNseAACAAIABoAAAAAMYXYxQ4EADAAAAAAUaXNwZQAAAAAA\
                AAAQAAAAEAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgYIDhAAAACVtZGF0EgAKCRgM/9ggQEDQgDIOGAAA\
                AEAAqGqJSCfhRIA=
                """),
        FormatSample(
            format: "TIFF",
            base64: """
                SUkqAFYAAACAMg8CgAQWDQeEQmFQuGQKCQyIRGJQWHROLReDRWMRuIxqOR+Ex6QSMASKSR+TSeNymVReWS2Jy+YR2BzOOTKb\
                QucTmQzWeRadz+DQEAAQAAABAwABAAAAEAAAAAEBAwABAAAAEAAAAAIBAwADAAAALAEAAAMBAwABAAAABQAAAAYBAwABAAAA\
                AgAAABEBBAABAAAACAAAABIBAwABAAAAAQAAABUBAwABAAAAAwAAABYBAwABAAAAgAAAABcBBAABAAAATQAAABoBBQABAAAA\
                HAEAABsBBQABAAAAJAEAABwBAwABAAAAAQAAACgBAwABAAAAAwAAAD0BAwABAAAAAgAAAFMBAwADAAAAMgEAAAAAAAAKAAAA\
                AQAAAAoAAAABAAAACAAIAAgAAQABAAEA
                """),
        FormatSample(
            format: "GIF",
            base64: """
                R0lGODlhEAAQAIAAAEdwTMh4KCH/C05FVFNDQVBFMi4wAwEAAAAh+QQFAAAAACwAAAAAEAAQAAACDoyPqcvtD6OctNqLsz4F\
                ADs=
                """),
    ]
}
