import FoundationEssentials

/// One file of `Migrations/functions/`: the functions, views and triggers of one subject, each as CREATE OR REPLACE,
/// with their comments and privileges. It is applied again whenever its text changes.
///
/// The order of files and of statements does not matter: a statement that needs a missing object is retried after the
/// others.
package struct FunctionFile: Sendable {
    /// The path below `functions/`, such as `journal/marks.sql`.
    package let path: String
    /// The whole file, normalized like `MigrationFile.source`.
    package let source: String

    let statements: [SQLScript.Statement]
    let objects: [SchemaObject]

    package var fileName: String { "functions/" + path }

    /// - Throws: `MigrationError.file` with the faulty line.
    package init(path: String, contents: String) throws(MigrationError) {
        self.path = path
        source = MigrationFile.normalized(contents)
        let fileName = "functions/" + path
        if source.contains(byte: 0) { throw .file(fileName, line: nil, "contains a NUL byte") }
        do {
            statements = try SQLScript(source).statements
        } catch {
            throw .file(fileName, line: error.line, "has an unterminated \(error.what)")
        }
        var objects: [SchemaObject] = []
        for statement in statements {
            for object in try Self.objects(statement, fileName: fileName) {
                if object.kind != .function, objects.contains(object) {
                    throw .file(fileName, line: statement.line, "defines the \(object) twice")
                }
                objects.append(object)
            }
        }
        if objects.isEmpty { throw .file(fileName, line: nil, "defines nothing") }
        self.objects = objects
    }

    /// All files below a directory, sorted by path; none if the directory does not exist.
    static func load(directory: String) throws(MigrationError) -> [FunctionFile] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        let paths: [String]
        do {
            paths = try FileManager.default.subpathsOfDirectory(atPath: directory)
        } catch {
            throw .directory(directory, "can't be read")
        }
        var files: [FunctionFile] = []
        for path in paths.sorted() where path.hasSuffix(".sql") {
            files.append(
                try FunctionFile(
                    path: path,
                    contents: try MigrationFile.contents(of: directory + "/" + path, fileName: "functions/" + path)))
        }
        try checkOwners(files)
        return files
    }

    /// Checks that each view, each trigger and all functions of one name are defined in only one file.
    static func checkOwners(_ files: [FunctionFile]) throws(MigrationError) {
        var owners: [SchemaObject: String] = [:]
        for file in files {
            for object in file.objects {
                if let owner = owners[object], owner != file.fileName {
                    throw .file(file.fileName, line: nil, "defines the \(object), and so does \(owner)")
                }
                owners[object] = file.fileName
            }
        }
    }

    /// The objects that the statement defines.
    private static func objects(
        _ statement: SQLScript.Statement, fileName: String
    ) throws(MigrationError) -> [SchemaObject] {
        let words = statement.words
        if let object = SchemaObject(words) {
            // PostgreSQL can replace all of these except constraint triggers.
            if words.dropFirst().starts(with: ["OR", "REPLACE"]) || words.dropFirst().first == "CONSTRAINT" {
                return [object]
            }
            throw .file(fileName, line: statement.line, "has CREATE \(words[1]): use CREATE OR REPLACE \(words[1])")
        }
        switch words.first {
        case "COMMENT", "GRANT", "REVOKE": return []
        case "DROP" where words.starts(with: ["DROP", "TRIGGER", "IF", "EXISTS"]): return []
        case "CALL" where words.starts(with: ["CALL", "LYCEUM", ".", "LOG_CHANGES"]):
            return SchemaObject.ofTheLog(statement.text)
        default:
            throw .file(
                fileName, line: statement.line,
                "has \(words.prefix(2).joined(separator: " ")): a file of functions may only have CREATE OR REPLACE of "
                    + "functions, views and triggers, with their comments and privileges; tables and data belong in a "
                    + "numbered file")
        }
    }
}
