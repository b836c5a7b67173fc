import Evaluation
import FaceRecognition
import Foundation

/// Photographs with the people they show: a table of comma-separated values (RFC 4180) whose first line names the columns
/// `path` and `person`; every other column may sort people into groups.
///
/// What does not fit is refused with the line's number, never left out. Values that may be names are not shown.
struct Manifest {
    struct Row {
        /// As the manifest has it.
        let path: String
        /// Where the file lies: a relative path starts at the manifest's folder.
        let file: String
        let person: String
        /// For each column that was asked for.
        let groups: [String]
        let line: Int
    }

    let rows: [Row]
    /// What the manifest is called in messages and reports.
    let name: String
    let sha256: String
    /// All columns but `path` and `person`.
    let columns: [String]

    /// - Parameters:
    ///   - columns: those that sort people into groups.
    ///   - mustExist: whether every file has to be there.
    /// - Throws: `.unreadableFile`, `.invalidValue`.
    init(_ path: String, by groups: [String], mustExist: Bool = true) throws {
        let bytes: Data
        do { bytes = try RegularFile.contents(path, limit: 1 << 30, remedy: "split it") } catch let error as RecognitionError {
            throw RecognitionError(.unreadableFile, "The manifest \(path.printable): \(error.message)")
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw RecognitionError(.unreadableFile, "The manifest \(path.printable) is not text in UTF-8; save it as that.")
        }
        name = (path as NSString).lastPathComponent.printable
        sha256 = bytes.sha256
        func refuse(_ line: Int, _ why: String) -> RecognitionError {
            RecognitionError(.invalidValue, "Line \(line) of the manifest \(path.printable) \(why).")
        }
        var records = try CommaSeparated.records(text) { refuse($0, "has a quotation mark that is not closed, or text after one that is") }
        guard let header = records.first?.fields, header.contains("path"), header.contains("person") else {
            throw refuse(1, "must name the columns, 'path' and 'person' among them")
        }
        guard Set(header).count == header.count else { throw refuse(1, "names a column twice") }
        let others = header.filter { $0 != "path" && $0 != "person" }
        columns = others
        let places = try groups.map { group in
            guard let place = header.firstIndex(of: group), group != "path", group != "person" else {
                throw RecognitionError(
                    .invalidValue,
                    "The manifest \(path.printable) has no column '\(group.printable)' to group by; it has \(others.isEmpty ? "none but path and person" : others.map(\.printable).joined(separator: ", "))."
                )
            }
            return place
        }
        records.removeFirst()
        let folder = (path as NSString).deletingLastPathComponent
        let pathPlace = header.firstIndex(of: "path") ?? 0, personPlace = header.firstIndex(of: "person") ?? 0
        var seen: [String: Int] = [:], groupsOf: [String: (values: [String], line: Int)] = [:]
        var rows: [Row] = [], missing: [Row] = []
        for record in records {
            guard record.fields.count == header.count else {
                throw refuse(record.line, "has \(record.fields.count) values for \(header.count) columns")
            }
            let own = record.fields[pathPlace], person = record.fields[personPlace]
            guard !own.isEmpty, !person.isEmpty else { throw refuse(record.line, "lacks a path or a person") }
            let file = own.hasPrefix("/") ? own : folder.isEmpty ? own : "\(folder)/\(own)"
            let canonical = (file as NSString).standardizingPath
            if let earlier = seen.updateValue(record.line, forKey: canonical) {
                throw refuse(record.line, "names the same photograph as line \(earlier); a photograph has one line")
            }
            let values = places.map { record.fields[$0] }
            if let earlier = groupsOf[person] {
                if let i = places.indices.first(where: { earlier.values[$0] != values[$0] }) {
                    throw refuse(
                        record.line,
                        "puts a person into another group of '\(groups[i].printable)' than line \(earlier.line); a person has one")
                }
            } else {
                groupsOf[person] = (values, record.line)
            }
            let row = Row(path: own, file: file, person: person, groups: values, line: record.line)
            rows.append(row)
            if mustExist, access(file, R_OK) != 0 { missing.append(row) }
        }
        guard !rows.isEmpty else { throw refuse(1, "is followed by no photograph") }
        if let first = missing.first {
            throw RecognitionError(
                .unreadableFile,
                "\(missing.count) of the \(rows.count) photographs of the manifest \(path.printable) are not there or cannot be read, the first on line \(first.line): \(first.path.printable)."
            )
        }
        self.rows = rows
    }
}

/// RFC 4180, with either end of line, and a byte order mark if there is one.
enum CommaSeparated {
    struct Record {
        let fields: [String]
        /// Where it begins.
        let line: Int
    }

    /// - Parameter refuse: makes the error for a line whose quotation marks do not fit.
    static func records(_ text: String, refuse: (Int) -> RecognitionError) throws -> [Record] {
        var records: [Record] = [], fields: [String] = [], field = String.UnicodeScalarView()
        var line = 1, begins = 1, quoted = false, wasQuoted = false
        func endField() {
            fields.append(String(field))
            field = .init()
            wasQuoted = false
        }
        func endRecord() {
            endField()
            if fields != [""] { records.append(Record(fields: fields, line: begins)) }
            fields = []
        }
        var scalars = Array(text.unicodeScalars)[...]
        if scalars.first == "\u{FEFF}" { scalars = scalars.dropFirst() }
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\"" where quoted:
                if scalars.first == "\"" {
                    field.append(scalar)
                    scalars.removeFirst()
                } else {
                    quoted = false
                }
            case "\"" where field.isEmpty && !wasQuoted:
                quoted = true
                wasQuoted = true
            case "," where !quoted: endField()
            case "\r" where !quoted && scalars.first == "\n": continue
            case "\n" where !quoted, "\r" where !quoted:
                endRecord()
                line += 1
                begins = line
            default:
                if wasQuoted && !quoted { throw refuse(line) }
                field.append(scalar)
                if scalar == "\n" { line += 1 }
            }
        }
        guard !quoted else { throw refuse(begins) }
        endRecord()
        return records
    }
}
