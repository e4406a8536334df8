import Diary
import Postgres

/// Exports as the owner of the database for `lyceum export`: the same rows as the API, of all nouns from one snapshot.
package struct OwnerExport {
    private let snapshot: OwnerSnapshot

    package init(_ snapshot: OwnerSnapshot) { self.snapshot = snapshot }

    /// - Parameters:
    ///   - filters: each noun takes those that it knows.
    ///   - write: gets the content of each noun in pieces; called at least once for each.
    ///   - isDone: called behind the last row of a noun, with the number of its rows.
    /// - Returns: the watermark of the snapshot.
    /// - Throws: `BlockingConnection.Failure`, or the error of `write`.
    package func run(
        _ exports: [Export], _ form: ExportForm, filters: [ExportFilter: String] = [:], isPseudonymous: Bool = false,
        write: (Export, [UInt8]) throws -> Void, isDone: (Export, _ rows: Int) throws -> Void
    ) throws -> String {
        if isPseudonymous { try snapshot.write { try $0.query("SELECT lyceum.keep_pseudonym_key()") } }
        return try snapshot.read { watermark in
            for export in exports {
                let rows = try copy(export, form, filters: filters, isPseudonymous: isPseudonymous) {
                    try write(export, $0)
                }
                try isDone(export, rows)
            }
            return watermark
        }
    }

    /// Writes one noun, inside `read` of the snapshot.
    ///
    /// - Returns: the number of its rows.
    package func copy(
        _ export: Export, _ form: ExportForm, filters: [ExportFilter: String] = [:], isPseudonymous: Bool = false,
        write: ([UInt8]) throws -> Void
    ) throws -> Int {
        var selection = ExportSelection()
        selection.filters = filters.filter { export.filters[$0.key] != nil }
        // The year says more than its days: an enrollment in one of its classes may begin or end outside of them.
        if selection.filters[.academicYear] != nil {
            selection.filters[.from] = nil
            selection.filters[.to] = nil
        }
        selection.isPseudonymous = isPseudonymous
        if export.showsProfiles && !isPseudonymous { try record(export, selection) }
        var statement = ExportStatement(export, selection, form, school: snapshot.school.id)
        try write([])
        return try snapshot.connection.copyOut(statement.copy(), pieces: write)
    }

    private func record(_ export: Export, _ selection: ExportSelection) throws {
        guard let profiles = export.profiles else { return }
        let ids = try snapshot.connection.query(
            "SELECT i.id FROM json_array_elements_text((\(profiles.sql))) i (id)",
            [String(snapshot.school.id), nil, nil, nil, selection.filters[.academicYear]]
        ).rows
        try snapshot.recordReadings(of: ids.compactMap { $0[0] })
    }
}
