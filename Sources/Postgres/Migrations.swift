import FoundationEssentials

/// The content of `Migrations/`.
package struct Migrations: Sendable {
    /// `NNNN_name.sql`: tables and data, step by step.
    package let files: [MigrationFile]
    /// `functions/**.sql`: functions, views and triggers in their current form.
    package let functions: [FunctionFile]
    /// `schema.sql`: the resulting schema, as `SchemaDump` writes it; nil if there is no such file.
    package let schema: String?

    /// - Throws: `MigrationError` for a duplicate version or object, or a missing version.
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

    /// The objects of the functions' files, and the functions that tables depend on, which are in numbered files.
    var objects: [SchemaObject] { functions.flatMap(\.objects) + ofTables }

    /// The functions in numbered files.
    var ofTables: [SchemaObject] {
        files.flatMap { $0.upStatements }.compactMap { SchemaObject($0.words) }.filter { $0.kind == .function }
    }
}
