import JSON
import Testing

@Suite struct JSONPointerTests {
    @Test(arguments: [
        (0, "/"), (1, "/a"), (199, "/" + String(repeating: "a", count: 199)),
        (200, "/" + String(repeating: "a", count: 196) + "…"),
        (100_000, "/" + String(repeating: "a", count: 196) + "…"),
    ])
    func longNamesAreCut(length: Int, text: String) {
        #expect(JSONPointer(String(repeating: "a", count: length)).text == text)
    }

    @Test func cutsBetweenCharacters() {
        for shift in 0..<4 {
            let name = String(repeating: "a", count: shift) + String(repeating: "😀", count: 100)
            let text = JSONPointer(name).text
            #expect(text.utf8.count <= JSONPointer.maximumLength)
            #expect(text.utf8.count > JSONPointer.maximumLength - 4)
            #expect(text.hasSuffix("😀…") && !text.contains("\u{FFFD}"))
        }
    }

    @Test func staysCut() {
        let cut = JSONPointer(String(repeating: "a", count: 500))
        #expect(cut.appending("b").appending(1).text == cut.text)
        #expect(JSONPointer("x").appending(cut).text == "/x/" + String(repeating: "a", count: 194) + "…")
    }

    /// The pointer of an error does not repeat a long name of the client in full.
    @Test func errorsAreShort() {
        let name = String(repeating: "n", count: 100_000)
        let bytes = Array("{\"\(name)\":{\"\(name)\":[1,nul]}}".utf8)
        do throws(JSONParseError) {
            _ = try JSONValue(parsing: bytes)
            Issue.record("accepted")
        } catch {
            #expect(error.pointer.text.utf8.count == JSONPointer.maximumLength)
            #expect(error.reason == .badLiteral)
        }
    }
}
