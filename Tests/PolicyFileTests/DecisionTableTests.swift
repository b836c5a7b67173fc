import FaceRecognition
import Foundation
import PolicyFile
import Testing

/// Decisions that were written by hand, from what the policy says in words, before it was asked.
@Suite struct DecisionTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let who: String
        let purpose: String?
        let operation: GatedOperation
        var gallery: String?
        var at = "2026-05-01"
        var reference: String?
        var threshold: Double?
        var candidates: Int?
        var withdrawn = false
        var key: AccessRequest.Key?
        let rule: String
        let isPermitted: Bool

        var testDescription: String {
            "\(who) \(operation.rawValue) \(gallery ?? "-") for \(purpose ?? "-") at \(at): \(rule)"
        }
    }

    static func yes(
        _ who: String, _ purpose: String?, _ operation: GatedOperation, _ gallery: String? = nil, at: String = "2026-05-01",
        case reference: String? = nil, threshold: Double? = nil, candidates: Int? = nil, withdrawn: Bool = false,
        key: AccessRequest.Key? = nil, by rule: String
    ) -> Row {
        Row(
            who: who, purpose: purpose, operation: operation, gallery: gallery, at: at, reference: reference,
            threshold: threshold, candidates: candidates, withdrawn: withdrawn, key: key, rule: rule, isPermitted: true)
    }

    static func no(
        _ who: String, _ purpose: String?, _ operation: GatedOperation, _ gallery: String? = nil, at: String = "2026-05-01",
        case reference: String? = nil, threshold: Double? = nil, candidates: Int? = nil, withdrawn: Bool = false,
        key: AccessRequest.Key? = nil, by rule: String
    ) -> Row {
        Row(
            who: who, purpose: purpose, operation: operation, gallery: gallery, at: at, reference: reference,
            threshold: threshold, candidates: candidates, withdrawn: withdrawn, key: key, rule: rule, isPermitted: false)
    }

    static let child = "missing-child", id = "identity-verification", photos = "photo-archive", audit = "accuracy-audit"
    static let rows: [Row] = [
        // The finders.
        yes("kids", child, .identify, "missing", case: "MC-0001", by: "grant:finders"),
        yes("kids", child, .enrol, "missing", case: "MC-0001", by: "grant:finders"),
        yes("kids", child, .detect, case: "MC-0001", by: "grant:finders"),
        yes("kids", child, .compare, case: "MC-0001", by: "grant:finders"),
        yes("kids", child, .manage, "missing", by: "grant:finders"),
        yes("kids", child, .forget, "missing", by: "grant:finders"),
        yes("kids", child, .manage, by: "grant:finders"),
        no("kids", child, .audit, case: "MC-0001", by: "built-in:no-grant"),
        no("kids", child, .identify, "missing", by: "purpose:missing-child"),
        no("kids", child, .identify, "missing", case: "", by: "purpose:missing-child"),
        no("kids", child, .identify, "missing", case: "MC-00001", by: "purpose:missing-child"),
        no("kids", child, .identify, "missing", case: "xMC-0001", by: "purpose:missing-child"),
        no("kids", child, .identify, "missing", case: "MC-0001\n", by: "purpose:missing-child"),
        no("kids", child, .detect, by: "purpose:missing-child"),
        yes("kids", child, .identify, "missing", case: "MC-0001", threshold: 90, by: "grant:finders"),
        yes("kids", child, .identify, "missing", case: "MC-0001", threshold: 99.9, by: "grant:finders"),
        no("kids", child, .identify, "missing", case: "MC-0001", threshold: 89.99, by: "purpose:missing-child"),
        no("kids", child, .compare, case: "MC-0001", threshold: 0, by: "purpose:missing-child"),
        yes("kids", child, .identify, "missing", case: "MC-0001", candidates: 10, by: "grant:finders"),
        no("kids", child, .identify, "missing", case: "MC-0001", candidates: 11, by: "purpose:missing-child"),
        no("kids", child, .identify, "archive", case: "MC-0001", by: "built-in:no-grant"),
        no("kids", child, .identify, "arrests", case: "MC-0001", by: "built-in:no-grant"),
        no("kids", child, .identify, "elsewhere", case: "MC-0001", by: "built-in:gallery"),
        no("kids", child, .manage, "elsewhere", by: "built-in:gallery"),
        no("kids", child, .forget, "elsewhere", by: "built-in:no-grant"),
        no("kids", nil, .identify, "missing", case: "MC-0001", by: "built-in:purpose"),
        no("kids", "", .identify, "missing", case: "MC-0001", by: "built-in:purpose"),
        no("kids", photos, .identify, "archive", by: "built-in:no-grant"),
        no("kids", "fun", .identify, "missing", by: "built-in:unknown-purpose"),
        // A grant with a span.
        no("kids", child, .manage, "archive", at: "2026-02-28T23:59:59Z", by: "built-in:no-grant"),
        yes("kids", child, .manage, "archive", at: "2026-03-01", by: "grant:finders-archive"),
        yes("kids", child, .manage, "archive", at: "2026-03-31T23:59:59Z", by: "grant:finders-archive"),
        no("kids", child, .manage, "archive", at: "2026-04-01", by: "built-in:no-grant"),
        // The police.
        no("cops", "crime", .identify, "arrests", at: "2025-12-31T23:59:59Z", case: "PD1", by: "built-in:no-grant"),
        yes("cops", "crime", .identify, "arrests", at: "2026-01-01", case: "PD1", by: "grant:police"),
        yes("cops", "crime", .identify, "arrests", at: "2026-05-31T23:59:59Z", case: "PD1", by: "grant:police"),
        no("cops", "crime", .identify, "arrests", at: "2026-06-01", case: "PD1", by: "moratorium:police-pause"),
        no("cops", "crime", .compare, at: "2026-07-15", case: "PD1", by: "moratorium:police-pause"),
        no("cops", "fun", .compare, at: "2026-07-15", by: "moratorium:police-pause"),
        no("cops", "crime", .identify, "arrests", at: "2026-08-31T23:59:59Z", case: "PD1", by: "moratorium:police-pause"),
        yes("cops", "crime", .identify, "arrests", at: "2026-09-01", case: "PD1", by: "grant:police"),
        no("cops", "crime", .identify, "arrests", at: "2027-01-01", case: "PD1", by: "built-in:no-grant"),
        no("cops", "crime", .enrol, "arrests", case: "PD1", by: "built-in:only-searches"),
        no("cops", "crime", .identify, "archive", case: "PD1", by: "prohibition:no-police-archive"),
        no("cops", "crime", .identify, "archive", at: "2026-07-15", case: "PD1", by: "prohibition:no-police-archive"),
        no("cops", "crime", .enrol, "archive", case: "PD1", by: "built-in:only-searches"),
        no("cops", "crime", .identify, "missing", case: "PD1", by: "built-in:no-grant"),
        no("cops", "crime", .identify, "arrests", case: "pd1", by: "purpose:crime"),
        no("cops", "crime", .manage, "arrests", by: "built-in:no-grant"),
        // The bank.
        yes("bank", id, .compare, by: "grant:teller"),
        yes("bank", id, .compare, threshold: 80, by: "grant:teller"),
        no("bank", id, .compare, threshold: 79, by: "purpose:identity-verification"),
        yes("bank", id, .detect, by: "grant:teller"),
        no("bank", id, .identify, "missing", by: "prohibition:bank-compares"),
        no("bank", id, .enrol, "archive", by: "prohibition:bank-compares"),
        no("bank", id, .forget, "archive", by: "built-in:no-grant"),
        no("bank", child, .compare, case: "MC-0001", by: "built-in:no-grant"),
        // Auditors and the archive.
        yes("lab", audit, .audit, by: "grant:audit"),
        no("lab", audit, .identify, "archive", by: "built-in:no-grant"),
        yes("paper", photos, .identify, "archive", by: "grant:pictures"),
        yes("paper", photos, .enrol, "archive", by: "grant:pictures"),
        no("paper", photos, .enrol, "missing", by: "purpose:photo-archive"),
        no("paper", photos, .identify, "missing", by: "purpose:photo-archive"),
        no("paper", photos, .identify, "archive", at: "2026-10-01", by: "moratorium:archive-pause"),
        no("paper", photos, .identify, "archive", at: "2036-10-01", by: "moratorium:archive-pause"),
        yes("paper", photos, .enrol, "archive", at: "2026-10-01", by: "grant:pictures"),
        yes("kids", child, .identify, "missing", at: "2026-10-01", case: "MC-0001", by: "grant:finders"),
        no("kids", photos, .identify, "archive", at: "2026-10-01", by: "moratorium:archive-pause"),
        // Strangers, and nobody.
        no("thieves", child, .identify, "missing", case: "MC-0001", by: "built-in:organisation"),
        no("", child, .identify, "missing", case: "MC-0001", by: "built-in:organisation"),
        no("local-operator", audit, .audit, by: "built-in:organisation"),
        // The operator's own.
        yes("local-operator", nil, .govern, by: "built-in:operator"),
        no("kids", child, .govern, by: "built-in:operator"),
        no("local-operator", nil, .govern, key: .init(id: "AKIA"), by: "built-in:operator"),
        // Withdrawn.
        no("kids", child, .identify, "missing", case: "MC-0001", withdrawn: true, by: "withdrawal"),
        no("kids", child, .detect, case: "MC-0001", withdrawn: true, by: "withdrawal"),
        no("lab", audit, .audit, withdrawn: true, by: "withdrawal"),
        yes("kids", child, .forget, "missing", withdrawn: true, by: "grant:finders"),
        yes("kids", child, .manage, "missing", withdrawn: true, by: "grant:finders"),
        yes("local-operator", nil, .govern, withdrawn: true, by: "built-in:operator"),
        no("lab", audit, .inspect, by: "built-in:no-grant"),
        // Keys.
        yes("kids", nil, .identify, "missing", key: .init(id: "A", purpose: child, caseReference: "MC-0001"), by: "grant:finders"),
        no("kids", child, .identify, "missing", case: "MC-0002", key: .init(id: "A", purpose: child, caseReference: "MC-0001"), by: "built-in:key"),
        no("kids", photos, .identify, "missing", key: .init(id: "A", purpose: child), by: "built-in:key"),
        no("kids", child, .identify, "missing", case: "MC-0001", key: .init(id: "A", expires: date("2026-05-01")), by: "built-in:key"),
        yes("kids", child, .identify, "missing", case: "MC-0001", key: .init(id: "A", expires: date("2026-05-02")), by: "grant:finders"),
        no("kids", child, .identify, "missing", case: "MC-0001", key: .init(id: "A", grant: "finders-archive"), by: "built-in:no-grant"),
        yes("kids", child, .identify, "missing", case: "MC-0001", key: .init(id: "A", grant: "finders"), by: "grant:finders"),
    ]

    @Test("At least sixty decisions are as they were written by hand")
    func enough() { #expect(Self.rows.count >= 60) }

    @Test("A decision is as it was written by hand", arguments: rows)
    func decided(row: Row) throws {
        let request = AccessRequest(
            organisation: row.who, purpose: row.purpose, caseReference: row.reference, operation: row.operation,
            gallery: try row.gallery.map { try GalleryName($0) }, threshold: row.threshold.flatMap { Similarity($0) },
            candidates: row.candidates, key: row.key)
        let withdrawal = row.withdrawn ? Withdrawal(since: date("2026-01-01"), reason: "a wrong match") : nil
        let rules = try rules(wideYAML)
        let decision = rules.decision(on: request, at: date(row.at), withdrawal: withdrawal)
        #expect(decision.rule == row.rule)
        #expect(decision.isPermitted == row.isPermitted)
        // What is explained is what is decided.
        let steps = rules.explanation(of: request, at: date(row.at), withdrawal: withdrawal).steps
        #expect(steps.first { $0.effect == .refuses }?.rule == (row.isPermitted ? nil : row.rule))
        if row.isPermitted { #expect(steps.contains { $0.effect == .permits && $0.rule == row.rule }) }
        #expect(saysNothingUnasked(steps))
    }

    @Test("What stands behind a rule that refuses claims nothing")
    func unasked() throws {
        let request = AccessRequest(
            organisation: "thieves", purpose: "photo-archive", operation: .identify, gallery: try GalleryName("archive"))
        let steps = try rules(wideYAML).explanation(of: request, at: date("2026-10-01")).steps
        let refused = try #require(steps.firstIndex { $0.effect == .refuses })
        #expect(steps[refused].rule == "moratorium:archive-pause")
        let after = steps[(refused + 1)...]
        #expect(after.contains { $0.rule == "built-in:organisation" } && after.allSatisfy { $0.effect == .unasked })
    }

    @Test("A purpose with a long name is named whole where it refuses")
    func longPurpose() {
        let id = String(repeating: "p", count: 100)
        let policy = Policy(
            name: "long", contact: "me", organisations: [.init(id: "o", name: "O", kind: "k")],
            purposes: [.init(id: id, caseReference: CasePattern("C"))],
            grants: [.init(id: "g", organisation: "o", purposes: [id], operations: [.compare])])
        let request = AccessRequest(organisation: "o", purpose: id, operation: .compare)
        let steps = RuleBook(policy).explanation(of: request, at: date("2026-01-01")).steps
        #expect(steps.last { $0.effect == .refuses }?.rule == "purpose:\(id)")
    }
}
