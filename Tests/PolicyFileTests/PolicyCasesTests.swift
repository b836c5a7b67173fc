import FaceRecognition
import Foundation
import PolicyFile
import Testing

@Suite struct PolicyCasesTests {
    @Test("A field of a case that is no text is told with its line and column", arguments: ["purpose", "case", "name", "rule"])
    func kinds(field: String) throws {
        let yaml = """
            cases:
              - {\(field): [x], at: 2026-01-01, organisation: a, operation: manage, expect: refused}
            """
        let (cases, problems) = PolicyCases.reading(Data(yaml.utf8))
        #expect(cases == nil)
        let problem = try #require(problems.first)
        #expect(problems.count == 1 && problem.line == 2 && problem.column == 8 + field.count, "\(problems)")
        #expect(problem.text.contains("is a text, not a list"))
    }

    @Test("A policy that is no path, and a field without a value, are mistakes")
    func mistakes() {
        let one = "cases:\n  - {at: 2026-01-01, organisation: a, operation: manage, expect: refused"
        let listed = PolicyCases.reading(Data("policy: [base.yaml]\n\(one)}".utf8)).problems
        #expect(listed.map(\.line) == [1] && listed.map(\.column) == [9], "\(listed)")
        let blank = PolicyCases.reading(Data("\(one), rule: }".utf8)).problems
        #expect(blank.count == 1 && blank.first?.line == 2 && blank.first?.text.hasPrefix("'rule' has no value") == true)
        #expect(PolicyCases.reading(Data("policy: /rules.yaml\n\(one)}".utf8)).cases?.policy == "/rules.yaml")
    }

    @Test("A purpose that a case leaves unsaid is the one that the gate would take")
    func unsaid() throws {
        let yaml = """
            cases:
              - {at: 2026-05-01, organisation: kids, operation: manage, gallery: missing, expect: permitted, rule: 'grant:finders'}
              - {at: 2026-05-01, organisation: kids, operation: identify, gallery: missing, expect: refused, rule: 'built-in:purpose'}
            """
        let inForce = PolicyInForce(rules: try rules(wideYAML), digest: "d")
        let cases = try #require(PolicyCases.reading(Data(yaml.utf8)).cases).cases
        #expect(cases.map { $0.disagreement(with: inForce.decision(on: $0)) } == [nil, nil])
    }
}
