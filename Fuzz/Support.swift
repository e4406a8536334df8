/// The input that libFuzzer passes to `LLVMFuzzerTestOneInput`.
func input(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// A property that must hold. libFuzzer reports a trap as a finding.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }

    /// Splits the bytes at places that the bytes themselves determine, so that an input fully describes its run.
    func pieces(seed: UInt64) -> [[UInt8]] {
        var state = reduce(seed &* 0x9E37_79B9_7F4A_7C15 | 1) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        var pieces: [[UInt8]] = []
        var rest = self[...]
        while !rest.isEmpty {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let piece = rest.prefix(Int(state >> 33) % 24)
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
