import Compression

/// A parsed zip archive of files to import. Each file is named after its kind, `students.csv` or `Ученики.csv`.
struct ImportArchive: Sendable {
    /// In the order of their dependencies.
    private(set) var files: [ImportFile] = []
    /// Faults of the archive itself; each file has its own.
    private(set) var faults: [ImportFault] = []

    /// The maximum size of a request in bytes. After unpacking, `ZipReader.Limits` apply.
    static let largest = 8 * 1024 * 1024

    init(_ bytes: [UInt8], newID: () -> String) {
        let entries: [ZipReader.Entry]
        do throws(ZipReader.Fault) {
            entries = try ZipReader.entries(of: bytes) { ImportKind(file: $0) != nil }
        } catch {
            faults = [ImportFault(file: nil, error.rawValue)]
            return
        }
        if entries.isEmpty { faults = [ImportFault(file: nil, "empty_archive")] }
        var found: [ImportKind: (name: String, content: [UInt8])] = [:]
        for entry in entries {
            // The answer shows the name, and the archive can make it arbitrarily long.
            let name = String(entry.name.prefix(100))
            guard let kind = ImportKind(file: entry.name) else {
                let isPath = entry.name.contains { $0 == "/" || $0 == "\\" }
                faults.append(
                    isPath
                        ? ImportFault(file: name, "path_in_name")
                        : ImportFault(
                            file: name, "unknown_file",
                            .said(ImportKind.allCases.map { $0.rawValue + ".csv" }.joined(separator: ", "))))
                continue
            }
            if let first = found[kind] {
                faults.append(ImportFault(file: name, "repeated", .said(first.name)))
                continue
            }
            switch entry.content {
            case .success(let content)?: found[kind] = (name, content)
            case .failure(let fault)?: faults.append(ImportFault(file: name, fault.rawValue))
            case nil: break
            }
        }
        files = ImportKind.allCases.compactMap { kind in
            found[kind].map { ImportFile(kind, $0.content, name: $0.name, newID: newID) }
        }
    }
}

extension ImportKind {
    /// The templates of all kinds in one archive.
    package static var templates: [UInt8] { templates(allCases) }

    static func templates(_ kinds: [ImportKind]) -> [UInt8] {
        ZipWriter.archive(kinds.map { ($0.rawValue + ".csv", $0.template) })
    }
}
