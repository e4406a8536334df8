import Compression

/// A PNG with any header and pixels; valid unless a test changes it.
struct PNGFile {
    var width = 24
    var height = 16
    var depth: UInt8 = 8
    var colour: UInt8 = 0
    var interlace: UInt8 = 0
    /// Nil: the right number of zeros.
    var pixels: [UInt8]?
    /// Replaces the compressed form of `pixels`.
    var packed: [UInt8]?
    /// Bytes of compressed pixels per chunk.
    var piece = Int.max
    var palette: [UInt8] = [0, 0, 0]
    /// Chunks after the header.
    var more: [UInt8] = []
    /// Chunks between two chunks of pixels.
    var between: [UInt8] = []

    init(
        width: Int = 24, height: Int = 16, depth: UInt8 = 8, colour: UInt8 = 0, interlace: UInt8 = 0,
        pixels: [UInt8]? = nil
    ) {
        self.width = width
        self.height = height
        self.depth = depth
        self.colour = colour
        self.interlace = interlace
        self.pixels = pixels
    }

    /// Rows of a filter byte and pixels, of each pass that has any (PNG, sections 7.2 and 8.1). Passes are counted
    /// pixel by pixel, by the pattern that the specification prints.
    var rows: [UInt8] {
        let bits = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][Int(colour)]! * Int(depth)
        if interlace == 0 { return [UInt8](repeating: 0, count: height * (1 + (width * bits + 7) / 8)) }
        let pattern = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777"]
        var count = 0
        for pass in "1234567" {
            for y in 0..<height {
                let row = Array(pattern[y % 8])
                let columns = (0..<width).count { row[$0 % 8] == pass }
                if columns > 0 { count += 1 + (columns * bits + 7) / 8 }
            }
        }
        return [UInt8](repeating: 0, count: count)
    }

    /// The pixels in the format of zlib (RFC 1950), made from the part of a gzip file between header and trailer.
    var stream: [UInt8] {
        let content = pixels ?? rows
        let deflated = GzipEncoder(level: 9).encode(content).dropFirst(10).dropLast(8)
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in content {
            a = (a &+ UInt32(byte)) % 65521
            b = (b &+ a) % 65521
        }
        return [0x78, 0xDA] + deflated + Self.big(b << 16 | a)
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        bytes += Self.chunk(
            "IHDR", Self.big(UInt32(width)) + Self.big(UInt32(height)) + [depth, colour, 0, 0, interlace])
        if colour == 3, !palette.isEmpty { bytes += Self.chunk("PLTE", palette) }
        bytes += more
        var rest = (packed ?? stream)[...]
        repeat {
            bytes += Self.chunk("IDAT", Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
            if !rest.isEmpty { bytes += between }
        } while !rest.isEmpty
        return bytes + Self.chunk("IEND", [])
    }

    static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(type.utf8) + content
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in named {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return big(UInt32(content.count)) + named + big(~crc)
    }

    private static func big(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
