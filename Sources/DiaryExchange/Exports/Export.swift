import Diary
import Postgres

/// A noun that is exported: its columns and the SQL of its rows. All forms, the API and the command line follow from it.
package struct Export: Sendable {
    /// The name in the path, and of the file.
    package let name: String
    /// For operation ids: `exportMarks`.
    let operation: String
    package let access: Access
    /// Integrations need `people.read`, too, unless the ids are pseudonyms.
    let showsPeople: Bool
    /// K2: the rows are profiles of students, and each reading is recorded.
    let showsProfiles: Bool
    /// The row is about one person, so that its id is a pseudonym in the pseudonymous form.
    let isAboutPerson: Bool
    /// All columns except `id` and `deleted`.
    package let columns: [ExportColumn]
    /// FROM and WHERE. The table of the noun is `x`, and `$1` the school.
    let rows: String
    /// The conditions of the parameters.
    let filters: [ExportFilter: ExportFilter.Condition]
    /// The name of the rows in the log of changes.
    let entity: String
    /// M12: only what families may know is told, from the diaries of the students.
    let isPublished: Bool
    /// Ids of rows that show something of other rows, by the log of those.
    let touchedBy: [@Sendable (ExportLog) -> String]
    /// Whether rows have changed since a watermark.
    private(set) var hasChanged = Statement("")
    /// K2: whose profiles a selection shows.
    private(set) var profiles: Statement?

    init(
        _ name: String, access: Access, showsPeople: Bool = false, showsProfiles: Bool = false,
        isAboutPerson: Bool = false, columns: [ExportColumn], rows: String,
        filters: [ExportFilter: ExportFilter.Condition] = [:], entity: String? = nil, isPublished: Bool = false,
        touchedBy: [@Sendable (ExportLog) -> String] = []
    ) {
        self.name = name
        operation = "export" + name.prefix(1).uppercased() + name.dropFirst()
        self.access = access
        self.showsPeople = showsPeople
        self.showsProfiles = showsProfiles
        self.isAboutPerson = isAboutPerson
        self.columns = columns
        self.rows = rows
        self.filters = filters
        self.entity = entity ?? name
        self.isPublished = isPublished
        self.touchedBy = touchedBy
        hasChanged = changeStatement()
        profiles = profileStatement()
    }

    /// The names of the parameters that narrow it.
    package var parameters: [String] {
        filters.keys.filter { ExportFilter.ofRequests.contains($0) }.map { $0.rawValue }.sorted()
    }

    /// All columns in order, as the pseudonymous form or the other has them. `deleted` is the last one.
    package func columns(pseudonymous: Bool) -> [ExportColumn] {
        [isAboutPerson ? .person("id", "x.id") : .identifier("id", "x.id")]
            + columns.filter { !pseudonymous || !($0.isPersonal || isAboutPerson && $0.isTrace) }
    }
}

/// A parameter that narrows an export.
package enum ExportFilter: String, Sendable {
    case from, to
    case schoolClass = "class_id"
    case subject = "subject_id"
    /// What belongs to a year, and who was at school in it. Only archives narrow by it.
    case academicYear = "academic_year_id"

    static let ofRequests: [ExportFilter] = [.from, .to, .schoolClass, .subject]

    /// SQL of the condition for a parameter, `$n`.
    package typealias Condition = @Sendable (_ parameter: String) -> String

    /// Rows of the days from `from` to `to`.
    static func days(_ date: String) -> [ExportFilter: Condition] {
        [.from: { "\(date) >= \($0)::date" }, .to: { "\(date) <= \($0)::date" }]
    }

    /// Rows of students who belong to the class on that day.
    static func schoolClass(of student: String, on day: String) -> [ExportFilter: Condition] {
        [
            .schoolClass: { parameter in
                """
                EXISTS (
                    SELECT FROM enrollments e
                    WHERE e.school_id = $1::int AND e.student_id = \(student) AND e.class_id = \(parameter)::uuid
                        AND lyceum.holds(e.starts_on, e.ends_on, \(day))
                )
                """
            }
        ]
    }

    /// Students who were in a class of the year.
    static func year(of student: String) -> [ExportFilter: Condition] {
        [
            .academicYear: { parameter in
                """
                EXISTS (
                    SELECT FROM enrollments e
                    JOIN classes k ON k.school_id = e.school_id AND k.id = e.class_id
                    WHERE e.school_id = $1::int AND e.student_id = \(student) AND k.academic_year_id = \(parameter)::uuid
                )
                """
            }
        ]
    }

    /// Rows whose column has the id.
    static func equal(_ filter: ExportFilter, _ column: String) -> [ExportFilter: Condition] {
        [filter: { "\(column) = \($0)::uuid" }]
    }

    /// Rows of sections whose group is the class or a part of it, like `class_id` of the list of sections.
    static func schoolClass(ofGroup group: String) -> [ExportFilter: Condition] {
        [
            .schoolClass: { parameter in
                """
                EXISTS (
                    SELECT FROM groups g
                    WHERE g.school_id = $1::int AND g.id = \(group) AND g.class_id = \(parameter)::uuid
                )
                """
            }
        ]
    }
}

extension [ExportFilter: ExportFilter.Condition] {
    static func + (left: Self, right: Self) -> Self { left.merging(right) { $1 } }
}

/// The rows of the log of changes since a watermark, as SQL. `$1` is the school.
package struct ExportLog: Sendable {
    /// `$n`, the snapshot of the watermark.
    let since: String

    /// The ids of changed rows of an entity, as all readers of the school are told of them.
    func ids(_ entity: String) -> String {
        "SELECT i.id \(changes(entity)) AND x.is_home"
    }

    /// M12: the ids of changed rows as families are told of them. A row that is held back is not among them, and a row
    /// that its time has published is.
    func publishedIDs(_ entity: String) -> String {
        "SELECT i.id \(changes(entity)) AND x.circle = 'diary' AND x.operation <> 'concealed'"
    }

    /// The ids of the circles that the changes of an entity are in.
    func circles(_ circle: String, of entity: String) -> String {
        "SELECT x.circle_id \(changes(entity)) AND x.circle = '\(circle)'"
    }

    private func changes(_ entity: String) -> String {
        """
        FROM changes x
        CROSS JOIN LATERAL unnest(x.ids) i (id)
        WHERE x.school_id = $1::int AND x.entity = '\(entity)' AND \(ChangeCursor.isNew("x", since: "\(since)::text"))
        """
    }
}
