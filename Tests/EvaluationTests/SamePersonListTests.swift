import FaceRecognition
import Testing

import Evaluation

@Suite struct SamePersonListTests {
    @Test("All names of a person become one, others stay")
    func names() throws {
        let list = try SamePersonList(parsing: "# a comment\nSepp\tJoseph\tJosef\n\nNan\tWang\n")
        #expect(["Sepp", "Joseph", "Josef"].map(list.person) == ["Sepp", "Sepp", "Sepp"])
        #expect(list.person("Wang") == "Nan")
        #expect(list.person("Ada") == "Ada")
    }

    @Test("A line that means nothing is refused by its number", arguments: [("a\tb\nc", 2), ("a\tb\n#\nb\td", 3), ("a\ta", 1)])
    func refused(text: String, line: Int) throws {
        let error = #expect(throws: RecognitionError.self) { try SamePersonList(parsing: text) }
        #expect(error?.code == .invalidValue)
        #expect(error?.message.contains("Line \(line) ") == true)
    }
}
