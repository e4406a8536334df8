import Compression

/// PNG (W3C Portable Network Graphics, third edition; section 5 defines the file format).
enum PNG {
    static let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Chunks that affect how pixels are shown, with the maximum length of their content.
    private static let kept = ["PLTE": 768, "tRNS": 256, "gAMA": 4, "sRGB": 1, "cHRM": 32]

    static func image(_ bytes: [UInt8]) throws(ImageFile.Fault) -> ImageFile {
        var reader = ImageReader(bytes[start.count...])
        var output = start
        output.reserveCapacity(bytes.count)
        var header: PNGRows.Header?
        var pixels: Pixels?
        var palette = 0
        var last = ""
        while true {
            let length = try reader.big(4)
            let begin = reader.position
            let type = String(decoding: try reader.piece(4), as: UTF8.self)
            let content = try reader.piece(length)
            let end = reader.position
            guard try reader.big(4) == Int(CRC32.of(bytes[begin..<end])) else { throw .damaged }
            defer { last = type }
            switch type {
            case "IHDR":
                guard header == nil, length == 13 else { throw .damaged }
                header = try self.header(content)
            case _ where header == nil: throw .damaged
            case "IDAT":
                if let header, header.hasPalette, palette == 0 { throw .damaged }
                // The chunks follow one another (section 5.6).
                guard pixels == nil || last == "IDAT" else { throw .damaged }
                if pixels == nil { pixels = header.map { Pixels($0) } }
                if content.isEmpty { continue }
                guard pixels?.add(content) == true else { throw .damaged }
            case "IEND":
                guard let header, pixels?.isComplete == true, length == 0 else { throw .damaged }
                output += bytes[(begin - 4)..<end + 4]
                return try ImageFile(.png, width: header.width, height: header.height, output)
            default:
                // A capital letter marks a critical chunk: the picture cannot be shown without it (section 5.4).
                guard let longest = kept[type], length <= longest else {
                    if bytes[begin] & 0x20 == 0 { throw .damaged }
                    continue
                }
                if type == "PLTE" {
                    guard palette == 0, length > 0, length.isMultiple(of: 3) else { throw .damaged }
                    palette = length
                }
            }
            output += bytes[(begin - 4)..<end + 4]
        }
    }

    private static func header(_ content: ArraySlice<UInt8>) throws(ImageFile.Fault) -> PNGRows.Header {
        var reader = ImageReader(content)
        let (width, height) = (try reader.big(4), try reader.big(4))
        // Checked before the pixels, because their limit follows from the size.
        try ImageFile.check(width: width, height: height)
        let (depth, colour) = (try reader.byte(), try reader.byte())
        guard let kind = colours[colour], kind.depths.contains(depth), try reader.big(2) == 0 else { throw .damaged }
        let interlace = try reader.byte()
        guard interlace <= 1 else { throw .damaged }
        return PNGRows.Header(
            width: width, height: height, bitsPerPixel: kind.channels * Int(depth), hasPalette: colour == 3,
            isInterlaced: interlace == 1)
    }

    /// Section 11.2.1, table 12.
    private static let colours: [UInt8: (channels: Int, depths: [UInt8])] = [
        0: (1, [1, 2, 4, 8, 16]), 2: (3, [8, 16]), 3: (1, [1, 2, 4, 8]), 4: (2, [8, 16]), 6: (4, [8, 16]),
    ]
}

/// The compressed pixels. They are inflated to check that they are complete and as many as the header declares, because
/// apps that show the picture inflate them without a limit of their own.
private struct Pixels {
    private let stream = InflateStream()
    private var rows: PNGRows

    init(_ header: PNGRows.Header) { rows = PNGRows(header) }

    var isComplete: Bool { stream.isAtEnd && rows.isComplete }

    mutating func add(_ content: ArraySlice<UInt8>) -> Bool { stream.add(content.span) { rows.take($0) } }
}

/// The checksum of chunks (PNG, annex D).
enum CRC32 {
    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return crc ^ 0xFFFF_FFFF
    }

    private static let table: [UInt32] = (0..<256).map { number in
        var crc = UInt32(number)
        for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        return crc
    }
}
