import FaceRecognition
import Foundation
import PolicyFile
import Testing

/// The folder of the examples that ship with the project.
let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Examples")

func date(_ text: String) -> Date { Date(policy: text)! }

func rules(_ yaml: String) throws -> RuleBook { RuleBook(try PolicyFile(Data(yaml.utf8), path: "rules.yaml").policy) }

/// Whether what is explained is true as far as one can tell from outside: up to the first rule that refuses each was asked,
/// and behind it only the policy's own rules, which speak for themselves.
func saysNothingUnasked(_ steps: [PolicyExplanation.Step]) -> Bool {
    let end = steps.firstIndex { $0.effect == .refuses } ?? steps.endIndex
    let own = ["prohibition:", "moratorium:", "grant:"]
    return steps[..<end].allSatisfy { $0.effect != .unasked }
        && steps[end...].dropFirst().allSatisfy { step in
            own.contains { step.rule.hasPrefix($0) } ? step.effect != .unasked : step.effect == .unasked
        }
}

/// Every feature of a policy, for the table of decisions.
let wideYAML = """
    policy: wide
    contact: the board
    organisations:
      - {id: kids, name: Finders, kind: missing-persons}
      - {id: cops, name: Police, kind: law-enforcement}
      - {id: bank, name: Bank, kind: identity-verification}
      - {id: lab, name: Auditors, kind: research-audit}
      - {id: paper, name: Newspaper, kind: archive}
    purposes:
      - {id: missing-child, case: 'MC-\\d{4}', minimum_similarity: 90, maximum_candidates: 10, reviewers: 2}
      - {id: identity-verification, minimum_similarity: 80}
      - {id: photo-archive, galleries: [archive]}
      - {id: accuracy-audit}
      - {id: crime, case: '[A-Z]{2}\\d+', minimum_similarity: 99, only_searches: true}
    galleries:
      - {name: missing, owner: Finders, legal_basis: consent, retention: 180d, purposes: [missing-child]}
      - {name: archive, owner: Newspaper, legal_basis: journalism, retention: 10y, purposes: [photo-archive]}
      - {name: arrests, owner: Police, legal_basis: law, retention: 1y, purposes: [crime]}
    grants:
      - {id: finders, organisation: kids, purposes: [missing-child], operations: [detect, compare, enrol, identify, forget, manage], galleries: [missing]}
      - {id: finders-archive, organisation: kids, purposes: [missing-child], operations: [manage], galleries: [archive], from: 2026-03-01, until: 2026-04-01}
      - {id: police, organisation: cops, purposes: [crime], operations: [compare, identify], galleries: [arrests], from: 2026-01-01, until: 2027-01-01}
      - {id: teller, organisation: bank, purposes: [identity-verification], operations: [detect, compare], galleries: all}
      - {id: audit, organisation: lab, purposes: [accuracy-audit], operations: [audit], galleries: all}
      - {id: pictures, organisation: paper, purposes: [photo-archive], operations: [detect, enrol, identify, forget, manage], galleries: all}
    moratoria:
      - id: police-pause
        operations: [compare, identify]
        kinds: [law-enforcement]
        from: 2026-06-01
        until: 2026-09-01
        reason: no rules yet
        decided_by: the board
      - id: archive-pause
        operations: [identify]
        purposes: [photo-archive, missing-child]
        from: 2026-10-01
        except: [{organisation: kids, purposes: [missing-child]}]
        reason: a wrong match
        decided_by: the editor
        review: 2026-11-01
    prohibitions:
      - {id: no-police-archive, operations: [identify, enrol], kinds: [law-enforcement], galleries: [archive], reason: journalism is not for the police}
      - {id: bank-compares, operations: [enrol, identify], organisations: [bank], reason: banks compare and keep nothing}
    """
