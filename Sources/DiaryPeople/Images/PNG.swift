/// PNG (W3C Portable Network Graphics, third edition; section 5 defines the file format).
enum PNG {
    static let start: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// Chunks that affect how pixels are shown, with the maximum length of their content.
    private static let kept = ["PLTE": 768, "tRNS": 256, "gAMA": 4, "sRGB": 1, "cHRM": 32]

    static func image(_ bytes: [UInt8]) throws(ImageFile.Fault) -> ImageFile {
        var reader = ImageReader(bytes[start.count...])
        var output = start
        output.reserveCapacity(bytes.count)
        var size: (width: Int, height: Int)?
        var hasPixels = false
        while true {
            let length = try reader.big(4)
            let begin = reader.position
            let type = String(decoding: try reader.piece(4), as: UTF8.self)
            let content = try reader.piece(length)
            let end = reader.position
            guard try reader.big(4) == Int(CRC32.of(bytes[begin..<end])) else { throw .damaged }
            switch type {
            case "IHDR":
                guard size == nil, length == 13 else { throw .damaged }
                size = try self.size(content)
            case _ where size == nil: throw .damaged
            case "IDAT": hasPixels = true
            case "IEND":
                guard let size, hasPixels, length == 0 else { throw .damaged }
                output += bytes[(begin - 4)..<end + 4]
                return try ImageFile(.png, width: size.width, height: size.height, output)
            default:
                // A capital letter marks a critical chunk: the picture cannot be shown without it (section 5.4).
                guard let longest = kept[type], length <= longest else {
                    if bytes[begin] & 0x20 == 0 { throw .damaged }
                    continue
                }
            }
            output += bytes[(begin - 4)..<end + 4]
        }
    }

    private static func size(_ header: ArraySlice<UInt8>) throws(ImageFile.Fault) -> (width: Int, height: Int) {
        var reader = ImageReader(header)
        let size = (width: try reader.big(4), height: try reader.big(4))
        let (depth, colour) = (try reader.byte(), try reader.byte())
        let depths: [UInt8: [UInt8]] = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
        guard depths[colour]?.contains(depth) == true, try reader.big(2) == 0, try reader.byte() <= 1 else {
            throw .damaged
        }
        return size
    }
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
