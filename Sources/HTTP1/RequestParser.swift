/// Reads HTTP/1.1 and HTTP/1.0 requests (RFC 9112) from bytes as they arrive. It does no I/O, keeps only the bytes of
/// an unfinished head or trailer line, and reads each byte a bounded number of times. However the input is split, the
/// heads, the content and the error are the same.
///
/// After each step the caller drops `consumed` bytes and calls again with the rest, until `needMore`. For pipelined
/// requests it continues after `end`. Every error is final: the parser throws it again on each further call.
package struct RequestParser: Sendable {
    package struct Step: Sendable {
        /// How many bytes of the input have been processed.
        package let consumed: Int
        package let event: Event
    }

    package enum Event: Sendable {
        /// All input is consumed; the parser needs more bytes.
        case needMore
        case head(RequestHead)
        /// Content, as a range of this call's input.
        case body(Range<Int>)
        /// The request is complete. The next byte belongs to the next request.
        case end
    }

    private enum State: Sendable {
        /// Before the request line. One empty line is accepted there (RFC 9112 section 2.2).
        case start(skippedLine: Bool)
        case startLineFeed
        case head
        case bodyStart(RequestHead.BodyLength)
        case fixed(remaining: Int)
        case chunkHeader
        case chunkData(remaining: Int)
        case chunkCarriageReturn
        case chunkLineFeed
        case trailers
        case failed(ParseError)
    }

    private let limits: Limits
    private var state = State.start(skippedLine: false)
    private var buffer: [UInt8] = []
    private var lineStart = 0
    private var builder = HeadBuilder()
    private var chunk = ChunkHeader()
    private var bodyCount = 0
    private var extensionCount = 0
    private var trailerCount = 0
    private var trailerFields = 0

    /// The largest content allowed for the current request. It may be set between the head and the next call, and
    /// returns to `Limits.body` with each request.
    package var maximumBody: Int

    package init(limits: Limits = Limits()) {
        self.limits = limits
        maximumBody = limits.body
    }

    /// Whether the parser is between two requests, so that closing the connection loses nothing.
    package var isIdle: Bool {
        if case .start(skippedLine: false) = state { true } else { false }
    }

    /// The method of an unfinished or refused head, once its request line has been read. An error response to HEAD must
    /// have no content either.
    package var method: Method? { builder.method }

    /// Ends a request whose head announces no content, as the event `end` of `next` would.
    package mutating func endWithoutContent() {
        if case .bodyStart(.none) = state { _ = finish() }
    }

    package mutating func next(_ input: Span<UInt8>) throws(ParseError) -> Step {
        do throws(ParseError) {
            return try advance(input)
        } catch {
            state = .failed(error)
            buffer = []
            throw error
        }
    }

    private mutating func advance(_ input: Span<UInt8>) throws(ParseError) -> Step {
        var index = 0
        while true {
            switch state {
            case .start(let skippedLine):
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                switch input[index] {
                case Bytes.carriageReturn:
                    guard !skippedLine else { throw .badRequestLine }
                    state = .startLineFeed
                    index += 1
                case Bytes.lineFeed: throw .bareLineFeed
                default:
                    state = .head
                    buffer.reserveCapacity(1024)
                }
            case .startLineFeed:
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                guard input[index] == Bytes.lineFeed else { throw .bareCarriageReturn }
                state = .start(skippedLine: true)
                index += 1
            case .head:
                let (end, isWhole) = take(input, from: index, limit: limits.head)
                index = end
                try headLines()
                guard isWhole else {
                    guard buffer.count < limits.head else { throw tooLargeHead }
                    return Step(consumed: index, event: .needMore)
                }
                return Step(consumed: index, event: .head(try finishHead()))
            case .bodyStart(.none):
                return Step(consumed: index, event: finish())
            case .bodyStart(.fixed(let length)):
                guard length <= maximumBody else { throw .contentTooLarge }
                state = .fixed(remaining: length)
            case .bodyStart(.chunked):
                state = .chunkHeader
            case .fixed(let remaining):
                guard remaining > 0 else { return Step(consumed: index, event: finish()) }
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                let count = min(remaining, input.count - index)
                state = .fixed(remaining: remaining - count)
                return Step(consumed: index + count, event: .body(index..<index + count))
            case .chunkHeader:
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                let isComplete = try chunk.read(input[index], atMost: maximumBody - bodyCount)
                index += 1
                guard extensionCount + chunk.extensionCount <= limits.chunkExtensions else {
                    throw .chunkExtensionsTooLong
                }
                if isComplete {
                    bodyCount += chunk.size
                    extensionCount += chunk.extensionCount
                    state = chunk.size == 0 ? .trailers : .chunkData(remaining: chunk.size)
                    chunk = ChunkHeader()
                }
            case .chunkData(let remaining):
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                let count = min(remaining, input.count - index)
                state = remaining == count ? .chunkCarriageReturn : .chunkData(remaining: remaining - count)
                return Step(consumed: index + count, event: .body(index..<index + count))
            case .chunkCarriageReturn:
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                guard input[index] == Bytes.carriageReturn else { throw .badChunk }
                state = .chunkLineFeed
                index += 1
            case .chunkLineFeed:
                guard index < input.count else { return Step(consumed: index, event: .needMore) }
                guard input[index] == Bytes.lineFeed else { throw .badChunk }
                state = .chunkHeader
                index += 1
            case .trailers:
                guard try trailerLine(input, &index) else { return Step(consumed: index, event: .needMore) }
                return Step(consumed: index, event: finish())
            case .failed(let error):
                throw error
            }
        }
    }

    // MARK: Head

    /// The error for a head that is too long. A request line without an end has a long method or target (RFC 9112
    /// section 3).
    private var tooLargeHead: ParseError {
        if builder.isStarted { return .headTooLarge }
        return buffer.prefix(HeadBuilder.longestMethod + 1).contains(Bytes.space) ? .targetTooLong : .methodTooLong
    }

    /// Copies input into the buffer up to the empty line that ends the head, or up to the limit. Lines of one byte or
    /// none count as that end; `headLines` refuses those that are not exactly CRLF.
    private mutating func take(_ input: Span<UInt8>, from start: Int, limit: Int) -> (end: Int, isWhole: Bool) {
        let allowed = min(input.count, start + limit - buffer.count)
        // The unfinished line begins in the buffer, so this may be negative.
        var line = start - (buffer.count - lineStart)
        var position = start
        var end = allowed
        var isWhole = false
        while let lineFeed = Bytes.firstIndex(of: Bytes.lineFeed, in: input, from: position), lineFeed < allowed {
            position = lineFeed + 1
            if lineFeed - line <= 1 {
                end = position
                isWhole = true
                break
            }
            line = position
        }
        buffer.append(copying: input.extracting(start..<end))
        return (end, isWhole)
    }

    /// Reads the complete lines that were added to the buffer since the last call.
    private mutating func headLines() throws(ParseError) {
        // The copy shares the storage; it lets the builder change while the bytes are read.
        let buffer = buffer
        var scan = max(lineStart, scanned)
        while let lineFeed = Bytes.firstIndex(of: Bytes.lineFeed, in: buffer.span, from: scan) {
            let end = try RequestParser.lineEnd(buffer.span, lineStart..<lineFeed)
            if end > lineStart { try builder.line(buffer.span, lineStart..<end, limits: limits) }
            lineStart = lineFeed + 1
            scan = lineStart
        }
        scanned = buffer.count
    }

    /// How far `buffer` has been searched for line ends.
    private var scanned = 0

    /// The end of the line without its CRLF. A CR anywhere else is refused (RFC 9112 section 2.2).
    private static func lineEnd(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(ParseError) -> Int {
        guard let carriageReturn = Bytes.firstIndex(of: Bytes.carriageReturn, in: bytes, from: line.lowerBound),
            carriageReturn < line.upperBound
        else { throw .bareLineFeed }
        guard carriageReturn == line.upperBound - 1 else { throw .bareCarriageReturn }
        return carriageReturn
    }

    private mutating func finishHead() throws(ParseError) -> RequestHead {
        let head = try builder.finish(buffer)
        clear()
        builder = HeadBuilder()
        state = .bodyStart(head.bodyLength)
        return head
    }

    // MARK: Trailers

    /// Reads trailer fields as strictly as header fields and drops them (RFC 9112 section 7.1.2). Returns true after
    /// the empty line.
    private mutating func trailerLine(_ input: Span<UInt8>, _ index: inout Int) throws(ParseError) -> Bool {
        while index < input.count {
            let byte = input[index]
            index += 1
            trailerCount += 1
            guard trailerCount <= limits.trailers else { throw .headTooLarge }
            buffer.append(byte)
            guard byte == Bytes.lineFeed else { continue }
            let end = try RequestParser.lineEnd(buffer.span, 0..<buffer.count - 1)
            guard end > 0 else { return true }
            trailerFields += 1
            guard trailerFields <= limits.fields else { throw .tooManyFields }
            _ = try HeadBuilder.split(buffer.span, 0..<end)
            buffer.removeAll(keepingCapacity: true)
        }
        return false
    }

    // MARK: End

    private mutating func finish() -> Event {
        clear()
        state = .start(skippedLine: false)
        bodyCount = 0
        extensionCount = 0
        trailerCount = 0
        trailerFields = 0
        maximumBody = limits.body
        return .end
    }

    /// The head has taken the buffer; the next request gets a new one.
    private mutating func clear() {
        buffer = []
        lineStart = 0
        scanned = 0
    }
}
