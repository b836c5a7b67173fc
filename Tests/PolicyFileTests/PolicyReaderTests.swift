import FaceRecognition
import Foundation
import PolicyFile
import Testing

@Suite struct PolicyReaderTests {
    /// A line that makes a good policy a bad one: the line it is added as, and where and how that is told.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let section: String
        let line: String
        let column: Int
        let says: String
        var testDescription: String { says }
    }

    static let good = """
        policy: small
        contact: me
        organisations:
          - {id: a, name: A, kind: archive}
        purposes:
          - {id: p}
          - {id: q, only_searches: true}
        galleries:
          - {name: g, owner: A, legal_basis: consent, retention: 30d, purposes: [p]}
        grants:
          - {id: one, organisation: a, purposes: [p], operations: [identify], galleries: [g]}
        moratoria:
          - {id: m, operations: [identify], from: 2030-01-01, until: 2030-02-01, reason: r, decided_by: d}
        prohibitions:
          - {id: x, operations: [enrol], reason: r}

        """

    static let mistakes = [
        Mistake(section: "organisations", line: "  - {id: b, name: B, kind: archive, size: 3}", column: 37, says: "no field 'size'"),
        Mistake(section: "organisations", line: "  - {id: a, name: B, kind: archive}", column: 10, says: "'a' is there already, in line 4"),
        Mistake(section: "organisations", line: "  - {id: b, kind: archive}", column: 5, says: "name is missing"),
        Mistake(section: "organisations", line: "  - {id: 'b c', name: B, kind: archive}", column: 10, says: "made of letters"),
        Mistake(section: "organisations", line: "  - text", column: 5, says: "a list of fields, not 'text'"),
        Mistake(section: "organisations", line: "  - {id: [b], name: B, kind: archive}", column: 10, says: "is a text, not a list"),
        Mistake(section: "purposes", line: "  - {id: r, case: '(['}", column: 19, says: "no regular expression"),
        Mistake(section: "purposes", line: "  - {id: r, minimum_similarity: 101}", column: 33, says: "between 0 and 100"),
        Mistake(section: "purposes", line: "  - {id: r, minimum_similarity: high}", column: 33, says: "between 0 and 100"),
        Mistake(section: "purposes", line: "  - {id: r, maximum_candidates: 0}", column: 33, says: "from 1 to 4096, not '0'"),
        Mistake(section: "purposes", line: "  - {id: r, maximum_candidates: 1.5}", column: 33, says: "whole number"),
        Mistake(section: "purposes", line: "  - {id: r, only_searches: perhaps}", column: 28, says: "true or false, not 'perhaps'"),
        Mistake(section: "purposes", line: "  - {id: r, galleries: [h]}", column: 25, says: "no gallery 'h'"),
        Mistake(section: "purposes", line: "  - {id: retention}", column: 10, says: "the service's own"),
        Mistake(section: "galleries", line: "  - {name: h, owner: A, legal_basis: c, purposes: [p]}", column: 5, says: "retention is missing"),
        Mistake(section: "galleries", line: "  - {name: h, legal_basis: c, retention: 1d, purposes: [p]}", column: 5, says: "owner is missing"),
        Mistake(section: "galleries", line: "  - {name: h, owner: A, retention: 1d, purposes: [p]}", column: 5, says: "legal_basis is missing"),
        Mistake(section: "galleries", line: "  - {name: h, owner: A, legal_basis: c, retention: 30, purposes: [p]}", column: 52, says: "a number and a unit"),
        Mistake(section: "galleries", line: "  - {name: 'h i', owner: A, legal_basis: c, retention: 1d, purposes: [p]}", column: 12, says: "gallery's name"),
        Mistake(section: "galleries", line: "  - {name: h, owner: A, legal_basis: c, retention: 1d, purposes: [z]}", column: 67, says: "no purpose 'z'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: z, purposes: [p], operations: [identify], galleries: [g]}", column: 29, says: "no organisation 'z'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [z], operations: [identify], galleries: [g]}", column: 43, says: "no purpose 'z'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [spy], galleries: [g]}", column: 60, says: "no operation 'spy'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [govern], galleries: [g]}", column: 60, says: "no operation 'govern'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [], galleries: [g]}", column: 59, says: "operations is missing"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [], operations: [identify], galleries: [g]}", column: 42, says: "purposes is missing"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify]}", column: 5, says: "galleries is missing"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: [g], from: 2026-02-30}", column: 93, says: "from is a day"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: [g], until: soon}", column: 94, says: "until is a day"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: [g], from: 2026-02-02, until: 2026-02-02}", column: 112, says: "ends before it begins"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [q], operations: [enrol, identify], galleries: all}", column: 5, says: "only searches"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [q], operations: [identify], galleries: [g]}", column: 5, says: "the gallery's own purposes"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [enrol], galleries: [g]}", column: 5, says: "contradicts the prohibition 'x'"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], reason: r, decided_by: d}", column: 5, says: "from is missing"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, decided_by: d}", column: 5, says: "reason is missing"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r}", column: 5, says: "decided_by, who decided on the moratorium, is missing"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], kinds: [police], from: 2026-01-01, reason: r, decided_by: d, except: [{organisation: a}]}", column: 5, says: "it does not stop"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare]}", column: 5, says: "reason is missing"),
        Mistake(section: "organisations", line: "  - {id: b, name: , kind: archive}", column: 13, says: "'name' has no value"),
        Mistake(section: "purposes", line: "  - {id: r, case: 'a)|(?:.*'}", column: 19, says: "no regular expression"),
        Mistake(section: "purposes", line: "  - {id: r, case: }", column: 13, says: "'case' has no value"),
        Mistake(section: "purposes", line: "  - {id: r, minimum_similarity: ~}", column: 13, says: "'minimum_similarity' has no value"),
        Mistake(section: "purposes", line: "  - {id: r, daily_limit: null}", column: 13, says: "'daily_limit' has no value"),
        Mistake(section: "purposes", line: "  - {id: r, galleries: []}", column: 24, says: "'galleries' names none; leave the field out for all"),
        Mistake(section: "galleries", line: "  - {name: h, owner: A, legal_basis: c, retention: 1d, purposes: [~]}", column: 67, says: "An item of purposes has no value"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: []}", column: 82, says: "'galleries' names none; name them, or write 'all'"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: }", column: 71, says: "'galleries' has no value"),
        Mistake(section: "grants", line: "  - {id: two, organisation: a, purposes: [p], operations: [identify], galleries: [g], until: }", column: 87, says: "'until' has no value"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r, decided_by: d, kinds: []}", column: 88, says: "'kinds' names none; leave the field out for all"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r, decided_by: d, kinds: }", column: 81, says: "'kinds' has no value"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r, decided_by: d, purposes: []}", column: 91, says: "'purposes' names none"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r, decided_by: d, except: [{organisation: a, purposes: []}]}", column: 118, says: "'purposes' names none"),
        Mistake(section: "moratoria", line: "  - {id: n, operations: [identify], from: 2026-01-01, reason: r, decided_by: d, until: }", column: 81, says: "'until' has no value"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, organisations: []}", column: 62, says: "'organisations' names none; leave the field out for all"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, organisations: }", column: 47, says: "'organisations' has no value"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, kinds: []}", column: 54, says: "'kinds' names none; leave the field out for all"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, kinds: }", column: 47, says: "'kinds' has no value"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, purposes: []}", column: 57, says: "'purposes' names none; leave the field out for all"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, purposes: }", column: 47, says: "'purposes' has no value"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, galleries: []}", column: 58, says: "'galleries' names none; leave the field out for all"),
        Mistake(section: "prohibitions", line: "  - {id: y, operations: [compare], reason: r, galleries: }", column: 47, says: "'galleries' has no value"),
    ]

    @Test("A mistake is told with its line and column", arguments: mistakes)
    func mistaken(mistake: Mistake) throws {
        var lines = Self.good.components(separatedBy: "\n")
        let place = lines.firstIndex(of: "\(mistake.section):")! + 1
        // After what is there already, so that a name that is taken is the added line's.
        let end = lines[place...].firstIndex { !$0.hasPrefix(" ") }!
        lines.insert(mistake.line, at: end)
        let (file, problems) = PolicyFile.reading(Data(lines.joined(separator: "\n").utf8))
        #expect(file == nil)
        let problem = try #require(problems.first { $0.text.contains(mistake.says) }, "\(problems)")
        #expect(problem.line == end + 1 && problem.severity == .error)
        #expect(problem.column == mistake.column, "\(problem)")
    }

    @Test("The policy that they are added to is a good one")
    func unmistaken() throws {
        let (file, problems) = PolicyFile.reading(Data(Self.good.utf8))
        #expect(problems.isEmpty)
        #expect(try #require(file).policy.grants.map(\.id) == ["one"])
    }

    @Test("What is no YAML, or no policy, is told and nothing traps", arguments: [
        "", "- a\n- b", "policy: [", "a: b: c", "policy: x\npolicy: y\ncontact: z", "just text", "\t", "!!binary x", "&a [*a]",
        "policy: x\ncontact: y\nlaws: []", "policy: trial\ncontact: y", String(repeating: "[", count: 100_000),
        String(repeating: "- ", count: 100_000), String(repeating: "{a: ", count: 50_000),
        (0..<3_000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
    ])
    func noPolicy(text: String) {
        let (file, problems) = PolicyFile.reading(Data(text.utf8))
        #expect(file == nil)
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { $0.line >= 1 && $0.column >= 1 && $0.text.hasSuffix(".") }, "\(problems)")
    }

    @Test("Bytes that are no text are no policy")
    func bytes() {
        #expect(PolicyFile.reading(Data([0xFF, 0xFE, 0x00])).file == nil)
        #expect(PolicyFile.reading(Data(count: PolicyFile.largest + 1)).file == nil)
    }

    @Test("What is no text, and what YAML does not allow, is told where it stands", arguments: [
        ("policy: x\ncontact: \u{E9}", [0xFF, 0x41], 2, 11), ("policy: x\ncontact: ", [0xEF, 0xBF], 2, 10),
        ("policy: x\n\ncontact: y\u{1}z\n", [], 3, 11), ("policy: \u{E9}\u{7F}", [], 1, 10),
    ] as [(String, [UInt8], Int, Int)])
    func unreadable(text: String, bytes: [UInt8], line: Int, column: Int) {
        let file = Data(Array(text.utf8) + bytes)
        for problems in [PolicyFile.reading(file).problems, PolicyCases.reading(file).problems] {
            #expect(problems.count == 1 && problems[0].line == line && problems[0].column == column, "\(problems)")
        }
    }

    @Test("A section without a value is a mistake; one that is empty on purpose is none")
    func blank() {
        let (file, problems) = PolicyFile.reading(Data("policy: x\ncontact: y\ngrants:\n".utf8))
        #expect(file == nil && problems.map(\.line) == [3] && problems.map(\.column) == [1])
        #expect(problems.first?.text.hasPrefix("'grants' has no value;") == true)
        #expect(PolicyFile.reading(Data("policy: x\ncontact: y\ngrants: []\n".utf8)).file != nil)
    }

    @Test("A case reference fits its pattern from end to end, whatever the pattern holds")
    func pattern() throws {
        #expect(CasePattern("a)|(?:.*") == nil)
        let either = try #require(CasePattern("MC-1|TR-(1|2)"))
        #expect(either.matches("MC-1") && either.matches("TR-2") && !either.matches("MC-12") && !either.matches("xTR-1"))
    }

    @Test("Several mistakes are told in the order of their lines")
    func several() {
        let text = Self.good.replacingOccurrences(of: "retention: 30d", with: "retention: 0d")
            .replacingOccurrences(of: "kind: archive", with: "kinds: archive")
        let problems = PolicyFile.reading(Data(text.utf8)).problems
        #expect(problems.count >= 3)
        #expect(problems == problems.sorted())
    }

    @Test("Grants that a moratorium empties, dates that have passed and what nobody uses are warned of")
    func warnings() throws {
        let file = try PolicyFile(Data(Self.good.utf8), path: "small.yaml")
        func texts(_ day: String) -> [String] { file.warnings(at: date(day)).map(\.text) }
        #expect(texts("2029-12-31") == ["Nothing is granted for the purpose 'q'."])
        #expect(texts("2030-01-01").contains("The moratorium 'm' leaves nothing of the grant 'one' until 2030-02-01."))
        #expect(texts("2030-02-01").contains("The moratorium 'm' ended on 2030-02-01."))
        #expect(file.warnings(at: date("2030-01-01")).map(\.line) == [7, 11])
    }

    @Test("A difference names every rule that is added, removed or changed, and its fields")
    func difference() throws {
        let before = try PolicyFile(Data(Self.good.utf8), path: "").policy
        let after = try PolicyFile(
            Data(
                Self.good.replacingOccurrences(of: "retention: 30d", with: "retention: 60d")
                    .replacingOccurrences(of: "until: 2030-02-01", with: "until: 2031-02-01")
                    .replacingOccurrences(of: "id: x,", with: "id: z,").utf8), path: "").policy
        #expect(
            before.difference(to: after) == [
                "~ gallery:g retention", "~ moratorium:m until", "+ prohibition:z", "- prohibition:x",
            ])
        #expect(after.difference(to: after).isEmpty)
    }

    @Test("To permit everything is another thing than to permit what is called 'all'")
    func everything() throws {
        let named = Self.good.replacingOccurrences(of: "name: g,", with: "name: all,")
            .replacingOccurrences(of: "galleries: [g]", with: "galleries: [all]")
        let widened = named.replacingOccurrences(of: "galleries: [all]", with: "galleries: all")
        let before = try PolicyFile(Data(named.utf8), path: "").policy
        let after = try PolicyFile(Data(widened.utf8), path: "").policy
        #expect(before.difference(to: after) == ["~ grant:one galleries"])
    }

    @Test("A calendar has every date in its order")
    func calendar() throws {
        let dates = try PolicyFile(Data(wideYAML.utf8), path: "").policy.calendar
        #expect(dates.map { "\($0.date.day) \($0.event.rawValue) \($0.rule)" } == [
            "2026-01-01 begins grant:police", "2026-03-01 begins grant:finders-archive",
            "2026-04-01 ends grant:finders-archive", "2026-06-01 begins moratorium:police-pause",
            "2026-09-01 ends moratorium:police-pause", "2026-10-01 begins moratorium:archive-pause",
            "2026-11-01 review moratorium:archive-pause", "2027-01-01 ends grant:police",
        ])
    }

    @Test("Times are read as they are written, and nothing else is", arguments: [
        ("2020-06-10", true), ("2020-06-10T12:00:00Z", true), ("2020-02-30", false), ("2021-02-29", false),
        ("2020-6-10", false), ("10.6.2020", false), ("2020-06-10T25:00:00Z", false), ("2020-06-10T12:00:00", false), ("", false),
        ("2020-06-10T18:00", false), ("2020-06-10 and more", false), ("2020-02-30T12:00:00Z", false),
    ])
    func times(text: String, isTime: Bool) { #expect((Date(policy: text) != nil) == isTime) }
}
