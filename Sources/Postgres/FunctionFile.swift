import FoundationEssentials

/// One file of `Migrations/functions/`: functions, views and triggers of one subject, each as CREATE OR REPLACE, with
/// their comments and rights. It is applied again whenever it has changed.
///
/// Files need no order, nor have statements: one that needs what isn't there yet is tried again after the others.
package struct FunctionFile: Sendable {
    /// Below `functions/`: `journal/marks.sql`.
    package let path: String
    /// The whole file, as `MigrationFile.source`.
    package let source: String

    let statements: [SQLScript.Statement]
    let objects: [SchemaObject]

    package var fileName: String { "functions/" + path }

    /// - Throws: `MigrationError.file` with the line that is wrong.
    package init(path: String, contents: String) throws(MigrationError) {
        self.path = path
        source = MigrationFile.normalized(contents)
        let fileName = "functions/" + path
        if source.utf8.contains(0) { throw .file(fileName, line: nil, "holds a NUL byte") }
        do {
            statements = try SQLScript(source).statements
        } catch {
            throw .file(fileName, line: error.line, "has a \(error.what) that doesn't end")
        }
        var objects: [SchemaObject] = []
        for statement in statements {
            guard let object = try Self.object(statement, fileName: fileName) else { continue }
            if object.kind != .function, objects.contains(object) {
                throw .file(fileName, line: statement.line, "defines the \(object) twice")
            }
            objects.append(object)
        }
        if objects.isEmpty { throw .file(fileName, line: nil, "defines nothing") }
        self.objects = objects
    }

    /// All files below a directory, by path; none where there is no such directory.
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

    /// Each view and trigger has one file, and so have functions of one name.
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

    /// What the statement makes, if it makes something.
    private static func object(
        _ statement: SQLScript.Statement, fileName: String
    ) throws(MigrationError) -> SchemaObject? {
        let words = statement.words
        if let object = SchemaObject(words) {
            // PostgreSQL replaces all of them but constraint triggers.
            if words.dropFirst().starts(with: ["OR", "REPLACE"]) || words.dropFirst().first == "CONSTRAINT" {
                return object
            }
            throw .file(fileName, line: statement.line, "has CREATE \(words[1]): use CREATE OR REPLACE \(words[1])")
        }
        switch words.first {
        case "COMMENT", "GRANT", "REVOKE": return nil
        case "DROP" where words.starts(with: ["DROP", "TRIGGER", "IF", "EXISTS"]): return nil
        default:
            throw .file(
                fileName, line: statement.line,
                "has \(words.prefix(2).joined(separator: " ")): a file of functions may only have CREATE OR REPLACE of "
                    + "functions, views and triggers, with their comments and privileges; tables and data belong in a numbered file")
        }
    }
}
