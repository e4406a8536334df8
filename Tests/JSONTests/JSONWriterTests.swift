import JSON
import Testing

@Suite struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func commas() {
        let name: JSONKey = "name"
        let text = text { writer in
            writer.beginObject()
            writer.key(name)
            writer.string("a")
            writer.key("list")
            writer.beginArray()
            writer.integer(1)
            writer.boolean(true)
            writer.boolean(false)
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.number("1.50")
            writer.raw(Array("{\"x\":1}".utf8))
            writer.raw(Array("[2]".utf8).span)
            writer.number(Array("3".utf8).span)
            writer.string(Array("b".utf8).span)
            writer.endArray()
            writer.key(name)
            writer.null()
            writer.endObject()
        }
        #expect(text == #"{"name":"a","list":[1,true,false,null,{},[],1.50,{"x":1},[2],3,"b"],"name":null}"#)
    }

    @Test(arguments: [0, 7, -1, 10, -99, 1_234_567_890, .max, .min])
    func integers(_ number: Int) {
        #expect(text { $0.integer(number) } == String(number))
        #expect(
            text {
                $0.beginArray(); $0.integer(number); $0.integer(number)
            } == "[\(number),\(number)")
    }

    @Test(arguments: [
        ("", #""""#), ("a\"b", #""a\"b""#), ("a\\", #""a\\""#), ("/", #""/""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\0", #""\u0000""#), ("\u{1F}", #""\u001f""#), ("\u{1B}[", #""\u001b[""#), ("\u{7F}", "\"\u{7F}\""),
        ("Ёж 🦔", "\"Ёж 🦔\""), ("0123456\"", #""0123456\"""#), ("01234567\"", #""01234567\"""#),
        ("\"\"\"", #""\"\"\"""#),
    ])
    func escapes(_ content: String, _ json: String) {
        #expect(text { $0.string(content) } == json)
        #expect(text { $0.string(Array(content.utf8).span) } == json)
    }

    /// The parser reads back each byte allowed in UTF-8 text, at each place of words of eight bytes.
    @Test func roundTripsAtEachPlace() throws {
        for byte in UInt8(1)...0x7F {
            for length in [1, 7, 8, 9, 16, 23] {
                for position in 0..<length {
                    var bytes = [UInt8](repeating: 0x61, count: length)
                    bytes[position] = byte
                    try expectRoundTrip(String(decoding: bytes, as: UTF8.self))
                }
            }
        }
    }

    /// Bytes of multi-byte characters are close to those for which the search by words looks.
    @Test(arguments: [
        "\u{80}", "\u{A2}", "\u{DC}", "\u{7FF}", "\u{2028}", "\u{FFFD}", "\u{10FFFF}", "Ü\"", "Ü\\", "Ü\n", "!\"#",
        "[\\]",
    ])
    func roundTripsBeyondASCII(_ text: String) throws {
        for padding in 0..<17 {
            try expectRoundTrip(String(repeating: "x", count: padding) + text + String(repeating: "я", count: padding))
        }
    }

    private func expectRoundTrip(_ content: String) throws {
        var writer = JSONWriter()
        writer.string(content)
        guard try JSONValue(parsing: writer.bytes) == .string(content) else {
            Issue.record("\(Array(content.utf8)) became \(writer.bytes)")
            return
        }
    }

    @Test func valueRoundTrips() throws {
        let json = #"{"a":[1.50,-0,"x\"",true,null],"b":{"c\n":{}},"d":[[],[false]]}"#
        let value = try JSONValue(parsing: Array(json.utf8))
        #expect(text { $0.value(value) } == json)
    }

    @Test func keyIsEscapedOnce() {
        #expect(
            text {
                $0.beginObject(); $0.key(JSONKey("a\"\n")); $0.null(); $0.endObject()
            } == #"{"a\"\n":null}"#)
        #expect(
            text {
                $0.beginObject(); $0.key("a\"\n" as String); $0.null(); $0.endObject()
            } == #"{"a\"\n":null}"#)
    }

    @Test func startsOver() {
        var writer = JSONWriter(reservingCapacity: 100)
        writer.integer(1)
        writer.removeAll()
        writer.integer(2)
        #expect(writer.bytes == [0x32])
    }
}
