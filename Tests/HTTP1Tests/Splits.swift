import HTTP1
import Testing

/// What the parser says of the whole; an issue for each split of it that gives anything else.
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
