/// Reads a string that contains an escape or an error (RFC 8259 section 7).
enum JSONStringDecoder {
    /// - Parameters:
    ///   - start: the index after the opening quote.
    ///   - firstEscape: the first byte that can't be copied.
    ///   - end: set to the index after the closing quote.
    static func decode(
        _ bytes: Span<UInt8>, from start: Int, firstEscape: Int, end: inout Int
    ) throws(JSONParseError) -> String {
        var output: [UInt8] = []
        var run = start
        var index = firstEscape
        while true {
            try append(bytes.extracting(run..<index), at: run, to: &output)
            guard index < bytes.count else { throw JSONParseError(.unexpectedEnd, at: index) }
            switch bytes[index] {
            case 0x22:
                end = index + 1
                return String(decoding: output, as: UTF8.self)
            case 0x5C:
                try escape(bytes, &index, to: &output)
            case 0:
                throw JSONParseError(.nullCharacter, at: index)
            default:
                throw JSONParseError(.controlCharacter, at: index)
            }
            run = index
            index = Escaping.firstIndex(in: bytes, from: index)
        }
    }

    /// Each run between escapes must be valid UTF-8 by itself: an escape can't be inside a character.
    private static func append(
        _ run: Span<UInt8>, at offset: Int, to output: inout [UInt8]
    ) throws(JSONParseError) {
        do {
            _ = try UTF8Span(validating: run)
        } catch {
            throw JSONParseError(.badUTF8, at: offset + error.byteOffsets.lowerBound)
        }
        output.append(copying: run)
    }

    private static func escape(
        _ bytes: Span<UInt8>, _ index: inout Int, to output: inout [UInt8]
    ) throws(JSONParseError) {
        let start = index
        guard index + 1 < bytes.count else { throw JSONParseError(.unexpectedEnd, at: bytes.count) }
        let byte = bytes[index + 1]
        index += 2
        switch byte {
        case 0x22, 0x5C, 0x2F: output.append(byte)
        case 0x62: output.append(0x08)
        case 0x66: output.append(0x0C)
        case 0x6E: output.append(0x0A)
        case 0x72: output.append(0x0D)
        case 0x74: output.append(0x09)
        case 0x75:
            let scalar = try scalar(bytes, &index, escapeStart: start)
            guard scalar.value != 0 else { throw JSONParseError(.nullCharacter, at: start) }
            output.append(contentsOf: UTF8.encode(scalar)!)
        default: throw JSONParseError(.badEscape, at: start)
        }
    }

    /// The scalar of `\uXXXX`, or of a surrogate pair of two such escapes. `index` is after the first `u`.
    private static func scalar(
        _ bytes: Span<UInt8>, _ index: inout Int, escapeStart: Int
    ) throws(JSONParseError) -> Unicode.Scalar {
        let first = try unit(bytes, &index, escapeStart: escapeStart)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == 0x75 else {
            throw JSONParseError(.loneSurrogate, at: escapeStart)
        }
        index += 2
        let second = try unit(bytes, &index, escapeStart: index - 2)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x1_0000 + ((first - 0xD800) << 10 | (second - 0xDC00)))
        else { throw JSONParseError(.loneSurrogate, at: escapeStart) }
        return scalar
    }

    private static func unit(
        _ bytes: Span<UInt8>, _ index: inout Int, escapeStart: Int
    ) throws(JSONParseError) -> UInt32 {
        guard index + 4 <= bytes.count else { throw JSONParseError(.unexpectedEnd, at: bytes.count) }
        var unit: UInt32 = 0
        for position in index..<index + 4 {
            let byte = bytes[position]
            switch byte {
            case 0x30...0x39: unit = unit << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt32(byte - 0x37)
            case 0x61...0x66: unit = unit << 4 | UInt32(byte - 0x57)
            default: throw JSONParseError(.badEscape, at: escapeStart)
            }
        }
        index += 4
        return unit
    }
}
