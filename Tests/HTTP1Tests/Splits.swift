import HTTP1
import Testing

/// The parser's result for the whole text. Records an issue for each split that gives another one.
func sameInEachSplit(
    _ bytes: [UInt8], limits: Limits = Limits(), maximumBody: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    let whole = parse([bytes], limits: limits, maximumBody: maximumBody)
    for pieces in splits(of: bytes) {
        let split = parse(pieces, limits: limits, maximumBody: maximumBody)
        if split != whole {
            Issue.record("split \(pieces.map(\.count)) gives \(split), not \(whole)", sourceLocation: sourceLocation)
        }
    }
    return whole
}
