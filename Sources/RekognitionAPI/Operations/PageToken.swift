package import Crypto
import FaceRecognition
import Foundation

/// Where the next page begins, as clients carry it: sealed (AES-256-GCM), so that they can neither read nor change it, and
/// bound to the operation and the collection.
package struct PageTokens: Sendable {
    private let key: SymmetricKey

    /// - Parameter key: 32 bytes of this installation's own, so that a token outlives the process.
    package init(key: SymmetricKey) { self.key = key }

    func token(_ cursor: Cursor, of list: String) throws -> String {
        try AES.GCM.seal(cursor.bytes, using: key, authenticating: Data(list.utf8)).combined!.base64EncodedString()
    }

    /// - Throws: `InvalidPaginationTokenException` for one that is not ours, or another list's.
    func cursor(_ token: String, of list: String) throws -> Cursor {
        guard let sealed = Data(base64Encoded: token), let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? AES.GCM.open(box, using: key, authenticating: Data(list.utf8)),
            let cursor = Cursor(bytes)
        else {
            throw ServiceError(
                .invalidPaginationToken,
                "NextToken is none that this operation gave for this collection; begin again without it.")
        }
        return cursor
    }

    /// A place in a list.
    enum Cursor: Hashable {
        /// After this row, or from it on, as the list has it.
        case row(Int64)
        /// After this gallery.
        case gallery(GalleryOrder)

        fileprivate var bytes: Data {
            switch self {
            case .row(let row): withUnsafeBytes(of: row.littleEndian) { Data($0) }
            case .gallery(let order): order.bytes
            }
        }

        fileprivate init?(_ bytes: Data) {
            if bytes.count == 8 {
                self = .row(Int64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }))
            } else {
                guard let order = GalleryOrder(bytes) else { return nil }
                self = .gallery(order)
            }
        }
    }
}

/// The order of galleries in a list: by name. Names may have 255 bytes, as many as a whole token may, so that the order
/// goes by the first 128 of them, and by a hash of the name among those that have these in common.
struct GalleryOrder: Hashable, Comparable {
    private static let prefix = 128
    private let beginning: String
    private let hash: Data

    init(_ name: GalleryName) {
        beginning = String(name.rawValue.prefix(Self.prefix))
        hash = Data(SHA256.hash(data: Data(name.rawValue.utf8)).prefix(9))
    }

    fileprivate init?(_ bytes: Data) {
        guard bytes.count > 9, let text = String(validating: bytes.dropFirst(9), as: UTF8.self) else { return nil }
        hash = Data(bytes.prefix(9))
        beginning = text
    }

    fileprivate var bytes: Data { hash + Data(beginning.utf8) }

    static func < (a: GalleryOrder, b: GalleryOrder) -> Bool {
        a.beginning != b.beginning
            ? a.beginning < b.beginning
            : a.beginning.utf8.count == prefix && a.hash.lexicographicallyPrecedes(b.hash)
    }
}
