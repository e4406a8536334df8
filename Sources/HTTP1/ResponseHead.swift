/// Status line and header fields of a response (RFC 9112 section 4), written directly into an output buffer.
///
/// Names and values are checked, so that no value can begin a new field or end the head.
package struct ResponseHead: Sendable {
    package enum Length: Sendable, Hashable {
        /// Neither Content-Length nor Transfer-Encoding: a 304, or a body that ends with the connection.
        case none
        case fixed(Int)
        /// The caller writes the body with `ChunkedBody`.
        case chunked
    }

    package enum Connection: Sendable, Hashable {
        /// No Connection field: a 1.1 connection stays open.
        case implicit
        case close
        /// For 1.0 clients that ask for it.
        case keepAlive
    }

    package var status: Status
    package var contentType: String?
    /// `append` leaves it out if the status does not allow it (RFC 9110 section 8.6).
    package var length: Length
    package var connection: Connection
    /// Further fields, written in this order. Framing fields are refused.
    package var fields: [(name: String, value: String)]

    package init(
        status: Status, contentType: String? = nil, length: Length = .fixed(0), connection: Connection = .implicit,
        fields: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.length = length
        self.connection = connection
        self.fields = fields
    }

    /// Appends the head with its final empty line. After an error the output is unchanged.
    ///
    /// - Parameter date: an IMF-fixdate from `HTTPDate`, cached by the caller.
    package func append(to output: inout [UInt8], date: [UInt8]) throws(FieldError) {
        // 256 is more than the status line, the framing fields and the line ends take.
        var count = 256 + status.reason.utf8.count + date.count
        if let contentType {
            try FieldError.check(value: contentType, of: "Content-Type")
            count += contentType.utf8.count
        }
        for (name, value) in fields {
            try FieldError.check(name: name)
            try FieldError.check(value: value, of: name)
            count += name.utf8.count + value.utf8.count + 4
        }
        output.append(addingCapacity: count) { write(to: &$0, date: date) }
    }

    /// `HTTP/1.1 100 Continue` (RFC 9110 section 15.2.1).
    package static let `continue`: [UInt8] = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private func write(to output: inout OutputSpan<UInt8>, date: [UInt8]) {
        output.append(text: "HTTP/1.1 ")
        output.append(decimal: status.code)
        output.append(Bytes.space)
        output.append(text: status.reason)
        output.append(text: "\r\nDate: ")
        output.append(copying: date.span)
        if let contentType {
            output.append(text: "\r\nContent-Type: ")
            output.append(text: contentType)
        }
        switch length {
        case .fixed(let count) where !status.forbidsBody || status.code == 304:
            output.append(text: "\r\nContent-Length: ")
            output.append(decimal: count)
        case .chunked where !status.forbidsBody:
            output.append(text: "\r\nTransfer-Encoding: chunked")
        default: break
        }
        switch connection {
        case .implicit: break
        case .close: output.append(text: "\r\nConnection: close")
        case .keepAlive: output.append(text: "\r\nConnection: keep-alive")
        }
        for (name, value) in fields {
            output.append(text: "\r\n")
            output.append(text: name)
            output.append(text: ": ")
            output.append(text: value)
        }
        output.append(text: "\r\n\r\n")
    }
}

extension OutputSpan<UInt8> {
    @inline(__always)
    fileprivate mutating func append(text: String) { append(copying: text.utf8.span) }

    /// - Parameter number: zero or more.
    fileprivate mutating func append(decimal number: Int) {
        precondition(number >= 0, "a length is never negative")
        guard number > 9 else { return append(0x30 + UInt8(number)) }
        var divisor = 10
        while number / divisor > 9 { divisor *= 10 }
        while divisor > 0 {
            append(0x30 + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
