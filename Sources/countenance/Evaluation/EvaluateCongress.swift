import ArgumentParser
import Evaluation
import FaceRecognition
import Foundation

extension Evaluate {
    struct Congress: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "congress",
            abstract: "The ACLU's test of 2018: members of Congress searched for among strangers.",
            discussion: """
                Counts, at each similarity, the members for whom somebody else is found, and how many of them are people of \
                colour, as the ACLU did, with its figures of 2018 beside them. Members who are in the gallery themselves are \
                listed with --same-person: a line of the member's id and the gallery's name, separated by a tab.

                Example:
                  countenance evaluate congress --gallery lfw --probes congress --members congress/members.csv
                """)

        @Option(help: .init("The folder of the gallery: one folder for each person.", valueName: "folder"), completion: .directory)
        var gallery: String

        @Option(help: .init("The folder of the members: one folder for each, called by the id in the list.", valueName: "folder"), completion: .directory)
        var probes: String

        @Option(help: .init("The list of members: a table with the columns bioguide, gender and ethnicity.", valueName: "file.csv"), completion: .file())
        var members: String

        @Option(help: .init("The similarities to measure at, separated by commas.", valueName: "list"), transform: Thresholds.argument)
        var thresholds: Thresholds = .usual

        @Option(help: .init("Names that stand for one person: a line for each, separated by tabs.", valueName: "file"))
        var samePerson: String?

        @OptionGroup var photographs: PhotographOptions
        @OptionGroup var evaluation: EvaluationOptions
        @OptionGroup var system: SystemOptions

        /// What the ACLU counted in 2018 (Snow, "Amazon's Face Recognition Falsely Matched 28 Members of Congress With
        /// Mugshots", aclu.org, 26 July 2018).
        static let aclu = (members: 535, matched: 28, ofColour: 11, shareOfCongress: 0.20, gallery: 25_000)
        private static let white = "white-american"

        func run() async throws {
            let groups = try memberGroups()
            let same = try samePerson.map(SamePersonList.init(file:))
            func list(_ folder: String) throws -> [(file: String, label: String, person: String)] {
                let found = try PhotographFiles([folder])
                let files = found.files.compactMap { file in file.person.map { (file.path, file.relativePath, $0) } }
                guard !files.isEmpty, found.unreadable.isEmpty else {
                    throw RecognitionError(
                        .unreadableFile, "\(folder.printable) must hold one folder of photographs for each person, all readable.")
                }
                return files
            }
            let own = try list(probes)
            let unlisted = Set(own.map(\.person)).subtracting(groups.keys)
            if !unlisted.isEmpty {
                Console.note("\(unlisted.count) members are not in \(members.printable); they are counted without a group.")
            }
            let columns = ["people of colour", "ethnicity", "gender"]
            let search = OpenSetSearch(
                gallery: try list(gallery).map {
                    .init(file: $0.file, label: $0.label, person: same?.person($0.person) ?? "gallery/\($0.person)", groups: [])
                },
                probes: own.map {
                    .init(
                        file: $0.file, label: $0.label, person: same?.person($0.person) ?? "member/\($0.person)",
                        groups: groups[$0.person] ?? columns.map { _ in "" })
                }, columns: columns)
            var (document, rates, wrong) = try await evaluation.identification(
                search, by: system.open(evaluation), thresholds: thresholds, what: "the members of Congress")
            let lines = zip(thresholds.similarities, rates).map { similarity, rates -> String in
                let all = rates[0].peopleTakenForStrangers[0].counted
                let colour = rates[1]
                func counted(_ label: String) -> CountedRate {
                    colour.grouping.labels.firstIndex(of: label).map { colour.peopleTakenForStrangers[$0].counted }
                        ?? CountedRate(count: 0, total: 0)
                }
                let yes = counted("yes"), no = counted("no")
                func share(_ a: Int, _ b: Int) -> String { a + b > 0 ? "\(Int((100 * Double(a) / Double(a + b)).rounded()))%" : "none" }
                return
                    "At similarity \(similarity.value.formatted()): \(all.count) of \(all.total) members matched with strangers; of those whose ethnicity is known, \(yes.count) of \(yes.count + no.count) (\(share(yes.count, no.count))) are people of colour, who are \(share(yes.total, no.total)) of these members."
            }
            document.caveats.insert(
                "In 2018 the ACLU found \(Self.aclu.matched) of \(Self.aclu.members) members matched with strangers among \(Self.aclu.gallery) photographs, at the product's default setting; \(Self.aclu.ofColour) of the \(Self.aclu.matched) (39%) were people of colour, who were 20% of Congress. This gallery has \(document.comparisons["gallery"] ?? 0) photographs, and is one of press photographs, not of arrests.",
                at: 0)
            document.finding = lines.joined(separator: " ")
            try evaluation.deliver(document, showing: photographs.withPhotographs ? wrong : nil)
        }

        func validate() throws { try photographs.check(evaluation) }

        /// For each member: of colour or not, ethnicity, gender; empty where it is not known.
        private func memberGroups() throws -> [String: [String]] {
            guard let text = try? String(contentsOfFile: members, encoding: .utf8) else {
                throw RecognitionError(.unreadableFile, "The list of members \(members.printable) cannot be read.")
            }
            func refuse(_ line: Int, _ why: String) -> RecognitionError {
                RecognitionError(.invalidValue, "Line \(line) of the list of members \(members.printable) \(why).")
            }
            let records = try CommaSeparated.records(text) { refuse($0, "has a quotation mark that does not fit") }
            guard let header = records.first?.fields, let id = header.firstIndex(of: "bioguide"),
                let gender = header.firstIndex(of: "gender"), let ethnicity = header.firstIndex(of: "ethnicity")
            else { throw refuse(1, "must name the columns bioguide, gender and ethnicity") }
            var groups: [String: [String]] = [:]
            for record in records.dropFirst() {
                guard record.fields.count == header.count else {
                    throw refuse(record.line, "has \(record.fields.count) values for \(header.count) columns")
                }
                let own = record.fields[ethnicity]
                let values = [own.isEmpty ? "" : own == Self.white ? "no" : "yes", own, record.fields[gender]]
                guard groups.updateValue(values, forKey: record.fields[id]) == nil else {
                    throw refuse(record.line, "names a member again")
                }
            }
            return groups
        }
    }
}
