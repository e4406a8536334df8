import HTTP1
import Reactor

/// How much of a streamed answer was sent, for logs and metrics.
struct SentStream {
    /// Bytes of content as sent.
    var bytes = 0
    var end = StreamEnd.complete
    /// The error that the stream threw.
    var error: (any Error)?
}

/// Answers whose content is a stream (docs/decisions/0029).
extension HTTPConnection {
    /// Sends head and content; each piece after the kernel has taken the one before.
    ///
    /// - Returns: whether the connection can carry another request.
    func send(
        _ stream: AnswerStream, _ response: inout Response, _ request: Request, keepsAlive: Bool, since start: UInt64
    ) async throws -> Bool {
        let isChunked = request.head.minorVersion > 0
        let keepsAlive = keepsAlive && isChunked
        if isChunked && !stream.trailerNames.isEmpty {
            response.headers.append(("Trailer", stream.trailerNames.joined(separator: ", ")))
        }
        let head = render(&response, request, keepsAlive: keepsAlive)
        let hasContent = response.stream != nil && request.head.method != .head && !response.status.forbidsBody
        worker.streams(request)
        var sent = SentStream()
        if hasContent {
            await send(stream, behind: head, isChunked: isChunked, &sent)
        } else {
            stream.close()
            sent.end = await transfer(head, for: limits.write) ? .complete : breach ?? .readerLeft
        }
        worker.log(request, response, nanoseconds: Clock.now - start, stream: sent)
        switch sent.end {
        case .complete:
            if !keepsAlive { await linger() }
            return keepsAlive
        case .failed where isChunked:
            // What was sent arrives; the last chunk is missing.
            await linger()
        default:
            // Under HTTP/1.0 an orderly end would look like the end of the content.
            socket.abort()
        }
        return false
    }

    private func send(
        _ stream: AnswerStream, behind head: [UInt8], isChunked: Bool, _ sent: inout SentStream
    ) async {
        self.stream = stream
        if isDraining { stream.drain() }
        releaseInput()
        socket.limitUnsent()
        socket.whenBroken { [unowned self] in breakOff(.readerLeft) }
        defer {
            socket.whenBroken(nil)
            self.stream = nil
            stream.close()
        }
        var patience = Patience(limits.write, rate: limits.writeRate)
        var output = head
        while true {
            let piece: [UInt8]?
            do {
                piece = try await stream.next()
                if let piece, isChunked { ChunkedBody.append(piece, to: &output) }
                if piece == nil && isChunked { try ChunkedBody.appendEnd(trailers: stream.trailers, to: &output) }
            } catch {
                // An error that the stream throws because it was cancelled is not a failure.
                sent.end = breach ?? .failed
                if breach == nil { sent.error = error }
                return
            }
            if let piece, !isChunked { output.append(contentsOf: piece) }
            let begun = Clock.now
            guard breach == nil, await transfer(output, for: patience.left) else {
                sent.end = breach ?? .readerLeft
                return
            }
            guard let piece else { return }
            sent.bytes += piece.count
            let now = Clock.now
            patience.spend(now - begun)
            patience.earn(piece.count)
            // A stream of small pieces may now wait for long.
            output.removeAll(keepingCapacity: piece.count >= Self.smallPiece)
            // Otherwise a fast reader of a fast stream would monopolize the core.
            if now - deadlines.now > Self.longestTurn { await worker.rest() }
        }
    }

    private static let smallPiece = 4096

    /// The share of a loop's turn that a stream may use, in nanoseconds.
    private static let longestTurn = UInt64(500_000)

    /// False if the reader is gone or did not take the bytes in time.
    private func transfer(_ bytes: [UInt8], for time: UInt64) async -> Bool {
        do {
            let sent = try socket.sendNow(bytes)
            if sent == bytes.count { return true }
            phase = .streaming
            deadline.set(at: Clock.now + time)
            defer {
                deadline.cancel()
                phase = .handler
            }
            return try await socket.send(bytes, from: sent)
        } catch {
            return false
        }
    }

    func breakOff(_ reason: StreamEnd) {
        guard breach == nil, let stream else {
            if phase == .streaming { socket.interrupt() }
            return
        }
        breach = reason
        stream.cancel()
        socket.abort()
    }
}
