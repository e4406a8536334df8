/// A picture that is safe to store and show: in a known format, complete, of limited size, and without metadata.
///
/// The bytes decide the format, not the client's media type. The pixels are not decoded: the file is parsed, and a new
/// one is written with the parts that make up the picture. Everything else (place, camera, comments, thumbnails, data
/// after the end) is dropped.
///
/// Apps decode the picture, so it must not declare more than it contains. The pixels of a PNG are inflated, and must be
/// exactly as many as its header declares. A JPEG and a WebP must contain enough data for their size. Checking a large
/// PNG takes some tenths of a second: do not call this on a core.
package struct ImageFile: Sendable, Equatable {
    package enum Format: String, Sendable {
        case jpeg = "image/jpeg"
        case png = "image/png"
        case webp = "image/webp"
    }

    package enum Fault: String, Error {
        /// Neither JPEG nor PNG nor WebP.
        case unknownFormat = "unknown_format"
        /// Truncated, or not valid for its format.
        case damaged = "damaged_image"
        /// A rare variant that browsers do not show, or an animation.
        case unsupported = "unsupported_image"
        case tooLarge = "image_too_large"
    }

    /// In pixels. A file of a few bytes may declare a picture that takes gigabytes to show.
    package static let longestSide = 4096

    package let format: Format
    package let width: Int
    package let height: Int
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) throws(Fault) {
        self =
            if bytes.starts(with: JPEG.start) {
                try JPEG.image(bytes)
            } else if bytes.starts(with: PNG.start) {
                try PNG.image(bytes)
            } else if bytes.starts(with: WebP.start), bytes.dropFirst(8).starts(with: WebP.form) {
                try WebP.image(bytes)
            } else {
                throw Fault.unknownFormat
            }
    }

    init(_ format: Format, width: Int, height: Int, _ bytes: [UInt8]) throws(Fault) {
        try Self.check(width: width, height: height)
        self.format = format
        self.width = width
        self.height = height
        self.bytes = bytes
    }

    static func check(width: Int, height: Int) throws(Fault) {
        guard width > 0, height > 0 else { throw .damaged }
        guard width <= longestSide, height <= longestSide else { throw .tooLarge }
    }
}

/// Reads numbers and pieces of a file; anything that is missing counts as damage.
struct ImageReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    mutating func piece(_ count: Int) throws(ImageFile.Fault) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - position else { throw .damaged }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(ImageFile.Fault) -> UInt8 {
        guard position < bytes.endIndex else { throw .damaged }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func big(_ count: Int) throws(ImageFile.Fault) -> Int {
        try piece(count).reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func little(_ count: Int) throws(ImageFile.Fault) -> Int {
        try piece(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

extension [UInt8] {
    mutating func append(big value: Int, count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func append(little value: Int, count: Int) {
        for shift in stride(from: 0, to: count * 8, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
