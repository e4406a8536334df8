/// chunk-size [ chunk-ext ] CRLF (RFC 9112 section 7.1), read byte by byte. Extensions are checked and ignored.
struct ChunkHeader: Sendable {
    private enum State: Sendable {
        case size
        /// After whitespace, where only `;` may follow, or `=` after an extension's name.
        case spaceBeforeExtension
        case nameStart, name, spaceAfterName
        case valueStart, token, quoted, escaped, valueEnd
        case lineFeed
    }

    private var state = State.size
    private var digits = 0
    private(set) var size = 0
    private(set) var extensionCount = 0

    /// Takes the next byte. Returns true when the line is complete. A size above `limit` is refused at the digit that
    /// exceeds it, so that it cannot overflow.
    mutating func read(_ byte: UInt8, atMost limit: Int) throws(ParseError) -> Bool {
        if state != .size, state != .lineFeed { extensionCount += 1 }
        switch state {
        case .size:
            if let digit = Bytes.hexValue(byte) {
                digits += 1
                guard digits <= 16 else { throw .badChunk }
                let (product, overflow) = size.multipliedReportingOverflow(by: 16)
                guard !overflow, product <= limit - Int(digit) else { throw .contentTooLarge }
                size = product + Int(digit)
                return false
            }
            guard digits > 0 else { throw .badChunk }
            try delimiter(byte, space: .spaceBeforeExtension)
        case .spaceBeforeExtension:
            // A space directly before CRLF begins no extension, so "5 CRLF" is refused.
            guard byte != Bytes.carriageReturn else { throw .badChunk }
            try delimiter(byte, space: .spaceBeforeExtension)
        case .nameStart:
            if byte == Bytes.space || byte == Bytes.tab { return false }
            guard Bytes.isToken(byte) else { throw .badChunk }
            state = .name
        case .name:
            if Bytes.isToken(byte) { return false }
            if byte == Bytes.equals { state = .valueStart } else { try delimiter(byte, space: .spaceAfterName) }
        case .spaceAfterName:
            guard byte != Bytes.carriageReturn else { throw .badChunk }
            if byte == Bytes.equals { state = .valueStart } else { try delimiter(byte, space: .spaceAfterName) }
        case .valueStart:
            if byte == Bytes.space || byte == Bytes.tab { return false }
            if byte == Bytes.quote {
                state = .quoted
            } else {
                guard Bytes.isToken(byte) else { throw .badChunk }
                state = .token
            }
        case .token:
            if Bytes.isToken(byte) { return false }
            try delimiter(byte, space: .spaceBeforeExtension)
        case .quoted:
            if byte == Bytes.quote {
                state = .valueEnd
            } else if byte == Bytes.backslash {
                state = .escaped
            } else {
                guard Bytes.isFieldValueByte(byte) else { throw .badChunk }
            }
        case .escaped:
            guard Bytes.isFieldValueByte(byte) else { throw .badChunk }
            state = .quoted
        case .valueEnd:
            try delimiter(byte, space: .spaceBeforeExtension)
        case .lineFeed:
            guard byte == Bytes.lineFeed else { throw .badChunk }
            return true
        }
        return false
    }

    private mutating func delimiter(_ byte: UInt8, space: State) throws(ParseError) {
        switch byte {
        case Bytes.carriageReturn: state = .lineFeed
        case Bytes.semicolon: state = .nameStart
        case Bytes.space, Bytes.tab: state = space
        default: throw .badChunk
        }
    }
}
