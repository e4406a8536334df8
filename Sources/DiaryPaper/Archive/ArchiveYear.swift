import Diary
import Postgres

/// The academic year of an archive.
package struct ArchiveYear {
    package let id: String
    package let name: String
    package let firstDay: String
    package let lastDay: String
    /// `planned`, `open` or `closed`.
    package let state: String

    /// Names of the years that there are.
    package struct Unknown: Error {
        package let names: [String]
    }

    /// - Parameter year: in which it begins.
    /// - Throws: `Unknown`.
    package init(_ year: Int, in snapshot: OwnerSnapshot) throws {
        let rows = try snapshot.rows([Self.years(.integer(snapshot.school.id))])[0]
        guard let row = (0..<rows.count).first(where: { rows.integer($0, "year") == year }) else {
            throw Unknown(names: (0..<rows.count).compactMap { rows.text($0, "name") })
        }
        id = rows.text(row, "id")!
        name = rows.text(row, "name")!
        firstDay = rows.text(row, "starts_on")!
        lastDay = rows.text(row, "ends_on")!
        state = rows.text(row, "state")!
    }

    /// `$1` is the school.
    private static let years = Statement(
        """
        SELECT y.id, y.name, y.starts_on, y.ends_on, y.state, extract(year FROM y.starts_on)::int AS year
        FROM academic_years y
        WHERE y.school_id = $1
        ORDER BY y.starts_on
        """)
}
