import HTTP1

/// Requests: any split gives the same events and the same error. An accepted request can be written and is accepted
/// again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    let outcome = checked(bytes, Limits())
    _ = checked(bytes, Limits(head: 96, target: 24, fields: 4, body: 12, trailers: 24, chunkExtensions: 8))

    let complete = outcome.requests.filter(\.isComplete)
    let again = parse([complete.flatMap(written)])
    require(again.error == nil && again.isIdle, "refused when written again: \(again)")
    require(again.requests == complete, "different when written again: \(again) instead of \(complete)")
    return 0
}

/// The parser's result for the whole input, which must be the same for each split (`parse` checks what one step
/// consumes).
private func checked(_ bytes: [UInt8], _ limits: Limits) -> Outcome {
    let whole = parse([bytes], limits: limits)
    for pieces in [bytes.map { [$0] }, bytes.pieces(seed: 1), bytes.pieces(seed: 2)] {
        let split = parse(pieces, limits: limits)
        require(split == whole, "split \(pieces.map(\.count)) gives \(split) instead of \(whole)")
    }
    for request in whole.requests {
        require(request.host != nil || request.minorVersion == 0, "1.1 without Host")
        require(request.path == "*" || request.path.hasPrefix("/"), "path \(request.path)")
        require(request.body.count <= limits.body, "content beyond the limit")
        require(request.fields.count <= limits.fields, "fields beyond the limit")
        for field in request.fields {
            require(!field.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "control byte in \(field)")
        }
        if case .fixed(let length) = request.length {
            require(request.isComplete == (request.body.count == length), "\(request.body.count) of \(length)")
        }
    }
    return whole
}

/// The request in absolute-form, with its original framing, without trailers.
private func written(_ request: Outcome.Request) -> [UInt8] {
    let path = request.path == "*" && request.host != nil ? "" : request.path
    let target = (request.host.map { "http://" + $0 } ?? "") + path + (request.query.map { "?" + $0 } ?? "")
    var output = [UInt8]("\(request.method.rawValue) \(target) HTTP/1.\(request.minorVersion)\r\n")
    for field in request.fields {
        // Bytes instead of characters: a value may begin with a combining mark.
        let (name, value) = (field.utf8.prefix { $0 != 0x3D }, field.utf8.drop { $0 != 0x3D }.dropFirst())
        output += name + [UInt8](": ") + value + [UInt8]("\r\n")
    }
    output += [UInt8]("\r\n")
    if request.length == .chunked {
        ChunkedBody.append(request.body, to: &output)
        ChunkedBody.appendEnd(to: &output)
    } else {
        output += request.body
    }
    return output
}
