/// The `Forwarded` field (RFC 7239): one element for each proxy on the way, the nearest proxy last.
package enum Forwarded {
    /// What one proxy reports about the request that it received.
    package struct Element: Sendable, Equatable {
        /// The client's address without its port. Nil if it is missing, `unknown` or an obfuscated name.
        package var client: IPAddress?
        /// `http` or `https`, as the proxy received the request.
        package var scheme: String?
        package var host: String?

        package init(client: IPAddress? = nil, scheme: String? = nil, host: String? = nil) {
            self.client = client
            self.scheme = scheme
            self.host = host
        }
    }

    /// Passes elements to `wantsMore`, from the last (the nearest proxy) to the first, while it returns true. Stops at
    /// a malformed element.
    ///
    /// - Parameter values: the field's values in the order sent.
    package static func walk(_ values: [String], _ wantsMore: (Element) -> Bool) {
        for value in values.reversed() {
            guard let parts = split(Array(value.utf8)[...], at: Bytes.comma) else { return }
            for part in parts.reversed() where !part.isEmpty {
                guard let element = element(part), wantsMore(element) else { return }
            }
        }
    }

    /// The same for the non-standard `X-Forwarded-For`, `-Proto` and `-Host`. Entries at the same position, counted
    /// from the last, come from the same proxy.
    package static func walk(
        addresses: [String], schemes: [String], hosts: [String], _ wantsMore: (Element) -> Bool
    ) {
        let addresses = list(addresses)
        let schemes = list(schemes)
        let hosts = list(hosts)
        for index in 0..<max(addresses.count, schemes.count, hosts.count) {
            var element = Element()
            if index < addresses.count {
                element.client = address(addresses[index])
                if element.client == nil { return }
            }
            if index < schemes.count { element.scheme = scheme(text(schemes[index])) }
            if index < hosts.count { element.host = host(text(hosts[index])) }
            guard wantsMore(element) else { return }
        }
    }

    /// The members of a list in reverse order.
    private static func list(_ values: [String]) -> [ArraySlice<UInt8>] {
        values.flatMap { Array($0.utf8).split(separator: Bytes.comma).map(trim) }.reversed()
    }

    private static func element(_ bytes: ArraySlice<UInt8>) -> Element? {
        guard let pairs = split(bytes, at: Bytes.semicolon) else { return nil }
        var element = Element()
        var names: Set<String> = []
        for pair in pairs {
            guard let equals = pair.firstIndex(of: Bytes.equals), let value = value(pair[(equals + 1)...]) else {
                return nil
            }
            let name = text(pair[..<equals]).lowercased()
            guard !name.isEmpty, name.utf8.allSatisfy(Bytes.isToken), names.insert(name).inserted else { return nil }
            let text = text(value)
            switch name {
            case "for":
                element.client = address(value)
                guard element.client != nil || isObscured(value) else { return nil }
            case "proto":
                element.scheme = scheme(text)
                guard element.scheme != nil else { return nil }
            case "host":
                element.host = host(text)
                guard element.host != nil else { return nil }
            default: break
            }
        }
        return element
    }

    /// A token, or the content of a quoted string.
    private static func value(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.first == Bytes.quote else {
            return !bytes.isEmpty && bytes.allSatisfy(Bytes.isToken) ? bytes : nil
        }
        guard bytes.count >= 2, bytes.last == Bytes.quote else { return nil }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in bytes.dropFirst().dropLast() {
            if !isEscaped && byte == Bytes.quote { return nil }
            if !isEscaped && byte == Bytes.backslash {
                isEscaped = true
            } else {
                text.append(byte)
                isEscaped = false
            }
        }
        return isEscaped ? nil : text[...]
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`. An IPv6 address without brackets has no port.
    private static func address(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
        if let address = IPAddress(text(bytes)) { return address }
        let isBracketed = bytes.first == 0x5B
        guard let end = isBracketed ? bytes.firstIndex(of: 0x5D) : bytes.firstIndex(of: Bytes.colon) else { return nil }
        let name = isBracketed ? bytes[..<end].dropFirst() : bytes[..<end]
        let rest = isBracketed ? bytes[end...].dropFirst() : bytes[end...]
        guard name.contains(Bytes.colon) == isBracketed else { return nil }
        if let first = rest.first {
            let port = rest.dropFirst()
            guard first == Bytes.colon,
                isObscured(port) || (1...5).contains(port.count) && port.allSatisfy(Bytes.isDigit)
            else { return nil }
        }
        return IPAddress(text(name))
    }

    /// `unknown`, or a name that the proxy made up (RFC 7239 section 6.3), with an optional port.
    private static func isObscured(_ bytes: ArraySlice<UInt8>) -> Bool {
        let name = bytes.prefix { $0 != Bytes.colon }
        if text(name).lowercased() == "unknown" { return true }
        return name.count > 1 && name.first == 0x5F
            && name.allSatisfy { byte in
                byte == 0x2D || byte == 0x2E || byte == 0x5F || Bytes.isDigit(byte)
                    || Bytes.lowercased(byte) &- 0x61 < 26
            }
    }

    private static func scheme(_ text: String) -> String? {
        let scheme = text.lowercased()
        return scheme == "http" || scheme == "https" ? scheme : nil
    }

    private static func host(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        return Host.isValid(bytes.span, 0..<bytes.count) ? text : nil
    }

    /// The trimmed parts between separators outside quotes; nil if a quote is not closed.
    private static func split(_ bytes: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>]? {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in zip(bytes.indices, bytes) {
            if isEscaped {
                isEscaped = false
            } else if isQuoted && byte == Bytes.backslash {
                isEscaped = true
            } else if byte == Bytes.quote {
                isQuoted.toggle()
            } else if byte == separator && !isQuoted {
                parts.append(trim(bytes[start..<index]))
                start = index + 1
            }
        }
        guard !isQuoted else { return nil }
        parts.append(trim(bytes[start...]))
        return parts
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isText = { (byte: UInt8) in byte != Bytes.space && byte != Bytes.tab }
        guard let first = bytes.firstIndex(where: isText), let last = bytes.lastIndex(where: isText) else { return [] }
        return bytes[first...last]
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
