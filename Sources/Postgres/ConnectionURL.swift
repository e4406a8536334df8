import CPostgres

/// A parsed connection string. Its parts can be replaced, and it can be shown without its secrets.
package struct ConnectionURL: Sendable, Equatable {
    /// The keywords that were given, in libpq's order.
    package private(set) var parameters: [(key: String, value: String)]

    /// - Throws: a `Failure` that doesn't repeat the text, because it may contain a password.
    package init(_ text: String) throws(BlockingConnection.Failure) {
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe text.utf8.contains(0) ? nil : PQconninfoParse(text, &message)
        unsafe PQfreemem(message)
        guard let options = unsafe options else {
            throw BlockingConnection.Failure(
                message: "the database URL can't be read",
                hint: "it looks like postgresql://user:password@host:5432/database")
        }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [(String, String)] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe parameters.append((String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        self.parameters = parameters
        _ = try hosts()
    }

    package subscript(key: String) -> String? {
        get { parameters.first { $0.key == key }?.value }
        set {
            parameters.removeAll { $0.key == key }
            if let newValue { parameters.append((key, newValue)) }
        }
    }

    /// The parameters as a URL.
    package var text: String {
        let query = parameters.filter { $0.key != "dbname" }
            .map { "\($0.key)=\(Self.encoded($0.value))" }
            .joined(separator: "&")
        return "postgresql:///\(Self.encoded(self["dbname"] ?? ""))" + (query.isEmpty ? "" : "?\(query)")
    }

    /// Adds limits, where the URL has none, after which an unresponsive network counts as lost: ten seconds without
    /// traffic and then two probes five seconds apart; ten seconds for data that was sent. They apply to TCP only.
    var noticingLoss: ConnectionURL {
        var url = self
        for (key, value) in [
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "2"),
            ("tcp_user_timeout", "10000"),
        ] where url[key] == nil {
            url[key] = value
        }
        return url
    }

    /// A text that may be shown: `host=db dbname=lyceum user=lyceum_server password=***`.
    package var masked: String {
        parameters.map { key, value in
            // `options` may contain anything.
            let secret = ["password", "sslpassword", "options"].contains(key)
            return "\(key)=\(secret ? "***" : value)"
        }.joined(separator: " ")
    }

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            let character = Character(Unicode.Scalar(byte))
            let plain = byte < 0x80 && (character.isLetter || character.isNumber || "-._~/".contains(character))
            if plain {
                result.append(character)
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
