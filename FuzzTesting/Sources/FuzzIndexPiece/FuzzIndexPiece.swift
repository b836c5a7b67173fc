import FaceRecognition
import Foundation
import FuzzSupport

private let model = TemplateModelID(rawValue: "fuzz")

/// Any bytes are a piece of a search index or are refused; what was taken can be searched, changed and written again.
private func readPiece(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = Data(UnsafeRawBufferPointer(start: start, count: count))
    do {
        var index = try GalleryIndex(model: model, dimension: 3, pieces: [data])
        let probe = try Template(model: model, normalising: [1, 2, 3])
        let filter = GalleryIndex.Filter(now: 1)
        let found = try index.candidates(for: probe, limit: 4, atLeast: ComparisonScore(-2), where: filter) {
            var faces = GalleryIndex.ExactFaces(of: index)
            for _ in $0 { try faces.append(FaceID(), probe) }
            return faces
        }
        precondition(found.count <= index.count, "No more than there are")
        let again = try GalleryIndex(
            model: model, dimension: 3, pieces: (0..<index.pieceCount).map { index.piece($0) })
        precondition(again.rows == index.rows, "Writing changes nothing")
        index.remove(rows: index.rows.prefix(3))
        if index.lastRow ?? 0 < .max {
            try index.append([.init(row: (index.lastRow ?? 0) + 1, template: probe, enrolled: 0)])
        }
    } catch let error as RecognitionError {
        precondition(error.code == .storageCorrupt, "\(error)")
    } catch { preconditionFailure("An error that is not ours: \(error)") }
    return 0
}

@main enum FuzzIndexPiece {
    static func main() { fuzz(readPiece) }
}
