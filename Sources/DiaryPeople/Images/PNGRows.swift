/// The inflated pixels of a PNG: rows of a filter byte and packed pixels (section 7.2), in seven passes if the picture
/// is interlaced (section 8.1). So the length in bytes follows from the header.
struct PNGRows {
    /// Fields of the header (section 11.2.1), which has checked them.
    struct Header {
        var width: Int
        var height: Int
        var bitsPerPixel: Int
        var hasPalette: Bool
        var isInterlaced: Bool
    }

    /// Runs of rows of one length in bytes, the last run first.
    private var runs: [(count: Int, length: Int)]
    /// Bytes that are missing from the current row.
    private var left = 0

    init(_ header: Header) {
        let passes =
            header.isInterlaced
            ? Self.adam7.map { (x: $0.x, y: $0.y, dx: $0.dx, dy: $0.dy) } : [(x: 0, y: 0, dx: 1, dy: 1)]
        runs = passes.compactMap { pass in
            let width = (header.width - pass.x + pass.dx - 1) / pass.dx
            let height = (header.height - pass.y + pass.dy - 1) / pass.dy
            // A pass without columns has no filter bytes either.
            return width > 0 && height > 0 ? (height, 1 + (width * header.bitsPerPixel + 7) / 8) : nil
        }.reversed()
    }

    /// The first pixel of a pass, and the distance between its pixels.
    private static let adam7: [(x: Int, y: Int, dx: Int, dy: Int)] = [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]

    var isComplete: Bool { left == 0 && runs.isEmpty }

    /// - Returns: false when the bytes are not rows, or too many.
    mutating func take(_ bytes: Span<UInt8>) -> Bool {
        var position = 0
        while position < bytes.count {
            if left == 0 {
                guard let run = runs.last, bytes[position] <= 4 else { return false }
                left = run.length
                if run.count == 1 { runs.removeLast() } else { runs[runs.count - 1].count -= 1 }
            }
            let step = min(left, bytes.count - position)
            position += step
            left -= step
        }
        return true
    }
}
