import ArgumentParser
import FaceRecognition
import Foundation
import SQLiteStorage

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "A transparency report: who searched for what, what was refused and by which rule.",
        discussion: """
            Counted from the record, for publication: no name, face or photograph is in it, and counts below 5 are not \
            told, nor what would give them away by subtraction. Two reports over times that overlap can still be \
            compared with each other, so publish one for each month or quarter, and no others. Moratoria are those of the \
            policy in force now that hold at some moment of the time.

            Examples:
              countenance report --from 2026-07-01 --to 2026-10-01 --report 2026-q3.html
              countenance report --from 2026-07-01 --to 2026-10-01 --json
            """)
    @Option(help: .init("The first day or moment (UTC).", valueName: "date"), transform: Date.argument) var from: Date
    @Option(help: .init("The day or moment after the last (UTC).", valueName: "date"), transform: Date.argument) var to:
        Date
    @Option(help: .init("Write one page of HTML into this file.", valueName: "file")) var report: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        guard from < to else { throw ValidationError("--from lies before --to.") }
    }

    func run() async throws {
        let session = try await data.openBesideOwner(), store = session.store
        let counted = try await session.auditor.look("reported", permit: session.permit(.inspect)) {
            try store.tally(from: from, to: to).report(moratoria: try await moratoria(session))
        }.outcome
        if let report {
            do {
                try Data(TransparencyPage(counted).html.utf8).write(to: URL(fileURLWithPath: report), options: .atomic)
            } catch {
                throw RecognitionError(
                    .storageUnavailable,
                    "\(report.printable) cannot be written; name a file in a folder that this user may write to.")
            }
            Console.note("\(report.printable) is written.")
        }
        if output.json {
            try Console.json(counted)
        } else if report == nil {
            for section in TransparencyPage.sections(counted) {
                print(Console.bold("\(section.title): \(section.breakdown.total.words)"))
                for row in section.breakdown.rows { print("  \(row.name.printable): \(row.count.words)") }
                if section.breakdown.isWithheld { print("  too few to be broken down") }
            }
            for sentence in counted.moratoria { print("Moratorium of the present policy: \(sentence.printable)") }
        }
    }

    /// Those of the present policy that hold at some moment of this time, in a sentence each. Which policies were in
    /// force before, the record says by their digests only.
    private func moratoria(_ session: Session) async throws -> [String] {
        try await session.office.inForce().rules.policy.moratoria
            .filter { ($0.span.from ?? .distantPast) < to && ($0.span.until ?? .distantFuture) > from }
            .map { moratorium in
                let since = moratorium.span.from.map { "from \($0.day) " } ?? ""
                let until = moratorium.span.until.map { "until \($0.day)" } ?? "without an end"
                let operations = moratorium.operations.map(\.rawValue).sorted().joined(separator: ", ")
                return "\(moratorium.id): \(operations), \(since)\(until): \(moratorium.reason)"
            }
    }
}

extension SQLiteStore {
    fileprivate func tally(from: Date, to: Date) throws -> TransparencyReport.Tally {
        let size = try entryCount(), bar = ProgressBar(total: size, unit: "entries counted")
        defer { bar.finish() }
        var tally = TransparencyReport.Tally(from: from, to: to)
        for start in stride(from: 0, to: size, by: 1_024) {
            let some = try records(from: start, count: min(1_024, size - start))
            for (_, record) in some { tally.add(record) }
            bar.advance(by: some.count)
        }
        return tally
    }
}

extension Breakdown.Count {
    var words: String {
        switch self {
        case .exactly(let count): count.formatted(.number.locale(Locale(identifier: "en_US")))
        case .fewerThanFive: "fewer than 5"
        case .withheld: "withheld"
        }
    }
}
