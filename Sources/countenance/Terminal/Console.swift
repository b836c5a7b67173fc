import Foundation

/// What people see: plain where a script reads, coloured where a person does.
enum Console {
    static let outputIsTerminal = isatty(STDOUT_FILENO) == 1 && mayColour
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// NO_COLOR (no-color.org) and dumb terminals are honoured.
    private static var mayColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    static func error(_ message: String) { note("countenance: \(message)") }

    /// A line to standard error, past any progress bar.
    static func note(_ line: String) {
        let clear = errorIsTerminal ? "\r\u{1B}[K" : ""
        FileHandle.standardError.write(Data("\(clear)\(line)\n".utf8))
    }

    static func bold(_ text: String) -> String { styled(text, "1") }
    static func dim(_ text: String) -> String { styled(text, "2") }
    static func green(_ text: String) -> String { styled(text, "32") }

    private static func styled(_ text: String, _ code: String) -> String {
        outputIsTerminal ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// One JSON document, or one line of many, which leaves at once: who reads it may rely on what it reports, whatever
    /// becomes of this process.
    static func json(_ value: some Encodable, pretty: Bool = true) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty
            ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            : [
                .sortedKeys, .withoutEscapingSlashes,
            ]
        encoder.dateEncodingStrategy = .iso8601
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
        if !pretty { fflush(nil) }
    }
}

/// Names and outside text, made safe for a terminal: no control characters.
extension String {
    var printable: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 })
        )
    }
}

extension Duration {
    var milliseconds: Double {
        Double(components.seconds) * 1_000 + Double(components.attoseconds) / 1e15
    }
    /// For people: `3.1 ms`, `2.4 s`.
    var short: String {
        let ms = milliseconds
        return ms < 1_000 ? String(format: "%.1f ms", ms) : String(format: "%.1f s", ms / 1_000)
    }
}

extension Double {
    /// With as many digits as a person reads: 1234567 -> 1,230,000; 0.000123 -> 0.00012.
    var rounded3: String {
        guard self != 0 else { return "0" }
        guard magnitude < 1e15 else { return "more than 10^15" }
        if abs(self) >= 100 {
            let unit = pow(10, (log10(abs(self))).rounded(.down) - 2)
            let whole = String(Int((self / unit).rounded() * unit))
            var grouped = ""
            for (i, digit) in whole.reversed().enumerated() {
                if i > 0, i % 3 == 0, digit != "-" { grouped.append(",") }
                grouped.append(digit)
            }
            return String(grouped.reversed())
        }
        return String(format: "%.2g", self)
    }
}
