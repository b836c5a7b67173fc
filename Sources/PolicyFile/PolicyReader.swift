import FaceRecognition
import Foundation
import Yams

/// Reads a policy's sections one after the other, and what they refer to at the end.
struct PolicyReader {
    var fields = Fields()
    var places = PolicyPlaces()
    private var references: [Reference] = []
    private var ids: [Kind: [String: Place]] = [:]

    enum Kind: String {
        case organisation, purpose, gallery, grant, moratorium, prohibition
    }

    private struct Reference {
        let kind: Kind
        let id: String
        let place: Place
    }

    static let sections = [
        "policy", "contact", "organisations", "purposes", "galleries", "grants", "moratoria", "prohibitions",
    ]

    mutating func read(_ root: Node) -> Policy {
        let top = fields.mapping(root, "A policy", Self.sections)
        var policy = Policy(
            name: fields.text(top["policy"], "policy, the policy's name,", of: root, longest: 128),
            contact: fields.text(top["contact"], "contact, whom to ask about a refusal,", of: root, longest: 256))
        if policy.name == Policy.trial.name { fields.fail(top["policy"], "The name 'trial' is taken; choose another.") }
        for item in fields.list(top["organisations"], "organisations") { policy.organisations.append(organisation(item)) }
        for item in fields.list(top["purposes"], "purposes") { policy.purposes.append(purpose(item)) }
        for item in fields.list(top["galleries"], "galleries") {
            if let (name, terms) = gallery(item) { policy.galleries[name] = terms }
        }
        for item in fields.list(top["grants"], "grants") { policy.grants.append(grant(item)) }
        for item in fields.list(top["moratoria"], "moratoria") { policy.moratoria.append(moratorium(item)) }
        for item in fields.list(top["prohibitions"], "prohibitions") { policy.prohibitions.append(prohibition(item)) }
        for reference in references where ids[reference.kind]?[reference.id] == nil {
            fields.fail(at: reference.place, "There is no \(reference.kind.rawValue) '\(reference.id)' in this policy.")
        }
        return policy
    }

    // MARK: Sections

    static let organisationFields = ["id", "name", "kind"]
    private mutating func organisation(_ node: Node) -> Policy.Organisation {
        let values = fields.mapping(node, "An organisation", Self.organisationFields)
        places.organisations.append(node.place)
        return Policy.Organisation(
            id: newID(.organisation, values["id"], of: node),
            name: fields.text(values["name"], "An organisation's name", of: node),
            kind: fields.id(values["kind"], "An organisation's kind", of: node))
    }

    static let purposeFields = [
        "id", "case", "minimum_similarity", "maximum_candidates", "daily_limit", "galleries", "reviewers", "only_searches",
    ]
    private mutating func purpose(_ node: Node) -> Policy.Purpose {
        let values = fields.mapping(node, "A purpose", Self.purposeFields)
        places.purposes.append(node.place)
        var pattern: CasePattern?
        if let text = values["case"], !text.isNothing {
            pattern = CasePattern(fields.text(text, "case", of: node))
            if pattern == nil { fields.fail(text, "case is no regular expression of at most 256 characters.") }
        }
        let id = newID(.purpose, values["id"], of: node)
        if id == AccessRequest.retention {
            fields.fail(values["id"], "The purpose 'retention' is the service's own; choose another name.")
        }
        return Policy.Purpose(
            id: id, caseReference: pattern,
            minimumSimilarity: fields.similarity(values["minimum_similarity"], "minimum_similarity"),
            maximumCandidates: fields.number(values["maximum_candidates"], "maximum_candidates", 1...4_096),
            dailyLimit: fields.number(values["daily_limit"], "daily_limit", 0...1_000_000_000),
            galleries: values["galleries"].map { galleries($0, of: node) },
            reviewers: fields.number(values["reviewers"], "reviewers", 0...100) ?? 0,
            onlySearches: fields.flag(values["only_searches"], "only_searches"))
    }

    static let galleryFields = ["name", "owner", "legal_basis", "retention", "purposes"]
    private mutating func gallery(_ node: Node) -> (GalleryName, Policy.GalleryTerms)? {
        let values = fields.mapping(node, "A gallery", Self.galleryFields)
        let terms = Policy.GalleryTerms(
            owner: fields.text(values["owner"], "A gallery's owner", of: node),
            legalBasis: fields.text(values["legal_basis"], "A gallery's legal_basis", of: node),
            retention: fields.period(values["retention"], "A gallery's retention", of: node),
            purposes: references(.purpose, values["purposes"], "purposes"))
        guard let name = fields.gallery(values["name"], of: node) else { return nil }
        note(.gallery, name.rawValue, values["name"] ?? node)
        return (name, terms)
    }

    static let grantFields = ["id", "organisation", "purposes", "operations", "galleries", "from", "until"]
    private mutating func grant(_ node: Node) -> Policy.Grant {
        let values = fields.mapping(node, "A grant", Self.grantFields)
        places.grants.append(node.place)
        let purposes = references(.purpose, values["purposes"], "purposes")
        if values["purposes"]?.isEmptyList ?? true {
            fields.fail(values["purposes"] ?? node, "purposes is missing; nothing is granted without one.")
        }
        var galleries: Set<GalleryName>?
        if let list = values["galleries"] {
            if list.plain != "all" {
                galleries = self.galleries(list, of: node, remedy: "name them, or write 'all'")
            }
        } else {
            fields.fail(node, "galleries is missing; name them, or write 'all'.")
        }
        return Policy.Grant(
            id: newID(.grant, values["id"], of: node),
            organisation: reference(.organisation, values["organisation"], "A grant's organisation", of: node),
            purposes: purposes, operations: fields.operations(values["operations"], of: node), galleries: galleries,
            span: span(values, node))
    }

    static let moratoriumFields = [
        "id", "operations", "kinds", "purposes", "from", "until", "except", "reason", "decided_by", "review",
    ]
    static let exceptionFields = ["organisation", "purposes"]
    private mutating func moratorium(_ node: Node) -> Policy.Moratorium {
        let values = fields.mapping(node, "A moratorium", Self.moratoriumFields)
        places.moratoria.append(node.place)
        var exceptions: [Policy.Moratorium.Exception] = []
        for item in fields.list(values["except"], "except") {
            let own = fields.mapping(item, "An exception", Self.exceptionFields)
            exceptions.append(
                .init(
                    organisation: reference(.organisation, own["organisation"], "An exception's organisation", of: item),
                    purposes: own["purposes"].map { narrowed(.purpose, $0, "purposes") }))
        }
        if values["from"] == nil { fields.fail(node, "from is missing; say when the moratorium begins.") }
        return Policy.Moratorium(
            id: newID(.moratorium, values["id"], of: node),
            operations: fields.operations(values["operations"], of: node), kinds: values["kinds"].map { words($0) },
            purposes: values["purposes"].map { narrowed(.purpose, $0, "purposes") }, span: span(values, node),
            exceptions: exceptions, reason: fields.text(values["reason"], "A moratorium's reason", of: node),
            decidedBy: fields.text(values["decided_by"], "decided_by, who decided on the moratorium,", of: node),
            review: fields.date(values["review"], "review"))
    }

    static let prohibitionFields = ["id", "operations", "organisations", "kinds", "purposes", "galleries", "reason"]
    private mutating func prohibition(_ node: Node) -> Policy.Prohibition {
        let values = fields.mapping(node, "A prohibition", Self.prohibitionFields)
        return Policy.Prohibition(
            id: newID(.prohibition, values["id"], of: node),
            operations: fields.operations(values["operations"], of: node),
            organisations: values["organisations"].map { narrowed(.organisation, $0, "organisations") },
            kinds: values["kinds"].map { words($0) }, purposes: values["purposes"].map { narrowed(.purpose, $0, "purposes") },
            galleries: values["galleries"].map { galleries($0, of: node) },
            reason: fields.text(values["reason"], "A prohibition's reason", of: node))
    }

    // MARK: Pieces

    private mutating func newID(_ kind: Kind, _ node: Node?, of owner: Node) -> String {
        let id = fields.id(node, "The id of a \(kind.rawValue)", of: owner)
        note(kind, id, node ?? owner)
        return id
    }

    private mutating func note(_ kind: Kind, _ id: String, _ node: Node) {
        guard !id.isEmpty else { return }
        if let earlier = ids[kind]?[id] {
            fields.fail(node, "The \(kind.rawValue) '\(id)' is there already, in line \(earlier.line).")
        } else {
            ids[kind, default: [:]][id] = node.place
        }
    }

    private mutating func reference(_ kind: Kind, _ node: Node?, _ what: String, of owner: Node) -> String {
        let id = fields.id(node, what, of: owner)
        if !id.isEmpty, let node { references.append(Reference(kind: kind, id: id, place: node.place)) }
        return id
    }

    private mutating func references(_ kind: Kind, _ node: Node?, _ what: String) -> Set<String> {
        Set(fields.list(node, what).map { reference(kind, $0, "A \(kind.rawValue)", of: $0) })
    }

    /// References of a list that narrows a rule.
    private mutating func narrowed(_ kind: Kind, _ node: Node, _ what: String) -> Set<String> {
        Set(fields.names(node, what).map { reference(kind, $0, "A \(kind.rawValue)", of: $0) })
    }

    private mutating func galleries(
        _ node: Node, of owner: Node, remedy: String = "leave the field out for all"
    ) -> Set<GalleryName> {
        var names: Set<GalleryName> = []
        for item in fields.names(node, "galleries", remedy: remedy) {
            guard let name = fields.gallery(item, of: owner) else { continue }
            references.append(Reference(kind: .gallery, id: name.rawValue, place: item.place))
            names.insert(name)
        }
        return names
    }

    private mutating func words(_ node: Node) -> Set<String> {
        Set(fields.names(node, "kinds").map { fields.id($0, "A kind", of: node) })
    }

    private mutating func span(_ values: [String: Node], _ node: Node) -> Policy.Span {
        let span = Policy.Span(
            from: fields.date(values["from"], "from"), until: fields.date(values["until"], "until"))
        if let from = span.from, let until = span.until, until <= from {
            fields.fail(values["until"] ?? node, "It ends before it begins; until is the first moment at which it no longer holds.")
        }
        return span
    }
}
