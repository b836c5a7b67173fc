import Foundation

/// A log as a folder of static files, as it is published: tiles, bundles of entries, `checkpoint` and `public-key`.
public struct TileFolder: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    private static let checkpoint = "checkpoint", publicKey = "public-key"

    /// The signed checkpoint; nil when there is none.
    /// - Throws: `.unusable`, `.malformed`.
    public func checkpoint() throws -> String? { try text(Self.checkpoint) }

    /// The public key that lies beside it: whoever can change the folder can change it as well.
    /// - Throws: `.unusable`, `.malformed`.
    public func publicKey() throws -> NoteKey? {
        try text(Self.publicKey).map { try NoteKey($0.trimmingCharacters(in: .newlines)) }
    }

    // MARK: Reading

    /// What the folder holds of a log of this size, to be checked.
    public func contents(size: Int) -> LogContents {
        LogContents(size: size) { number in
            try bundle(number, inLogOf: size)
        } hashes: { level, range in
            guard let tile = Tile(level: level, number: range.lowerBound / Tile.fullWidth, inLogOf: size) else {
                return []
            }
            let first = tile.number * Tile.fullWidth
            return Array(try hashes(tile).dropFirst(range.lowerBound - first).prefix(range.count))
        }
    }

    /// Whether entries are there, and not hashes alone.
    public var hasEntries: Bool { FileManager.default.fileExists(atPath: "\(path)/tile/entries") }

    private func bundle(_ number: Int, inLogOf size: Int) throws -> LogContents.Bundle {
        guard let tile = Tile(level: 0, number: number, inLogOf: size),
            let entriesTile = Tile(level: nil, number: number, inLogOf: size)
        else { return .init([]) }
        let first = number * Tile.fullWidth
        let leaves = try hashes(tile)
        guard hasEntries else {
            return .init(leaves.enumerated().map { .init(index: first + $0, entry: nil, leaf: $1) })
        }
        let name = try place(of: entriesTile)
        guard let bytes = try read(name, limit: Tile.fullWidth * (EntryBundle.longestEntry + 2)) else {
            throw LogError(
                .missing, at: first, "Entries \(first) to \(first + tile.width - 1) are missing: there is no \(name).")
        }
        let (entries, isWhole) = EntryBundle.decoded(bytes)
        let kept = entries.prefix(tile.width).enumerated().map {
            LogContents.Kept(index: first + $0, entry: $1, leaf: $0 < leaves.count ? leaves[$0] : nil)
        }
        // A full file in the place of an earlier partial one has more.
        let isTooLong = name == entriesTile.path && (entries.count > tile.width || !isWhole)
        let at = first + min(entries.count, tile.width)
        return .init(
            kept,
            damage: isTooLong || (entries.count < tile.width && !isWhole)
                ? LogError(
                    .changed, at: at,
                    "\(name) is no bundle of \(tile.width) entries: it does not fit from entry \(at) on.")
                : nil)
    }

    /// - Throws: `.incomplete`, `.changed` for a file of another length.
    private func hashes(_ tile: Tile) throws -> [TreeHash] {
        let name = try place(of: tile), span = 1 << (Tile.height * (tile.level ?? 0))
        let first = tile.number * Tile.fullWidth * span
        guard let bytes = try read(name, limit: Tile.fullWidth * 32) else {
            throw LogError(
                .incomplete, at: first, "Hashes of the entries from \(first) on are missing: there is no \(name).")
        }
        let wanted = name == tile.path ? tile.width : Tile.fullWidth
        guard bytes.count == wanted * 32 else {
            throw LogError(
                .changed, at: first,
                "\(name) has \(bytes.count) bytes and not \(wanted * 32): hashes were cut off or added.")
        }
        return (0..<tile.width).compactMap { TreeHash(bytes[($0 * 32)..<($0 * 32 + 32)]) }
    }

    /// The full tile takes the place of its earlier states.
    private func place(of tile: Tile) throws -> String {
        tile.isFull || FileManager.default.fileExists(atPath: "\(path)/\(tile.path)") ? tile.path : tile.fullPath
    }

    private func text(_ name: String) throws -> String? {
        guard let bytes = try read(name, limit: SignedNote.limit) else { return nil }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw LogError(.malformed, "\(path)/\(name) is no text in UTF-8.")
        }
        return text
    }

    /// - Returns: nil when there is no such file.
    /// - Throws: `.unusable` for what is no regular file, or has more bytes than the limit.
    private func read(_ name: String, limit: Int) throws -> Data? {
        let file = "\(path)/\(name)"
        // Without O_NONBLOCK, to open a pipe waits for its writer.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw LogError(.unusable, "\(file) cannot be read (\(String(cString: strerror(errno)))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            throw LogError(.unusable, "\(file) is no regular file of at most \(limit) bytes, as a log has them.")
        }
        do { return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd() ?? Data() } catch {
            throw LogError(.unusable, "\(file) cannot be read.")
        }
    }

    // MARK: Writing

    /// Brings the folder up to a checkpoint: writes what the log has gained since the folder's own, and the checkpoint
    /// last, so that what is cut short is gone on with by the next run. Makes the folder when it is not there.
    /// - Parameters:
    ///   - contents: of the log, of the checkpoint's size.
    ///   - note: signed by `key`.
    ///   - entries: false publishes hashes alone, with which proofs can be checked, but which tell nothing.
    ///   - progress: told how many files of how many are written.
    /// - Returns: how many entries the folder had before.
    /// - Throws: `.otherLog`, `.otherKey` for a folder of another log; `.cutOff`, `.changed` when the log is not what
    ///   it was when the folder was written; `.unusable` for a folder of other files; `.unwritable`, `.diskFull`.
    @discardableResult
    public func export(
        _ contents: LogContents, checkpoint note: String, key: NoteKey, entries: Bool = true,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Int {
        let old = try earlier(contents, key, entries: entries)
        let tiles = Tile.added(since: old, inLogOf: contents.size, entries: entries)
        for (done, tile) in tiles.enumerated() {
            try write(bytes(of: tile, contents), to: tile.path)
            progress(done + 1, tiles.count)
        }
        try write(Data("\(key)\n".utf8), to: Self.publicKey)
        // All of it is on the disk before the checkpoint says that it is there.
        sync()
        try write(Data(note.utf8), to: Self.checkpoint)
        // Published once, under a checkpoint that is not the last any more; the full tile has it all.
        for tile in tiles where tile.isFull {
            try? FileManager.default.removeItem(atPath: "\(path)/\(tile.folderOfPartial)")
        }
        return old
    }

    /// How many entries the folder has of this log.
    private func earlier(_ contents: LogContents, _ key: NoteKey, entries: Bool) throws -> Int {
        guard let note = try checkpoint() else {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            guard names.allSatisfy({ ["tile", Self.publicKey].contains($0) || $0.hasSuffix(Self.unfinished) }) else {
                throw LogError(.unusable, "\(path) holds other files than a log's; name an empty or a new folder.")
            }
            guard entries || !hasEntries else {
                throw LogError(.unusable, "\(path) holds entries; name another folder for hashes alone.")
            }
            return 0
        }
        let old: Checkpoint
        do { old = try Checkpoint(note: note, key: key) } catch let error as LogError {
            throw LogError(error.code, "\(path) is not gone on with. \(error.message)")
        }
        guard old.size <= contents.size else {
            throw LogError(
                .cutOff, at: contents.size,
                "\(path) holds \(old.size) entries of this log, which now has \(contents.size): the log was set back, so the folder was left as it is."
            )
        }
        guard try contents.tree.root(ofFirst: old.size) == old.root else {
            let index = try firstDifference(contents, old.size)
            throw LogError(
                .changed, at: index,
                "The log is not what it was when \(path) was written\(index.map { ": entry \($0) is another" } ?? ""), so the folder was left as it is."
            )
        }
        guard old.size == 0 || hasEntries == entries else {
            throw LogError(
                .unusable,
                "\(path) holds \(hasEntries ? "entries as well as hashes" : "hashes alone"); go on with it in the same way, or name another folder."
            )
        }
        return old.size
    }

    private func firstDifference(_ contents: LogContents, _ size: Int) throws -> Int? {
        for number in 0..<((size + Tile.fullWidth - 1) / Tile.fullWidth) {
            guard let tile = Tile(level: 0, number: number, inLogOf: size), let theirs = try? hashes(tile) else {
                return nil
            }
            let ours = try contents.bundle(number).kept.map { $0.leaf ?? $0.entry.map(TreeHash.leaf) }
            for (offset, hash) in theirs.enumerated() where offset >= ours.count || ours[offset] != hash {
                return number * Tile.fullWidth + offset
            }
        }
        return nil
    }

    private func bytes(of tile: Tile, _ contents: LogContents) throws -> Data {
        let first = tile.number * Tile.fullWidth
        switch tile.level {
        case nil:
            let kept = try contents.bundle(tile.number).kept
            return try EntryBundle.encoded(
                (0..<tile.width).map { offset in
                    guard offset < kept.count, kept[offset].index == first + offset, let entry = kept[offset].entry
                    else {
                        throw LogError(.missing, at: first + offset, "Entry \(first + offset) is missing.")
                    }
                    return entry
                })
        case let level?:
            let tree = contents.tree
            let hashes =
                try level == 0
                ? contents.bundle(tile.number).kept.prefix(tile.width).compactMap {
                    $0.leaf ?? $0.entry.map(TreeHash.leaf)
                }
                : contents.hashes(level, first..<(first + tile.width))
            guard hashes.count == tile.width else {
                throw LogError(
                    .incomplete,
                    "Of the log's tree of \(tree.size) entries, hashes of level \(level) are missing; run `record verify`."
                )
            }
            return hashes.reduce(into: Data(capacity: tile.width * 32)) { $0.append($1.bytes) }
        }
    }

    private static let unfinished = ".part"

    /// There wholly or not at all.
    private func write(_ bytes: Data, to name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)"), part = url.path + Self.unfinished
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            // A new file, whatever lies there: not through a link to another.
            unlink(part)
            let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
            defer { close(descriptor) }
            try file.write(contentsOf: bytes)
        } catch {
            unlink(part)
            throw unwritable(url.path, error)
        }
        guard rename(part, url.path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(part)
            throw LogError(.unwritable, "\(url.path) cannot be written (\(reason)); see to its folder and its disk.")
        }
    }

    private func unwritable(_ path: String, _ error: any Error) -> LogError {
        let code = (error as? CocoaError)?.code,
            reason = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? POSIXError)?.code
        return code == .fileWriteOutOfSpace || reason == .ENOSPC || (error as? POSIXError)?.code == .ENOSPC
            ? LogError(.diskFull, "The disk is full; \(path) was not written. Make room and run it again.")
            : LogError(.unwritable, "\(path) cannot be written; see to its folder and its disk.")
    }
}
