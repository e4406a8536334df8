import CZip
import Glibc

/// Makes zip archives in memory. The same files always give the same bytes: entries have a fixed date.
package enum ZipWriter {
    /// - Parameter files: each name is ASCII and unique.
    package static func archive(_ files: [(name: String, content: [UInt8])]) -> [UInt8] {
        // libzip deletes an archive without files. Such an archive is just the end of central directory record (APPNOTE
        // 4.3.16).
        if files.isEmpty { return [0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 18) }
        // Only a lack of memory can make these calls fail.
        guard let source = unsafe zip_source_buffer_create(nil, 0, 0, nil),
            let archive = unsafe zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, nil)
        else { preconditionFailure("libzip has no memory") }
        unsafe zip_source_keep(source)
        defer { unsafe zip_source_free(source) }
        for (name, content) in files {
            let copy = unsafe malloc(max(1, content.count))!
            unsafe content.withUnsafeBytes { bytes in
                if let start = bytes.baseAddress { unsafe _ = memcpy(copy, start, bytes.count) }
            }
            // libzip frees the copy.
            guard let entry = unsafe zip_source_buffer(archive, copy, UInt64(content.count), 1) else {
                preconditionFailure("libzip has no memory")
            }
            let index = unsafe zip_file_add(archive, name, entry, 0)
            precondition(index >= 0, "\(name) is in the archive twice")
            // 1980-01-01, the earliest date of the format.
            unsafe zip_file_set_dostime(archive, UInt64(index), 0, 1 << 5 | 1, 0)
        }
        let isClosed = unsafe zip_close(archive) == 0
        precondition(isClosed, "libzip could not write to memory")
        return unsafe bytes(of: source)
    }

    private static func bytes(of source: OpaquePointer) -> [UInt8] {
        var stat = unsafe zip_stat_t()
        unsafe zip_source_stat(source, &stat)
        let size = unsafe Int(stat.size)
        unsafe zip_source_open(source)
        defer { unsafe zip_source_close(source) }
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let read = unsafe Int(zip_source_read(source, buffer.baseAddress!, UInt64(size)))
            precondition(read == size, "libzip could not read from memory")
            count = read
        }
    }
}
