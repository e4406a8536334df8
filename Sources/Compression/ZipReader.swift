import CZip

/// Reads untrusted zip archives from memory, within limits. Nothing is written to disk, and file names are never used
/// as paths.
package enum ZipReader {
    package struct Limits: Sendable {
        package var entries = 32
        /// Unpacked bytes of one file, and of all files together.
        package var file = 16 * 1024 * 1024
        package var total = 32 * 1024 * 1024
        /// The largest allowed ratio of unpacked to packed size. It is checked only above `smallest` bytes, because a
        /// few repeated lines compress well.
        package var ratio = 200
        package var smallest = 256 * 1024

        package init() {}
    }

    package enum Fault: String, Error {
        case notAnArchive = "not_an_archive"
        case tooManyFiles = "too_many_files"
        case damaged
        case encrypted
        /// Neither stored nor deflated.
        case unsupportedCompression = "unsupported_compression"
        case unpacksTooLarge = "unpacks_too_large"
    }

    package struct Entry {
        /// As stored in the archive, decoded from UTF-8 or from CP866, which Russian Windows writes.
        package let name: String
        /// Nil for a file that `isWanted` rejected.
        package let content: Result<[UInt8], Fault>?
    }

    /// - Parameter isWanted: whether to unpack the file with this name.
    package static func entries(
        of bytes: [UInt8], limits: Limits = Limits(), where isWanted: (String) -> Bool
    ) throws(Fault) -> [Entry] {
        // libzip opens empty input as an empty archive.
        guard !bytes.isEmpty else { throw .notAnArchive }
        // Errors are converted here, so that the closure's type need not be spelled out.
        do {
            return try unsafe bytes.withUnsafeBytes { buffer in
                let archive = try unsafe Archive(buffer)
                return try archive.entries(limits, isWanted)
            }
        } catch {
            throw error as? Fault ?? .notAnArchive
        }
    }

    /// libzip's view of a buffer. The buffer has to outlive it.
    @safe private struct Archive: ~Copyable {
        private let handle: OpaquePointer

        init(_ buffer: UnsafeRawBufferPointer) throws(Fault) {
            guard let source = unsafe zip_source_buffer_create(buffer.baseAddress, UInt64(buffer.count), 0, nil) else {
                throw .notAnArchive
            }
            guard let handle = unsafe zip_open_from_source(source, ZIP_RDONLY, nil) else {
                unsafe zip_source_free(source)
                throw .notAnArchive
            }
            unsafe self.handle = handle
        }

        deinit { unsafe zip_discard(handle) }

        func entries(_ limits: Limits, _ isWanted: (String) -> Bool) throws(Fault) -> [Entry] {
            let count = unsafe zip_get_num_entries(handle, 0)
            guard count >= 0 else { throw .damaged }
            guard count <= limits.entries else { throw .tooManyFiles }
            var left = limits.total
            var entries: [Entry] = []
            for index in 0..<UInt64(count) {
                let name = try name(index)
                guard isWanted(name) else {
                    entries.append(Entry(name: name, content: nil))
                    continue
                }
                do throws(Fault) {
                    let content = try content(index, limits, atMost: min(limits.file, left))
                    left -= content.count
                    entries.append(Entry(name: name, content: .success(content)))
                } catch {
                    entries.append(Entry(name: name, content: .failure(error)))
                }
            }
            return entries
        }

        private func name(_ index: UInt64) throws(Fault) -> String {
            guard let raw = unsafe zip_get_name(handle, index, UInt32(ZIP_FL_ENC_RAW)) else { throw .damaged }
            var bytes: [UInt8] = []
            var next = unsafe raw
            while unsafe next.pointee != 0 {
                bytes.append(UInt8(bitPattern: unsafe next.pointee))
                unsafe next += 1
            }
            return ZipName.text(of: bytes)
        }

        private func content(_ index: UInt64, _ limits: Limits, atMost limit: Int) throws(Fault) -> [UInt8] {
            var stat = unsafe zip_stat_t()
            guard unsafe zip_stat_index(handle, index, 0, &stat) == 0 else { throw .damaged }
            guard unsafe stat.encryption_method == ZIP_EM_NONE else { throw .encrypted }
            guard unsafe [ZIP_CM_STORE, ZIP_CM_DEFLATE].contains(Int32(stat.comp_method)) else {
                throw .unsupportedCompression
            }
            let packed = unsafe stat.comp_size
            // The size that the archive states. The bytes that really come out are counted below.
            guard unsafe stat.size <= UInt64(limit) else { throw .unpacksTooLarge }
            guard let file = unsafe zip_fopen_index(handle, index, 0) else { throw .damaged }
            defer { unsafe zip_fclose(file) }
            var content: [UInt8] = []
            while true {
                var piece = 0
                content.append(addingCapacity: 64 * 1024) { output in
                    unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                        piece = unsafe Int(zip_fread(file, buffer.baseAddress!, UInt64(buffer.count)))
                        count = max(0, piece)
                    }
                }
                // libzip reports a wrong checksum at the end of the file.
                guard piece >= 0 else { throw .damaged }
                guard piece > 0 else { return content }
                guard content.count <= limit else { throw .unpacksTooLarge }
                guard content.count <= limits.smallest || content.count / limits.ratio <= packed else {
                    throw .unpacksTooLarge
                }
            }
        }
    }
}

/// File names in archives.
enum ZipName {
    /// Decodes bytes that are not UTF-8 as CP866, which Russian Windows writes. Replaces control characters with
    /// U+FFFD, because the name is shown to people.
    static func text(of bytes: [UInt8]) -> String {
        let text =
            String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { $0 < 0x80 ? Unicode.Scalar($0) : cp866[Int($0 - 0x80)] }))
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    /// 0x80 to 0xFF.
    private static let cp866 = Array(
        """
        АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп\
        ░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        рстуфхцчшщъыьэюяЁёЄєЇїЎў°∙·√№¤■\u{A0}
        """.unicodeScalars)
}
