import HTTP1
import Testing

@Suite struct ForwardedTests {
    private static func element(_ client: String?, _ scheme: String? = nil, _ host: String? = nil) -> Forwarded.Element
    {
        Forwarded.Element(client: client.map { IPAddress($0)! }, scheme: scheme, host: host)
    }

    private func elements(_ values: String...) -> [Forwarded.Element] {
        var elements: [Forwarded.Element] = []
        Forwarded.walk(values) { element in
            elements.append(element)
            return true
        }
        return elements
    }

    @Test(
        arguments: [
            ("for=192.0.2.43", [element("192.0.2.43")]),
            ("For=\"[2001:db8:cafe::17]:4711\"", [element("2001:db8:cafe::17")]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", [element("192.0.2.60", "http")]),
            ("for=192.0.2.43, for=198.51.100.17", [element("198.51.100.17"), element("192.0.2.43")]),
            (
                "for=\"192.0.2.43:47011\";proto=HTTPS;host=\"a.example:8443\"",
                [element("192.0.2.43", "https", "a.example:8443")]
            ),
            ("for=_gazonk", [element(nil)]), ("for=\"_SEVKISEK:1\"", [element(nil)]),
            ("for=unknown;proto=https", [element(nil, "https")]),
            (" for=192.0.2.1 ; proto=http ,, for=192.0.2.2", [element("192.0.2.2"), element("192.0.2.1", "http")]),
            ("ext=\"a,b;c=\\\"d\";for=192.0.2.1", [element("192.0.2.1")]),
            ("for=\"[::1]:_hidden\"", [element("::1")]), ("for=\"1\\92.0.2.1\"", [element("192.0.2.1")]),
            // After a malformed element the nearer ones still count, the farther ones are ignored.
            ("for=192.0.2.1, for=, for=192.0.2.3", [element("192.0.2.3")]),
            ("for=192.0.2.1, nonsense, for=192.0.2.3", [element("192.0.2.3")]),
            ("for=192.0.2.1, for=[::1], for=192.0.2.3", [element("192.0.2.3")]),
            ("for=192.0.2.1;for=192.0.2.2", []), ("for=192.0.2.1;proto=ftp", []), ("for=192.0.2.1;host=\"a b\"", []),
            ("for=192.0.2.1;", []), (";for=192.0.2.1", []), ("for=\"192.0.2.1", []), ("for=192.0.2.1\"", []),
            ("for = 192.0.2.1", []), ("for=\"::1\"", [element("::1")]), ("for=\"[192.0.2.1]\"", []),
            ("for=\"192.0.2.1:\"", []),
            ("for=\"192.0.2.1:x\"", []), ("for=\"192.0.2.1:123456\"", []), ("for=\"[::1]1\"", []), ("", []), (",", []),
        ])
    func values(_ value: String, _ expected: [Forwarded.Element]) {
        #expect(elements(value) == expected)
    }

    @Test func severalFieldsFormOneList() {
        let expected = ["192.0.2.3", "192.0.2.2", "192.0.2.1"].map { Self.element($0) }
        #expect(elements("for=192.0.2.1, for=192.0.2.2", "for=192.0.2.3") == expected)
        #expect(elements("for=192.0.2.1", "for=\"", "for=192.0.2.3") == [expected[0]])
    }

    @Test func stopsWhenTheCallerWantsNoMore() {
        var count = 0
        Forwarded.walk(["for=192.0.2.1, for=192.0.2.2, for=192.0.2.3"]) { _ in
            count += 1
            return count < 2
        }
        #expect(count == 2)
    }

    @Test(
        arguments: [
            (["192.0.2.1"], [], [], [element("192.0.2.1")]),
            (
                ["192.0.2.1, 192.0.2.2"], ["https"], ["a.example"],
                [element("192.0.2.2", "https", "a.example"), element("192.0.2.1")]
            ),
            (
                ["192.0.2.1", "192.0.2.2"], ["http,https"], [],
                [element("192.0.2.2", "https"), element("192.0.2.1", "http")]
            ),
            (
                ["2001:db8::1, [2001:db8::2]:80, 192.0.2.1:80"], [], [],
                [element("192.0.2.1"), element("2001:db8::2"), element("2001:db8::1")]
            ),
            (["192.0.2.1, nonsense, 192.0.2.2"], ["https"], [], [element("192.0.2.2", "https")]),
            (["unknown"], ["https"], [], []), (["_hidden"], [], [], []),
            ([], ["https"], ["a.example"], [element(nil, "https", "a.example")]),
            (["192.0.2.1"], ["gopher"], ["a b"], [element("192.0.2.1")]),
            ([], [], [], []), ([""], [""], [""], []),
        ] as [([String], [String], [String], [Forwarded.Element])])
    func unstandardised(
        _ addresses: [String], _ schemes: [String], _ hosts: [String], _ expected: [Forwarded.Element]
    ) {
        var elements: [Forwarded.Element] = []
        Forwarded.walk(addresses: addresses, schemes: schemes, hosts: hosts) { element in
            elements.append(element)
            return true
        }
        #expect(elements == expected)
    }
}
