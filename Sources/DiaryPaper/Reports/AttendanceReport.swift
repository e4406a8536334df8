import Diary
import Postgres
import Web

/// T3: what each student of a class missed in a period, in days and lessons, split by meaning.
enum AttendanceReport {
    static let report = Report(
        "attendance",
        title: Text(ru: "Отчёт о посещаемости", en: "Attendance"),
        summary: Text(
            ru: "Пропущенные дни и уроки учеников класса по причинам. Для классного руководителя и администрации.",
            en: "Days and lessons that the students of a class missed, by reason. For the class teacher and the "
                + "administration."),
        access: .roles([.head, .deputyHead, .classTeacher]), parameters: [.ofClass] + ReportParameter.period,
        paper: Paper(
            .landscape,
            signatures: [Text(ru: "Классный руководитель", en: "Class teacher")])
    ) { input in
        let schoolClass = ClassGate.open(input.caller, input.required("class_id"))
        return ReportContent {
            Gate(schoolClass)
            ReportPeriod.gate(input)
            Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            ReportPeriod.facts(input)
            Table("students", students(input.school), total: total(input.school), columns)
        }
    }

    private static let columns: [Column] = [
        .number, Column("", .person, ru: "Ученик", en: "Student"),
        Column("days.count", .integer, ru: "Учебных дней", en: "School days"),
        Column("days.missed", .integer, ru: "Пропущено дней", en: "Days missed"),
        Column("days.ill", .integer, ru: "по болезни", en: "ill"),
        Column("days.excused", .integer, ru: "уваж. причина", en: "excused"),
        Column("days.unexcused", .integer, ru: "без уваж. причины", en: "unexcused"),
        Column("days.absent", .integer, ru: "причина не указана", en: "no reason given"),
        Column("lessons.count", .integer, ru: "Уроков", en: "Lessons"),
        Column("lessons.missed", .integer, ru: "Пропущено уроков", en: "Lessons missed"),
        Column("lessons.ill", .integer, ru: "по болезни", en: "ill"),
        Column("lessons.excused", .integer, ru: "уваж. причина", en: "excused"),
        Column("lessons.unexcused", .integer, ru: "без уваж. причины", en: "unexcused"),
        Column("lessons.absent", .integer, ru: "причина не указана", en: "no reason given"),
        Column("lessons.late", .integer, ru: "Опозданий", en: "Late"),
        Column("missed_percent", .percent, ru: "Пропущено уроков, %", en: "Lessons missed, %"),
    ]

    // MARK: SQL. `$1` is the school.

    private static func counts(_ value: (String) -> String) -> String {
        let days =
            [("count", "days"), ("missed", "missed_days")]
            + ["absent", "ill", "excused", "unexcused"].map { ($0, "\($0)_days") }
        let lessons =
            [("count", "lessons")]
            + ["missed", "absent", "ill", "excused", "unexcused", "late", "unknown"].map { ($0, $0) }
        return
            (days.map { "\(value($0.1)) AS \"days.\($0.0)\"" }
            + lessons.map { "\(value($0.1)) AS \"lessons.\($0.0)\"" }).joined(separator: ", ")
    }

    /// Everybody who was in the class in the period; only the days in the class count.
    private static let totals = """
        lyceum.attendance_totals(
            $1,
            ARRAY(
                SELECT DISTINCT e.student_id
                FROM enrollments e
                WHERE e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass)
                    AND lyceum.holds_between(e.starts_on, e.ends_on, \(ReportPeriod.first), \(ReportPeriod.last))
            ),
            \(ReportPeriod.first), \(ReportPeriod.last), \(ClassGate.schoolClass)
        )
        """

    private static let students = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, \(counts { "t.\($0)" }),
            lyceum.percent(t.missed, t.lessons) AS missed_percent,
            '/v1/students/' || u.id || '/attendance?from=' || \(ReportPeriod.first) || '&to=' || \(ReportPeriod.last)
                AS "links.attendance"
        FROM \(totals) t
        JOIN users u ON u.school_id = $1 AND u.id = t.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let total = Statement(
        """
        SELECT \(counts { "sum(t.\($0))::integer" }),
            lyceum.percent(sum(t.missed), sum(t.lessons)) AS missed_percent
        FROM \(totals) t
        """)
}
