import Postgres
import Web

/// The gate of what class teachers, heads and deputy heads read about a class: the class and its students of a day, stored
/// in settings for the statements that follow. A closed gate stores nothing, so these find no rows.
package enum ClassGate {
    package static let schoolClass = "(SELECT \(Setting.schoolClass.value))"
    package static let day = "(SELECT \(Setting.classDay.value))"
    /// The students of the class on the day, by name.
    package static let students = Setting.classStudents.value
    /// M12: a class teacher reads what families see. Heads and deputy heads also read what is held back.
    package static let isPublishedOnly = "(SELECT coalesce(\(Setting.classPublished.value), true))"

    /// - Parameter date: today, if it is nil. The class teacher of today, also one who acts for another, reads all days.
    package static func open(_ caller: Caller, _ id: String, on date: String? = nil) -> Query {
        gate(.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person, .text(date))
    }

    /// For writes of the class teacher: locks the class until the end of the transaction, so that two batches take turns.
    package static func lock(_ caller: Caller, _ id: String, on date: String? = nil) -> Query {
        lockingGate(.integer(caller.school.id), .text(id), .boolean(false), caller.person, .text(date))
    }

    /// Behind the gate: the days that a list is about, also stored in settings; by default the academic year of the class
    /// up to today.
    package static func dates(_ caller: Caller, from: String?, to: String?) -> Query {
        dates(.integer(caller.school.id), .text(from), .text(to))
    }

    private static let opened = """
        SELECT c.id, c.name, c.grade_level, \(Setting.schoolClass.set(to: "c.id")) AS _class,
            \(Setting.classDay.set(to: "d.date")) AS _date,
            \(Setting.classPublished.set(to: "(NOT $3::boolean)")) AS _published,
            \(Setting.classStudents.set(
                to: """
                    ARRAY(
                        SELECT e.student_id
                        FROM enrollments e
                        JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
                        WHERE e.school_id = c.school_id AND e.class_id = c.id
                            AND lyceum.holds(e.starts_on, e.ends_on, d.date)
                        ORDER BY u.last_name, u.first_name, u.id
                    )
                    """)) AS _students
        FROM classes c
        CROSS JOIN LATERAL (SELECT coalesce($5::date, lyceum.today()) AS date OFFSET 0) d
        WHERE c.school_id = $1 AND c.id = $2::uuid
            AND (
                $3::boolean
                OR EXISTS (
                    SELECT FROM class_teachers t
                    WHERE t.school_id = c.school_id AND t.class_id = c.id AND t.teacher_id = $4::uuid
                        AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
                )
            )
        """
    private static let gate = Statement(opened)
    private static let lockingGate = Statement("\(opened) FOR NO KEY UPDATE OF c")

    private static let dates = Statement(
        """
        SELECT d.first AS "from", d.last AS "to", \(Setting.from.set(to: "d.first")) AS _from,
            \(Setting.to.set(to: "d.last")) AS _to
        FROM (
            SELECT coalesce($2::date, y.starts_on) AS first,
                coalesce($3::date, greatest(y.starts_on, least(y.ends_on, lyceum.today()))) AS last
            FROM classes c
            JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
            WHERE c.school_id = $1 AND c.id = \(schoolClass)
        ) d
        """)
}

extension Setting {
    fileprivate static let schoolClass = Setting("led_class", .uuid)
    fileprivate static let classDay = Setting("led_day", .date)
    fileprivate static let classPublished = Setting("led_published", .boolean)
    fileprivate static let classStudents = Setting("led_students", .uuids)
}
