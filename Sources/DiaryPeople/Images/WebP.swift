/// WebP (RFC 9649): a RIFF file of chunks, one of which is the picture.
enum WebP {
    static let start = Array("RIFF".utf8)
    static let form = Array("WEBP".utf8)

    /// The format has no lower bound: 28 bytes can declare 16 megapixels of one colour. This is the ratio that a PNG
    /// can reach; photos have less than 100 pixels per byte.
    private static let mostPixelsPerByte = 1024

    static func image(_ bytes: [UInt8]) throws(ImageFile.Fault) -> ImageFile {
        var file = ImageReader(bytes[4...])
        let length = try file.little(4)
        var reader = ImageReader(try file.piece(length))
        _ = try reader.piece(4)
        var canvas: (width: Int, height: Int)?
        var hasAlpha = false
        var alpha: ArraySlice<UInt8>?
        while !reader.isAtEnd {
            let type = String(decoding: try reader.piece(4), as: UTF8.self)
            let content = try reader.piece(try reader.little(4))
            // Chunks are padded to an even length; some writers omit the last padding byte.
            if !content.count.isMultiple(of: 2), !reader.isAtEnd { _ = try reader.byte() }
            switch type {
            case "VP8X":
                guard canvas == nil, content.count >= 10 else { throw .damaged }
                var extended = ImageReader(content)
                let flags = try extended.little(4)
                hasAlpha = flags & 0x10 != 0
                if flags & 0x02 != 0 { throw .unsupported }
                canvas = (try extended.little(3) + 1, try extended.little(3) + 1)
            case "ALPH" where canvas != nil: alpha = content
            case "VP8 ", "VP8L":
                let size = type == "VP8L" ? try lossless(content) : try lossy(content)
                if let canvas, canvas != size { throw .damaged }
                try ImageFile.check(width: size.width, height: size.height)
                guard size.width * size.height <= content.count * mostPixelsPerByte else { throw .damaged }
                var chunks: [UInt8] = []
                if hasAlpha {
                    var header: [UInt8] = [0x10, 0, 0, 0]
                    header.append(little: size.width - 1, count: 3)
                    header.append(little: size.height - 1, count: 3)
                    append("VP8X", header[...], to: &chunks)
                    if let alpha, type == "VP8 " { append("ALPH", alpha, to: &chunks) }
                }
                append(type, content, to: &chunks)
                var output = start
                output.append(little: chunks.count + 4, count: 4)
                return try ImageFile(.webp, width: size.width, height: size.height, output + form + chunks)
            // Animations.
            case "ANIM", "ANMF": throw .unsupported
            default: break
            }
        }
        throw .damaged
    }

    private static func append(_ type: String, _ content: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        bytes += type.utf8
        bytes.append(little: content.count, count: 4)
        bytes += content
        if !content.count.isMultiple(of: 2) { bytes.append(0) }
    }

    /// The head of a key frame (RFC 6386 section 9.1).
    private static func lossy(_ frame: ArraySlice<UInt8>) throws(ImageFile.Fault) -> (width: Int, height: Int) {
        var reader = ImageReader(frame)
        let tag = try reader.little(3)
        guard tag & 1 == 0, try reader.big(3) == 0x9D012A else { throw .damaged }
        let size = (width: try reader.little(2) & 0x3FFF, height: try reader.little(2) & 0x3FFF)
        _ = try reader.piece(tag >> 5)
        return size
    }

    /// RFC 9649 section 3.4.
    private static func lossless(_ stream: ArraySlice<UInt8>) throws(ImageFile.Fault) -> (width: Int, height: Int) {
        var reader = ImageReader(stream)
        guard try reader.byte() == 0x2F else { throw .damaged }
        let head = try reader.little(4)
        guard head >> 29 == 0 else { throw .unsupported }
        return ((head & 0x3FFF) + 1, (head >> 14 & 0x3FFF) + 1)
    }
}
