import FaceRecognition
import Foundation

/// NumPy's file of one array (.npy, versions 1.0 to 3.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
/// here a matrix with a row for each template.
enum NumPyFile {
    /// What comes before the numbers: single precision, little-endian, row by row.
    static func header(rows: Int, columns: Int) -> Data {
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        // The numbers begin at a multiple of 64, after a line's end.
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let length = UInt16(text.utf8.count)
        return Data([0x93]) + Data("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Data(text.utf8)
    }
}

/// Reads a matrix row by row.
final class NumPyReader {
    let rows: Int
    let columns: Int
    private let bytesOfNumber: Int
    private let source: any ByteSource
    private let path: String
    private var next = 0

    /// - Throws: `.invalidValue` for what is no matrix of single or double precision.
    init(_ source: any ByteSource, path: String) throws {
        self.source = source
        self.path = path
        let start = [UInt8](try source.readAll(8))
        guard start.count == 8, start.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)), (1...3).contains(start[6])
        else { throw ExchangeError.bad(path, "This is no .npy file; write the templates with numpy.save.") }
        let length = try source.readAll(start[6] == 1 ? 2 : 4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard (10...65_536).contains(length) else {
            throw ExchangeError.bad(path, "The .npy file's header has \(length) bytes; write the file anew.")
        }
        let text = String(decoding: try source.readAll(length), as: UTF8.self)
        guard let type = text.firstMatch(of: /'descr':\s*'([^']*)'/)?.1, ["<f4", "<f8"].contains(type) else {
            throw ExchangeError.bad(
                path, "The numbers must be little-endian float32 or float64; convert with .astype('<f4').")
        }
        guard text.contains(/'fortran_order':\s*False/) else {
            throw ExchangeError.bad(
                path, "The matrix must be stored row by row; write it with numpy.ascontiguousarray.")
        }
        guard let shape = text.firstMatch(of: /'shape':\s*\((\d{1,12}),\s*(\d{1,12}),?\s*\)/), let rows = Int(shape.1),
            let columns = Int(shape.2), (1...Template.maximumDimension).contains(columns)
        else {
            throw ExchangeError.bad(
                path,
                "The array must have two dimensions: a row for each face, 1 to \(Template.maximumDimension) columns.")
        }
        self.rows = rows
        self.columns = columns
        bytesOfNumber = type == "<f4" ? 4 : 8
    }

    /// The next rows, at most `count`.
    /// - Throws: `.invalidValue` when the file ends early, or does not end after the last row.
    func read(_ count: Int) throws -> [[Float]] {
        let wanted = min(count, rows - next), bytesOfRow = columns * bytesOfNumber
        let data = try source.readAll(wanted * bytesOfRow)
        guard data.count == wanted * bytesOfRow else {
            throw ExchangeError.bad(
                path, "The file ends after row \(next + data.count / bytesOfRow) of \(rows); fetch it again.")
        }
        next += wanted
        if next == rows, try !source.read(1).isEmpty {
            throw ExchangeError.bad(path, "The file goes on after the last of its \(rows) rows; write it anew.")
        }
        return data.withUnsafeBytes { bytes in
            (0..<wanted).map { row in
                (0..<columns).map { column in
                    let place = row * bytesOfRow + column * bytesOfNumber
                    return bytesOfNumber == 4
                        ? Float(
                            bitPattern: UInt32(
                                littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
                        : Float(
                            Double(
                                bitPattern: UInt64(
                                    littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))))
                }
            }
        }
    }
}
