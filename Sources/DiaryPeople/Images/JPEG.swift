/// JPEG (ITU-T T.81; annex B defines the file format).
enum JPEG {
    static let start: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// More than any encoder writes.
    private static let mostScans = 64

    /// Each scan costs the viewer a pass over all pixels. The largest picture may have twelve; usual encoders write
    /// ten.
    private static let mostPixels = 12 * ImageFile.longestSide * ImageFile.longestSide

    static func image(_ bytes: [UInt8]) throws(ImageFile.Fault) -> ImageFile {
        var reader = ImageReader(bytes[2...])
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var head = Head()
        var frame: Frame?
        var scans = 0
        var coded = 0
        while true {
            let marker = try marker(&reader)
            switch marker {
            case 0xD9:
                guard let frame, scans > 0, coded >= frame.leastCoded else {
                    throw .damaged
                }
                return try ImageFile(
                    .jpeg, width: frame.width, height: frame.height, [0xFF, 0xD8] + head.bytes + kept + [0xFF, 0xD9])
            // Baseline, extended and progressive frames.
            case 0xC0, 0xC1, 0xC2:
                let segment = try segment(&reader)
                guard frame == nil else { throw .damaged }
                frame = try Frame(segment, isProgressive: marker == 0xC2)
                append(marker, segment, to: &kept)
            // Tables, restart interval.
            case 0xC4, 0xDB, 0xDD: append(marker, try segment(&reader), to: &kept)
            case 0xDA:
                let segment = try segment(&reader)
                scans += 1
                guard let frame, scans <= mostScans else { throw .damaged }
                guard scans * frame.width * frame.height <= mostPixels else { throw .tooLarge }
                append(marker, segment, to: &kept)
                let data = scan(bytes, &reader)
                coded += data.coded
                kept += data.bytes
            // Application data, comments.
            case 0xE0...0xEF, 0xFE: head.read(marker, try segment(&reader))
            // Lossless, hierarchical and arithmetic coding, or a height that follows the scan.
            case 0xC3, 0xC5...0xCF, 0xDC, 0xDE, 0xDF: throw .unsupported
            default: throw .damaged
            }
        }
    }

    private static func marker(_ reader: inout ImageReader) throws(ImageFile.Fault) -> UInt8 {
        guard try reader.byte() == 0xFF else { throw .damaged }
        while true {
            let byte = try reader.byte()
            if byte != 0xFF { return byte }
        }
    }

    private static func segment(_ reader: inout ImageReader) throws(ImageFile.Fault) -> ArraySlice<UInt8> {
        try reader.piece(try reader.big(2) - 2)
    }

    private static func append(_ marker: UInt8, _ segment: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        bytes += [0xFF, marker]
        bytes.append(big: segment.count + 2, count: 2)
        bytes += segment
    }

    /// The coded data up to the next marker, and its length without restart markers and the zeros that follow a 0xFF.
    private static func scan(_ bytes: [UInt8], _ reader: inout ImageReader) -> (bytes: ArraySlice<UInt8>, coded: Int) {
        var end = reader.position
        var coded = 0
        while end + 1 < bytes.count {
            switch (bytes[end], bytes[end + 1]) {
            case (0xFF, 0):
                coded += 1
                end += 2
            case (0xFF, 0xD0...0xD7): end += 2
            case (0xFF, _): return (piece(end), coded)
            default:
                coded += 1
                end += 1
            }
        }
        // Truncated data has no marker there; the next read then fails.
        return (piece(min(end, bytes.count)), coded)

        func piece(_ end: Int) -> ArraySlice<UInt8> { (try? reader.piece(end - reader.position)) ?? [] }
    }
}

/// The header of a frame (B.2.2).
private struct Frame {
    let width: Int
    let height: Int
    /// The minimum number of bytes of coded data: for each block of 8 by 8 samples a code of one bit for the first
    /// coefficient (F.1.2.1, G.1.2.1), and in a sequential frame another one for the end of the block (F.1.2.2).
    let leastCoded: Int

    init(_ segment: ArraySlice<UInt8>, isProgressive: Bool) throws(ImageFile.Fault) {
        var reader = ImageReader(segment)
        guard try reader.byte() == 8 else { throw .unsupported }
        let (height, width) = (try reader.big(2), try reader.big(2))
        try ImageFile.check(width: width, height: height)
        let count = Int(try reader.byte())
        guard [1, 3, 4].contains(count), segment.count == 6 + 3 * count else { throw .damaged }
        var sampling: [(x: Int, y: Int)] = []
        for _ in 0..<count {
            _ = try reader.byte()
            let factors = try reader.byte()
            _ = try reader.byte()
            sampling.append((Int(factors >> 4), Int(factors & 0xF)))
        }
        guard sampling.allSatisfy({ (1...4).contains($0.x) && (1...4).contains($0.y) }) else { throw .damaged }
        let finest = (x: sampling.map { $0.x }.max()!, y: sampling.map { $0.y }.max()!)
        // A.1.1 and A.2.2, without the padding blocks of an interleaved scan.
        func blocks(_ side: Int, _ factor: Int, _ finest: Int) -> Int {
            ((side * factor + finest - 1) / finest + 7) / 8
        }
        let all = sampling.reduce(0) { sum, factors in
            sum + blocks(width, factors.x, finest.x) * blocks(height, factors.y, finest.y)
        }
        self.width = width
        self.height = height
        leastCoded = all * (isProgressive ? 1 : 2) / 8
    }
}

/// The application data that affects how the picture is shown: that it has standard colours (JFIF), how they were
/// transformed (Adobe), and how the camera was held (Exif).
private struct Head {
    private var isJFIF = false
    private var adobe: ArraySlice<UInt8> = []
    private var orientation = 1

    mutating func read(_ marker: UInt8, _ segment: ArraySlice<UInt8>) {
        switch marker {
        case 0xE0 where segment.starts(with: Array("JFIF\0".utf8)): isJFIF = true
        case 0xE1: orientation = (try? Self.orientation(segment)) ?? orientation
        case 0xEE where segment.starts(with: Array("Adobe".utf8)) && segment.count >= 12: adobe = segment.prefix(12)
        default: break
        }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if isJFIF {
            bytes += [0xFF, 0xE0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]
        }
        if orientation != 1 {
            // A directory with one entry.
            bytes += [0xFF, 0xE1, 0, 34] + Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1]
            bytes += [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
        }
        if !adobe.isEmpty { bytes += [0xFF, 0xEE, 0, 14] + adobe }
        return bytes
    }

    /// Tag 0x0112 of the first directory (TIFF 6.0; Exif 2.32 section 4.6.4).
    private static func orientation(_ segment: ArraySlice<UInt8>) throws(ImageFile.Fault) -> Int {
        guard segment.starts(with: Array("Exif\0\0".utf8)) else { throw .unsupported }
        let file = segment.dropFirst(6)
        var reader = ImageReader(file)
        let isBig = try reader.big(2) == 0x4D4D
        func number(_ reader: inout ImageReader, _ count: Int) throws(ImageFile.Fault) -> Int {
            isBig ? try reader.big(count) : try reader.little(count)
        }
        guard try number(&reader, 2) == 42 else { throw .damaged }
        let offset = try number(&reader, 4)
        reader = ImageReader(file)
        _ = try reader.piece(offset)
        for _ in 0..<(try number(&reader, 2)) {
            let (tag, type, count) = (try number(&reader, 2), try number(&reader, 2), try number(&reader, 4))
            let value = try number(&reader, 2)
            _ = try reader.piece(2)
            if tag == 0x0112, type == 3, count == 1, (1...8).contains(value) { return value }
        }
        throw .damaged
    }
}
