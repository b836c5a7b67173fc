import FaceRecognition
import Foundation
import PolicyFile
import Testing

/// The example that ships: the policy of June 2020.
@Suite struct JuneTests {
    @Test("The year of the moratorium comes out as its cases say")
    func replay() throws {
        let policy = try PolicyFile(
            Data(contentsOf: examples.appendingPathComponent("june-2020.yaml")), path: "june-2020.yaml")
        let (read, problems) = PolicyCases.reading(
            try Data(contentsOf: examples.appendingPathComponent("june-2020.cases.yaml")))
        #expect(problems.isEmpty)
        let cases = try #require(read).cases
        #expect(cases.count >= 25)
        let inForce = PolicyInForce(rules: RuleBook(policy.policy), digest: policy.digest)
        for one in cases {
            #expect(one.disagreement(with: inForce.decision(on: one)) == nil, "\(one.name)")
        }
    }

    @Test("A case that expects otherwise is found out")
    func disagreement() throws {
        let yaml = """
            cases:
              - {at: 2020-06-10, organisation: city-police, purpose: suspect-identification, operation: compare, expect: permitted}
              - {at: 2020-06-10, organisation: city-police, purpose: suspect-identification, operation: compare, expect: refused, rule: 'grant:police'}
            """
        let cases = try #require(PolicyCases.reading(Data(yaml.utf8)).cases).cases
        let policy = try PolicyFile(
            Data(contentsOf: examples.appendingPathComponent("june-2020.yaml")), path: "june-2020.yaml")
        for one in cases {
            #expect(one.disagreement(with: RuleBook(policy.policy).decision(on: one.request, at: one.time)) != nil)
        }
    }

    @Test("The refusal names the rule, why, until when and whom to ask")
    func sentence() throws {
        let policy = try PolicyFile(
            Data(contentsOf: examples.appendingPathComponent("june-2020.yaml")), path: "june-2020.yaml")
        let request = AccessRequest(
            organisation: "city-police", purpose: "suspect-identification", caseReference: "PD-000001",
            operation: .identify, gallery: try GalleryName("arrests"))
        guard case .refused(let rule, let reason) = RuleBook(policy.policy).decision(on: request, at: date("2020-12-01"))
        else {
            Issue.record("It was permitted.")
            return
        }
        #expect(rule == "moratorium:police-2020")
        #expect(reason.until == date("2021-06-10"))
        #expect(reason.text.contains("no rules for it in law") && reason.text.contains("the company"))
    }
}
