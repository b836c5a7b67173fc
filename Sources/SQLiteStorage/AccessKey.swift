import Crypto
public import FaceRecognition
public import Foundation
import GRDB

/// What a client of the service is known by: it signs its requests with the secret that belongs to the id.
public struct AccessKey: Sendable, Hashable {
    /// "AKIA" and 16 of A to Z and 2 to 7, the form that AWS's clients know.
    public let id: String
    /// Who the client is to the gate.
    public let organisation: String
    /// The operator's own words.
    public let label: String?
    public let created: Date
    /// From then on it opens nothing; nil as long as it does.
    public let disabled: Date?
    public let binding: Binding

    /// What a key may be used for alone, and until when; nil in each place for no bound.
    public struct Binding: Sendable, Hashable {
        public var purpose: String?
        public var caseReference: String?
        /// The policy's grant by whose leave alone its requests are judged.
        public var grant: String?
        public var expires: Date?

        public init(
            purpose: String? = nil, caseReference: String? = nil, grant: String? = nil, expires: Date? = nil
        ) {
            self.purpose = purpose
            self.caseReference = caseReference
            self.grant = grant
            self.expires = expires
        }
    }

    /// What the gate is told of it.
    public var asked: AccessRequest.Key {
        AccessRequest.Key(
            id: id, expires: binding.expires, purpose: binding.purpose, caseReference: binding.caseReference,
            grant: binding.grant)
    }

    static let longestLabel = 255

    /// - Throws: `.invalidValue`.
    static func check(organisation: String, label: String?, _ binding: Binding) throws {
        let longest = AccessRequest.longestReference
        for (what, id) in [
            ("An organisation's id", organisation), ("A purpose", binding.purpose), ("A grant's id", binding.grant),
        ] where id.map({ $0.wholeMatch(of: /[A-Za-z0-9_.@:\/-]{1,128}/) == nil }) ?? false {
            throw RecognitionError(
                .invalidValue,
                "\(what) is 1 to \(longest) letters, digits, '.', '_', '-', ':', '/' or '@'; choose another.")
        }
        if let reference = binding.caseReference, !(1...longest).contains(reference.utf8.count) {
            throw RecognitionError(.invalidValue, "A case reference has 1 to \(longest) bytes; shorten it.")
        }
        guard (label ?? "").utf8.count <= longestLabel else {
            throw RecognitionError(
                .invalidValue,
                "A key's label has at most \(longestLabel) bytes, not \((label ?? "").utf8.count); shorten it.")
        }
    }
}

/// Access keys as rows. The secrets are sealed with a key of the installation's, and bound to the id and the caller.
struct AccessKeyTable {
    let db: Database
    let ring: Keyring

    private static let selection =
        """
        SELECT id, caller, label, created, disabled, sealed, purpose, case_reference, grant_id, expires
        FROM access_key LEFT JOIN disabled_access_key USING (id) LEFT JOIN access_key_binding USING (id)
        """

    func all() throws -> [AccessKey] {
        try Row.fetchAll(db, sql: "\(Self.selection) ORDER BY access_key.rowid").map { try key($0) }
    }

    /// The key and its secret; nil when it is unknown or disabled.
    func secret(of id: String) throws -> (key: AccessKey, secret: String)? {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "\(Self.selection) WHERE id = ? AND disabled IS NULL"),
                arguments: [id])
        else { return nil }
        let key = try key(row)
        guard let sealed = (row.value(5) as Data?).flatMap({ try? AES.GCM.SealedBox(combined: $0) }),
            let secret = try? AES.GCM.open(sealed, using: sealing, authenticating: context(key.id, key.organisation, key.binding))
        else {
            throw RecognitionError(
                .storageCorrupt, "The access key \(key.id) does not open; disable it and create another.")
        }
        return (key, String(decoding: secret, as: UTF8.self))
    }

    // To be called in a transaction.

    func create(
        for organisation: String, label: String?, _ binding: AccessKey.Binding
    ) throws -> (key: AccessKey, secret: String) {
        var binding = binding
        // Whole seconds, so that it comes back to the last bit: what it is bound to is sealed with it.
        binding.expires = binding.expires.map { Date(timeIntervalSince1970: $0.timeIntervalSince1970.rounded(.down)) }
        try AccessKey.check(organisation: organisation, label: label, binding)
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let id = "AKIA" + String((0..<16).map { _ in alphabet.randomElement(using: &random)! })
        let secret = Data((0..<30).map { _ in UInt8.random(in: .min ... .max, using: &random) }).base64EncodedString()
        let created = Date(timeIntervalSinceReferenceDate: Date().timeIntervalSinceReferenceDate.rounded(.down))
        let sealed = try AES.GCM.seal(Data(secret.utf8), using: sealing, authenticating: context(id, organisation, binding)).combined!
        try db.execute(
            sql: "INSERT INTO access_key (id, caller, label, created, sealed) VALUES (?, ?, ?, ?, ?)",
            arguments: [id, organisation, label, created.timeIntervalSinceReferenceDate, sealed])
        if binding != AccessKey.Binding() {
            try db.execute(
                sql:
                    "INSERT INTO access_key_binding (id, purpose, case_reference, grant_id, expires) VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    id, binding.purpose, binding.caseReference, binding.grant,
                    binding.expires?.timeIntervalSinceReferenceDate,
                ])
        }
        try noteChange()
        let key = AccessKey(
            id: id, organisation: organisation, label: label, created: created, disabled: nil, binding: binding)
        return (key, secret)
    }

    /// Its secret is overwritten. One that is disabled already stays as it is.
    /// - Throws: `.accessKeyNotFound`.
    func disable(_ id: String) throws -> AccessKey {
        guard let key = try existing(id) else {
            throw RecognitionError(
                .accessKeyNotFound, "There is no access key \(id.prefix(40)); `countenance key list` shows them.")
        }
        guard key.disabled == nil else { return key }
        // In its place, as all that is to be gone.
        try db.execute(
            sql: "UPDATE access_key SET sealed = zeroblob(length(sealed)) WHERE id = ?", arguments: [id])
        try db.execute(
            sql: "INSERT INTO disabled_access_key (id, disabled) VALUES (?, ?)",
            arguments: [id, Date().timeIntervalSinceReferenceDate])
        try db.note(.log)
        try noteChange()
        return try existing(id) ?? key
    }

    /// - Throws: `.accessKeyNotFound`; `.invalidValue` for one that is disabled.
    func rotate(_ id: String) throws -> (key: AccessKey, secret: String) {
        if let key = try existing(id), key.disabled != nil {
            throw RecognitionError(
                .invalidValue, "The access key \(key.id) is disabled, and stays so; create another.")
        }
        let old = try disable(id)
        return try create(for: old.organisation, label: old.label, old.binding)
    }

    /// How often keys have changed.
    static func changes(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT access_key_changes FROM installation")) ?? 0
    }

    private func noteChange() throws {
        try db.execute(sql: "UPDATE installation SET access_key_changes = access_key_changes + 1")
    }

    private func existing(_ id: String) throws -> AccessKey? {
        try Row.fetchOne(db, sql: "\(Self.selection) WHERE id = ?", arguments: [id]).map {
            try key($0)
        }
    }

    private func key(_ row: Row) throws -> AccessKey {
        guard let id: String = row.value(0), let organisation: String = row.value(1), let created: Double = row.value(3)
        else {
            throw RecognitionError(.storageCorrupt, "The list of access keys has a damaged row; restore a backup.")
        }
        return AccessKey(
            id: id, organisation: organisation, label: row.value(2),
            created: Date(timeIntervalSinceReferenceDate: created),
            disabled: (row.value(4) as Double?).map(Date.init(timeIntervalSinceReferenceDate:)),
            binding: AccessKey.Binding(
                purpose: row.value(6), caseReference: row.value(7), grant: row.value(8),
                expires: (row.value(9) as Double?).map(Date.init(timeIntervalSinceReferenceDate:))))
    }

    private var sealing: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: ring.digestKey, info: Data("countenance access keys".utf8), outputByteCount: 32)
    }

    private func context(_ id: String, _ organisation: String, _ binding: AccessKey.Binding) -> Data {
        var text = "\(id) \(organisation)"
        // A key without a binding is sealed as keys were before there were any. No part holds a line's end.
        if binding != AccessKey.Binding() {
            let expires = binding.expires.map { "\(Int64($0.timeIntervalSince1970))" }
            for part in [binding.purpose, binding.caseReference, binding.grant, expires] { text += "\n\(part ?? "")" }
        }
        return ring.installation.bytes + Data(text.utf8)
    }
}
