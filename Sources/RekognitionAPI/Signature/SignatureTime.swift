package import Foundation

/// A moment of the Gregorian calendar in UTC, to the second, in the one form that signatures use: `20150830T123600Z`.
///
/// Written out by hand: Foundation's parsers take more forms than the standard has, and one request has one meaning.
package struct SignatureTime: Sendable, Hashable {
    /// `20150830T123600Z`.
    package let text: String
    /// Seconds since 1970.
    package let seconds: Int

    /// `20150830`, as a scope has it.
    package var day: String { String(text.prefix(8)) }
    package var date: Date { Date(timeIntervalSince1970: Double(seconds)) }

    /// Of any moment between the years 1970 and 9999; earlier and later ones are brought to the nearest of these.
    package init(_ date: Date) {
        let seconds = date.timeIntervalSince1970
        // Said so that what is no number is the first of these.
        self.init(seconds: seconds > 0 ? Int(min(seconds, 253_402_300_799).rounded(.down)) : 0)
    }

    private init(seconds: Int) {
        let (year, month, day) = Self.civil(seconds / 86_400)
        let rest = seconds % 86_400
        self.seconds = seconds
        text =
            Self.padded(year, 4) + Self.padded(month) + Self.padded(day) + "T" + Self.padded(rest / 3600)
            + Self.padded(rest / 60 % 60) + Self.padded(rest % 60) + "Z"
    }

    /// ISO 8601's basic form, `20150830T123600Z`, and no other.
    package init?(basic text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let hour = Self.number(bytes[9..<11]),
            let minute = Self.number(bytes[11..<13]), let second = Self.number(bytes[13..<15])
        else { return nil }
        self.init(year, month, day, hour, minute, second)
    }

    /// HTTP's preferred form, `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110, section 5.6.7). The day's name must be right.
    package init?(http text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, bytes[16] == UInt8(ascii: " "), bytes[19] == UInt8(ascii: ":"),
            bytes[22] == UInt8(ascii: ":"), bytes[4] == UInt8(ascii: " "), bytes[7] == UInt8(ascii: " "),
            bytes[11] == UInt8(ascii: " "), bytes[25...].elementsEqual(" GMT".utf8),
            let month = Self.months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let day = Self.number(bytes[5..<7]), let year = Self.number(bytes[12..<16]),
            let hour = Self.number(bytes[17..<19]), let minute = Self.number(bytes[20..<22]),
            let second = Self.number(bytes[23..<25])
        else { return nil }
        self.init(year, month + 1, day, hour, minute, second)
        // 1 January 1970 was a Thursday.
        guard bytes[0..<4].elementsEqual("\(Self.weekdays[seconds / 86_400 % 7]),".utf8) else { return nil }
    }

    private init?(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int) {
        guard (1970...9999).contains(year), (1...12).contains(month), hour < 24, minute < 60, second < 60 else {
            return nil
        }
        let days = Self.days(year, month, day)
        guard day >= 1, Self.civil(days) == (year, month, day) else { return nil }
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// Digits only: Swift's own parser takes a sign too.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    private static func padded(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1970 of a date of the Gregorian calendar, and back. Years begin in March, so that the leap day is the
    /// last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// https://howardhinnant.github.io/date_algorithms.html).
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let ofEra = shifted % 400
        let ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        return (year + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
    }
}
