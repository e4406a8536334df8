import Diary
import Postgres
import Web

/// «Единый график контрольных работ» (M9), for everybody at the school. It names no student; works of a single student
/// (home schooling) are for staff only.
enum AssessmentSchedule {
    static let report = Report(
        "assessment-schedule",
        title: Text(ru: "Единый график контрольных работ", en: "Schedule of control works"),
        summary: Text(
            ru: "Контрольные работы школы или одного класса по датам. Для всех.",
            en: "The control works of the school or of one class, by date. For everybody."),
        access: .signedIn.programs(.schoolRead, .journalRead),
        parameters: [
            ReportParameter(
                "class_id", .identifier, ru: "Класс; по умолчанию вся школа.", en: "The class; all by default.")
        ] + ReportParameter.period,
        paper: Paper(
            signatures: [
                Text(ru: "Заместитель директора", en: "Deputy head"), Text(ru: "Директор", en: "Head"),
            ])
    ) { input in
        let named = ofClass(input.school, input["class_id"])
        return ReportContent {
            if input.text("class_id") != nil { Gate(named) }
            ReportPeriod.gate(input)
            if input.text("class_id") != nil { Facts("class", named, [Column("name", ru: "Класс", en: "Class")]) }
            ReportPeriod.facts(input)
            Table(
                "works",
                works(
                    input.school, input["class_id"], .boolean(!input.caller.isFamilyOnly && !input.caller.isIntegration)
                ),
                [
                    .number, Column("date", .date, ru: "Дата", en: "Date"),
                    Column("_weekday", width: 12, ru: "День", en: "Day"),
                    Column("slot", .integer, ru: "Урок", en: "Slot"),
                    Column("group.name", width: 12, ru: "Класс, группа", en: "Class, group"),
                    Column("subject.name", ru: "Предмет", en: "Subject"),
                    Column("_work", width: 34, ru: "Работа", en: "Work"),
                ])
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the class.

    private static let ofClass = Statement(
        "SELECT c.id, c.name, c.grade_level FROM classes c WHERE c.school_id = $1 AND c.id = $2::uuid")

    private static let works = Statement(
        """
        SELECT x.lesson_id, x.date, x.slot, x.section_id AS "section.id", x.section_name AS "section.name",
            j.id AS "subject.id", j.name AS "subject.name", x.group_id AS "group.id", x.group_name AS "group.name", i.title,
            c.id AS "category.id", c.name AS "category.name", i.planned,
            (ARRAY['понедельник', 'вторник', 'среда', 'четверг', 'пятница', 'суббота', 'воскресенье'])
                [extract(isodow FROM x.date)::int] AS _weekday,
            -- Many titles begin with the name of the category.
            CASE WHEN starts_with(lower(i.title), lower(c.name)) THEN i.title
                ELSE concat_ws(': ', c.name, nullif(i.title, ''))
            END AS _work
        FROM lyceum.lessons_with_control_work(
            $1::int, \(ReportPeriod.first), \(ReportPeriod.last), $2::uuid, $3::boolean
        ) x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        CROSS JOIN lyceum.control_work($1::int, x.lesson_id) i
        JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        ORDER BY x.date, x.grade_level NULLS LAST, x.group_name, x.starts_at, x.lesson_id
        """)
}
