/// What is read from an ICC profile here: only its name (ICC.1:2022, 7.3 and 9.2.41).
struct ColourProfile {
    let bytes: [UInt8]

    /// Whether the profile calls itself sRGB: most embedded profiles do, and following them takes five times as long as
    /// decoding does, to change nothing. A profile that lies about its name gets the colours of that name.
    var isSRGB: Bool { name.map { $0.hasPrefix("sRGB") } ?? false }

    /// The description, or nil when there is none to be read.
    var name: String? {
        guard let tags = number(at: 128), tags <= 100 else { return nil }
        for tag in 0..<tags {
            let entry = 132 + 12 * tag
            guard text(at: entry, 4) == "desc", let start = number(at: entry + 4) else { continue }
            switch text(at: start, 4) {
            case "desc":  // Version 2: a length with its closing zero, then ASCII.
                guard let count = number(at: start + 8), count > 0 else { return nil }
                return text(at: start + 12, count - 1)
            case "mluc":  // Version 4: UTF-16; the first language will do.
                guard let count = number(at: start + 20), let offset = number(at: start + 24) else { return nil }
                guard let utf16 = slice(at: start + offset, count) else { return nil }
                return String(decoding: utf16, as: UTF8.self).replacing("\0", with: "")
            default: return nil
            }
        }
        return nil
    }

    private func slice(at offset: Int, _ count: Int) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else { return nil }
        return bytes[offset..<offset + count]
    }

    private func number(at offset: Int) -> Int? {
        slice(at: offset, 4)?.reduce(0) { $0 << 8 | Int($1) }
    }

    private func text(at offset: Int, _ count: Int) -> String? {
        slice(at: offset, count).map { String(decoding: $0, as: UTF8.self) }
    }
}
