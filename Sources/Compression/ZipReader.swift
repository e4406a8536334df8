import CZip

/// Reads zip archives that somebody else made, out of memory and within bounds. Nothing is written to disk, and names lead
/// nowhere.
package enum ZipReader {
    package struct Limits: Sendable {
        package var entries = 32
        /// Bytes of one file, and of all together, unpacked.
        package var file = 16 * 1024 * 1024
        package var total = 32 * 1024 * 1024
        /// How often a file may be as large as its packed form; counts from `smallest` bytes on, since a few lines that
        /// repeat pack well.
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
        /// As the archive has it: UTF-8, or CP866 as Russian Windows wrote it.
        package let name: String
        /// Nil when it was not wanted.
        package let content: Result<[UInt8], Fault>?
    }

    /// - Parameter isWanted: whether the file of that name is unpacked at all.
    package static func entries(
        of bytes: [UInt8], limits: Limits = Limits(), where isWanted: (String) -> Bool
    ) throws(Fault) -> [Entry] {
        // For libzip nothing is an archive of nothing.
        guard !bytes.isEmpty else { throw .notAnArchive }
        // Caught here, so that the closure's type needs not be spelled out.
        do {
            return try unsafe bytes.withUnsafeBytes { buffer in
                let archive = try unsafe Archive(buffer)
                return try archive.entries(limits, isWanted)
            }
        } catch {
            throw error as? Fault ?? .notAnArchive
        }
    }

    /// libzip's view of a buffer that outlives it.
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
            // What the archive says of itself; what comes out is counted.
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
                // A wrong checksum is told at the end.
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

/// Names of files in archives.
enum ZipName {
    /// Bytes that are no UTF-8 are CP866, in which Russian Windows writes them. Control characters give way to U+FFFD: a
    /// name is shown.
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
