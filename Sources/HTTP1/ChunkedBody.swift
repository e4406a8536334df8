/// Writes content in chunks (RFC 9112 section 7.1).
package enum ChunkedBody {
    /// Appends one chunk. Empty content writes nothing, because an empty chunk would end the body.
    package static func append(_ content: Span<UInt8>, to output: inout [UInt8]) {
        guard !content.isEmpty else { return }
        appendHeader(count: content.count, to: &output)
        output.append(copying: content)
        appendTrailer(to: &output)
    }

    package static func append(_ content: [UInt8], to output: inout [UInt8]) {
        guard !content.isEmpty else { return }
        appendHeader(count: content.count, to: &output)
        output.append(contentsOf: content)
        appendTrailer(to: &output)
    }

    /// Appends the size line of a chunk whose bytes the caller writes itself.
    package static func appendHeader(count: Int, to output: inout [UInt8]) {
        precondition(count > 0, "an empty chunk would end the body")
        var shift = (Int.bitWidth - count.leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(count >> shift & 0xF)
            output.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
        appendTrailer(to: &output)
    }

    /// Appends the line end after a chunk's bytes.
    package static func appendTrailer(to output: inout [UInt8]) {
        output.append(Bytes.carriageReturn)
        output.append(Bytes.lineFeed)
    }

    /// Appends the last chunk, the trailer fields and the end of the message. After an error the output is unchanged.
    package static func appendEnd(
        trailers: [(name: String, value: String)], to output: inout [UInt8]
    ) throws(FieldError) {
        for (name, value) in trailers {
            try FieldError.check(name: name)
            try FieldError.check(value: value, of: name)
        }
        appendEnd(to: &output)
        guard !trailers.isEmpty else { return }
        output.removeLast(2)
        for (name, value) in trailers {
            output.append(contentsOf: name.utf8)
            output.append(contentsOf: ": ".utf8)
            output.append(contentsOf: value.utf8)
            appendTrailer(to: &output)
        }
        appendTrailer(to: &output)
    }

    /// Appends the last chunk and the end of the message.
    package static func appendEnd(to output: inout [UInt8]) {
        output.append(contentsOf: "0\r\n\r\n".utf8)
    }
}
