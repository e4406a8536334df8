import FoundationEssentials
import Glibc

/// One numbered file of `Migrations/`: `NNNN_name.sql`, with an up and a down part. These files change tables and data;
/// functions, views and triggers are in `FunctionFile`s.
///
///     -- Why this change.
///     -- migrate:up
///     CREATE TABLE …;
///     -- migrate:down
///     DROP TABLE …;
///
/// A file without a down part can't be undone. `-- migrate:no-transaction` above `-- migrate:up` is for statements that
/// PostgreSQL refuses inside a transaction; each statement of such a file must be safe to run again.
package struct MigrationFile: Sendable {
    package let version: Int
    package let name: String
    /// The whole file without a byte order mark, lines ending in LF. The checksum is computed from it.
    package let source: String
    package let up: String
    /// Nil if the file can't be undone.
    package let down: String?
    package let isTransactional: Bool
    package let destructive: [DestructiveStatement]
    /// Of the down part.
    package let destructiveDown: [DestructiveStatement]

    /// `up` split into statements, for files without a transaction.
    let upStatements: [SQLScript.Statement]
    let downStatements: [SQLScript.Statement]
    /// The lines in the file where `up` and `down` begin, from 1.
    let upLine: Int
    let downLine: Int

    package var fileName: String { Self.fileName(version: version, name: name) }

    /// - Throws: `MigrationError.file` with the faulty line.
    package init(fileName: String, contents: String) throws(MigrationError) {
        guard let (version, name) = Self.parse(fileName: fileName) else {
            throw .file(fileName, line: nil, "must be named NNNN_name.sql (lower-case letters, digits, underscores)")
        }
        self.version = version
        self.name = name
        source = Self.normalized(contents)
        if source.contains(byte: 0) { throw .file(fileName, line: nil, "contains a NUL byte") }
        let parts = try Parts(source, fileName: fileName)
        isTransactional = parts.isTransactional
        (up, upLine) = parts.up
        (down, downLine) = (parts.down?.text, parts.down?.line ?? 0)
        let upScript = try Self.script(up, line: upLine, fileName: fileName, transactional: isTransactional)
        upStatements = upScript.statements
        destructive = DestructiveStatement.find(in: upScript)
        if upStatements.isEmpty { throw .file(fileName, line: upLine, "has no statements under -- migrate:up") }
        let downScript = try Self.script(
            down ?? "", line: downLine, fileName: fileName, transactional: isTransactional)
        downStatements = downScript.statements
        destructiveDown = DestructiveStatement.find(in: downScript)
    }

    /// All files of a directory, sorted by version.
    ///
    /// - Throws: `MigrationError` for a wrong file name, a duplicate version or a missing version.
    package static func load(directory: String) throws(MigrationError) -> [MigrationFile] {
        var files: [MigrationFile] = []
        for fileName in try names(directory: directory) {
            let contents = try contents(of: directory + "/" + fileName, fileName: fileName)
            files.append(try MigrationFile(fileName: fileName, contents: contents))
        }
        try checkSequence(files)
        return files
    }

    /// The texts of all files of a directory, as `source`.
    static func sources(directory: String) throws(MigrationError) -> [(name: String, source: String)] {
        var sources: [(name: String, source: String)] = []
        for fileName in try names(directory: directory) {
            let contents = try contents(of: directory + "/" + fileName, fileName: fileName)
            sources.append((fileName, normalized(contents)))
        }
        return sources
    }

    private static func names(directory: String) throws(MigrationError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().filter {
                $0.hasSuffix(".sql") && $0 != Migrations.schemaFile
            }
        } catch {
            throw .directory(directory, "can't be read")
        }
    }

    static func contents(of path: String, fileName: String) throws(MigrationError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(fileName, line: nil, "can't be read")
        }
        guard let contents = String(validating: data, as: UTF8.self) else {
            throw .file(fileName, line: nil, "is not UTF-8")
        }
        return contents
    }

    /// Checks that versions count 1, 2, 3 … without gaps or duplicates.
    static func checkSequence(_ files: [MigrationFile]) throws(MigrationError) {
        if let first = files.first, first.version != 1 { throw .gap(after: 0, next: first.fileName) }
        for (file, next) in zip(files, files.dropFirst()) {
            if file.version == next.version { throw .duplicate(file.fileName, next.fileName) }
            if file.version + 1 != next.version { throw .gap(after: file.version, next: next.fileName) }
        }
    }

    /// Creates the next file from the template.
    ///
    /// - Returns: its path.
    package static func create(name: String, directory: String) throws(MigrationError) -> String {
        let version = (try load(directory: directory).last?.version ?? 0) + 1
        let fileName = Self.fileName(version: version, name: name)
        guard parse(fileName: fileName) != nil else {
            throw .file(fileName, line: nil, "must be named NNNN_name.sql (lower-case letters, digits, underscores)")
        }
        let path = directory + "/" + fileName
        do {
            try Data(template.utf8).write(to: URL(filePath: path), options: .withoutOverwriting)
        } catch {
            throw .directory(directory, "can't be written to")
        }
        return path
    }

    private static let template = """
        -- Why this change is made, and what to look at before running it.
        --
        -- The whole file is one transaction. For statements that PostgreSQL refuses inside one (CREATE INDEX
        -- CONCURRENTLY), put a line "migrate:no-transaction" as a comment of its own here. Each statement must then be
        -- safe to run again: DROP INDEX CONCURRENTLY IF EXISTS first, then CREATE INDEX CONCURRENTLY.

        -- migrate:up

        -- migrate:down

        """

    static func fileName(version: Int, name: String) -> String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name + ".sql"
    }

    private static func parse(fileName: String) -> (version: Int, name: String)? {
        guard fileName.hasSuffix(".sql") else { return nil }
        let stem = fileName.dropLast(4)
        let digits = stem.prefix(4)
        let name = stem.dropFirst(5)
        guard digits.utf8.count == 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let version = Int(digits),
            version > 0, stem.dropFirst(4).first == "_", !name.isEmpty,
            name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F })
        else { return nil }
        return (version, String(name))
    }

    /// Removes the byte order mark and makes lines end in LF.
    static func normalized(_ text: String) -> String {
        let carriageReturn = UInt8(ascii: "\r")
        if !text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) && !text.contains(byte: carriageReturn) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var previous: UInt8 = 0
        for byte in text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? text.utf8.dropFirst(3) : text.utf8[...] {
            defer { previous = byte }
            if byte == UInt8(ascii: "\n"), previous == carriageReturn { continue }
            bytes.append(byte == carriageReturn ? UInt8(ascii: "\n") : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func script(
        _ text: String, line: Int, fileName: String, transactional: Bool
    ) throws(MigrationError) -> SQLScript {
        let script: SQLScript
        do {
            script = try SQLScript(text, firstLine: line)
        } catch {
            throw .file(fileName, line: error.line, "has an unterminated \(error.what)")
        }
        for statement in script.statements where endsTransaction(statement.words) {
            throw .file(
                fileName, line: statement.line,
                "has \(statement.words.prefix(2).joined(separator: " ")): a migration must not control transactions")
        }
        return script
    }

    private static func endsTransaction(_ words: [String]) -> Bool {
        switch words.first {
        case "BEGIN", "COMMIT", "END", "ABORT": true
        case "START": words.dropFirst().first == "TRANSACTION"
        case "PREPARE": words.dropFirst().first == "TRANSACTION"
        case "ROLLBACK": !words.contains("TO")
        default: false
        }
    }
}

extension String {
    /// With the C library's search, because a schema has a million bytes.
    func contains(byte: UInt8) -> Bool {
        let found = unsafe utf8.withContiguousStorageIfAvailable { bytes in
            unsafe bytes.baseAddress.map { unsafe memchr($0, Int32(byte), bytes.count) != nil } ?? false
        }
        return found ?? utf8.contains(byte)
    }
}

/// The parts into which the `-- migrate:` lines divide a file.
private struct Parts {
    var isTransactional = true
    var up: (text: String, line: Int) = ("", 0)
    var down: (text: String, line: Int)?

    init(_ source: String, fileName: String) throws(MigrationError) {
        var lines: [(section: Section, text: Substring)] = []
        var section = Section.head
        for (index, text) in source.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = index + 1
            switch Self.marker(text) {
            case "up"? where section == .head:
                section = .up
                up.line = line + 1
            case "down"? where section == .up:
                section = .down
                down = ("", line + 1)
            case "no-transaction"? where section == .head:
                isTransactional = false
            case let marker?:
                let known = ["up", "down", "no-transaction"].contains(marker)
                throw .file(
                    fileName, line: line,
                    known ? "has -- migrate:\(marker) in a wrong place" : "has an unknown -- migrate:\(marker)")
            case nil:
                if section == .head, !Self.isComment(text) {
                    throw .file(fileName, line: line, "has SQL above -- migrate:up")
                }
                lines.append((section, text))
            }
        }
        if section == .head { throw .file(fileName, line: nil, "has no line -- migrate:up") }
        up.text = lines.filter { $0.section == .up }.map(\.text).joined(separator: "\n")
        down?.text = lines.filter { $0.section == .down }.map(\.text).joined(separator: "\n")
        if let text = down?.text, (try? SQLScript(text))?.statements.isEmpty == true { down = nil }
    }

    private enum Section { case head, up, down }

    /// The `x` of a line `-- migrate:x`.
    private static func marker(_ line: Substring) -> String? {
        guard line.hasPrefix("--") else { return nil }
        let rest = line.dropFirst(2).drop { $0 == " " }
        guard rest.hasPrefix("migrate:") else { return nil }
        return String(rest.dropFirst(8).prefix { !$0.isWhitespace })
    }

    private static func isComment(_ line: Substring) -> Bool {
        let text = line.drop { $0.isWhitespace }
        return text.isEmpty || text.hasPrefix("--")
    }
}
