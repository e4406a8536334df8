import FoundationEssentials

/// What `Migrations/` holds.
package struct Migrations: Sendable {
    /// `NNNN_name.sql`: what keeps data, step by step.
    package let files: [MigrationFile]
    /// `functions/**.sql`: what computes, as it is today.
    package let functions: [FunctionFile]
    /// `schema.sql`: what both make, as `SchemaDump` writes it; nil when there is no such file.
    package let schema: String?

    /// - Throws: `MigrationError` when versions or objects are there twice, or a version is left out.
    package init(
        files: [MigrationFile], functions: [FunctionFile] = [], schema: String? = nil
    ) throws(MigrationError) {
        try MigrationFile.checkSequence(files)
        try FunctionFile.checkOwners(functions)
        self.files = files
        self.functions = functions
        self.schema = schema
    }

    package static func load(directory: String) throws(MigrationError) -> Migrations {
        let path = directory + "/" + schemaFile
        let schema =
            FileManager.default.fileExists(atPath: path)
            ? try MigrationFile.contents(of: path, fileName: schemaFile) : nil
        return try Migrations(
            files: MigrationFile.load(directory: directory),
            functions: FunctionFile.load(directory: directory + "/functions"),
            schema: schema.map(MigrationFile.normalized))
    }

    package static let schemaFile = "schema.sql"

    /// What the functions of the files are, and those that tables are made with, which stand in numbered files.
    var objects: [SchemaObject] { functions.flatMap(\.objects) + ofTables }

    /// Functions of numbered files.
    var ofTables: [SchemaObject] {
        files.flatMap { $0.upStatements }.compactMap { SchemaObject($0.words) }.filter { $0.kind == .function }
    }
}
