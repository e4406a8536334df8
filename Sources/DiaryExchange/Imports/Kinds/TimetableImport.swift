import Postgres

extension ImportDeclaration {
    static let timetable = ImportDeclaration(
        fileNames: ["Расписание"],
        keys: [["external_id"]],
        needs: [.load, .rooms, .staff, .groups, .students],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn("section", ["Код нагрузки", "Нагрузка"], .text(maximum: 100), example: ""),
            ImportColumn("subject", ["Предмет"], .text(maximum: 100), example: "Математика"),
            ImportColumn("class", ["Класс"], .text(maximum: 20), example: "7А"),
            ImportColumn("group", ["Группа"], .text(maximum: 100), example: ""),
            ImportColumn(
                "weekday", ["День недели", "День"],
                .word([
                    ("1", ["Понедельник", "Пн", "Monday"]), ("2", ["Вторник", "Вт", "Tuesday"]),
                    ("3", ["Среда", "Ср", "Wednesday"]), ("4", ["Четверг", "Чт", "Thursday"]),
                    ("5", ["Пятница", "Пт", "Friday"]), ("6", ["Суббота", "Сб", "Saturday"]),
                    ("7", ["Воскресенье", "Вс", "Sunday"]),
                ]), isRequired: true, example: "Пн"),
            ImportColumn("slot", ["Урок", "Номер урока"], .integer(0...15), isRequired: true, example: "1"),
            ImportColumn(
                "week", ["Неделя"],
                .word([
                    ("every", ["Каждая"]), ("odd", ["Нечётная", "1"]), ("even", ["Чётная", "2"]),
                ]), example: "Каждая"),
            ImportColumn("shift", ["Смена"], .integer(1...3), example: ""),
            ImportColumn("bells", ["Звонки", "Расписание звонков"], .text(maximum: 100), example: ""),
            ImportColumn("room", ["Кабинет"], .text(maximum: 100), example: "12"),
            ImportColumn("building", ["Корпус", "Здание"], .text(maximum: 100), example: ""),
            ImportColumn("teacher", ["Учитель", "Код учителя"], .text(maximum: 100), example: ""),
            ImportColumn("starts_on", ["С", "Дата начала"], .date, example: ""),
            ImportColumn("ends_on", ["По", "Дата окончания"], .date, example: ""),
        ])
}

extension ImportStatements {
    /// An entry is matched by its external id, else by section, weekday, slot, week and first day.
    static let timetable = ImportStatements(
        examine: examine(
            findings(
                wantedEntries,
                taughtFaults + [
                    ("w.section IS NOT NULL AND w.section_id IS NULL", "section", "unknown_section", nil),
                    (
                        "w.section IS NULL AND w.subject IS NULL AND w.id_now IS NULL", "subject", "required", nil
                    ),
                    (
                        "w.section IS NULL AND w.subject IS NOT NULL AND w.class IS NULL AND w.\"group\" IS NULL",
                        "class", "required", nil
                    ),
                    (
                        "w.section IS NULL AND w.subject_id IS NOT NULL AND w.group_id IS NOT NULL AND w.section_id IS NULL",
                        "subject", "unknown_section", nil
                    ),
                    ("w.section_matches > 1", "subject", "ambiguous", nil),
                    (
                        "w.bells IS NOT NULL AND w.schedules IS NULL AND w.section_id IS NOT NULL", "bells",
                        "unknown_bells", nil
                    ),
                    (
                        "w.bells IS NULL AND w.schedules IS NULL AND w.section_id IS NOT NULL", "slot", "unknown_bells",
                        nil
                    ),
                    (
                        "cardinality(w.schedules) > 1 AND w.bell_schedule_id IS NULL AND w.section_id IS NOT NULL",
                        "bells", "ambiguous", nil
                    ),
                    (
                        """
                        w.bell_schedule_id IS NOT NULL AND NOT EXISTS (
                            SELECT FROM bell_slots b
                            WHERE b.school_id = $1 AND b.bell_schedule_id = w.bell_schedule_id AND b.slot = w.slot
                        )
                        """, "slot", "unknown_slot", "w.schedule_name"
                    ),
                    ("w.room IS NOT NULL AND w.room_id IS NULL", "room", "unknown_room", "w.room"),
                    ("w.room_matches > 1", "room", "ambiguous", nil),
                    ("w.building IS NOT NULL AND w.room IS NULL", "room", "required", nil),
                    ("w.teacher IS NOT NULL AND w.teacher_id IS NULL", "teacher", "unknown_teacher", "w.teacher"),
                    (
                        "w.starts_on NOT BETWEEN w.year_starts_on AND w.year_ends_on", "starts_on", "outside_year",
                        .said(years)
                    ),
                    (
                        "w.ends_on NOT BETWEEN w.year_starts_on AND w.year_ends_on", "ends_on", "outside_year",
                        .said(years)
                    ),
                    ("w.last_day < w.first_day", "ends_on", "before_start", nil),
                    ("w.is_past", "external_id", "already_exists", "w.external_id"),
                    ("w.line > w.first_line", "slot", "repeated", .row("w.first_line")),
                ])),
        compare: Statement(
            """
            SELECT count(*) AS known,
                count(*) FILTER (
                    WHERE k.id NOT IN (SELECT w.id_now FROM (\(wantedEntries)) w WHERE w.id_now IS NOT NULL)
                ) AS missing
            FROM timetable_entries k
            JOIN sections s ON s.school_id = $1 AND s.id = k.section_id
            WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND lyceum.lasts(k.ends_on, lyceum.today())
                AND s.academic_year_id = (SELECT y.id FROM \(currentYear) y)
            """),
        update: [
            Statement(
                """
                UPDATE timetable_entries e
                SET (\(columns)) = (SELECT \(values))
                FROM (\(wantedEntries)) w
                WHERE e.school_id = $1 AND e.id = w.id_now
                    AND (\(columns.split(separator: ", ").map { "e.\($0)" }.joined(separator: ", ")))
                        IS DISTINCT FROM (\(values))
                RETURNING w.line::text AS key
                """)
        ],
        insert: Statement(
            """
            WITH w AS MATERIALIZED (\(wantedEntries)), done AS (
                INSERT INTO timetable_entries (school_id, id, \(columns))
                SELECT $1, w.id, \(values.replacing("coalesce(w.room_id, e.room_id)", with: "w.room_id")
                    .replacing("coalesce(w.teacher_id, e.teacher_id)", with: "w.teacher_id")
                    .replacing("coalesce(w.external_id, e.external_id)", with: "w.external_id"))
                FROM w
                WHERE w.id_now IS NULL
                RETURNING id
            )
            SELECT w.line::text AS key FROM done JOIN w ON w.id = done.id
            """),
        follow: [],
        verify: Statement(conflicts))

    private static let years = "w.year_starts_on || ' … ' || w.year_ends_on"

    private static let columns =
        "section_id, bell_schedule_id, weekday, slot, week, room_id, teacher_id, starts_on, ends_on, external_id"
    /// The values that a row gives the entry `e`.
    private static let values = """
        w.section_id, w.bell_schedule_id, w.day, w.slot, w.week_wanted, coalesce(w.room_id, e.room_id),
        coalesce(w.teacher_id, e.teacher_id), w.first_day, w.last_day, coalesce(w.external_id, e.external_id)
        """

    /// Rows with the entry that they change. Rows that name a section in the same words share one lookup.
    private static let wantedEntries = """
        WITH r AS MATERIALIZED (
            SELECT r.*, r.weekday::smallint AS day, plain_room.key AS room_key, plain_room.building_key,
                \(plain("r.bells")) AS bells_key, \(taughtKeys),
                jsonb_build_array(r.section, r.subject, r.class, r."group")::text AS place
            FROM \(rows(.timetable))
            CROSS JOIN LATERAL (
                SELECT \(plain("r.room")) AS key, \(plain("r.building")) AS building_key
            ) plain_room
        ),
        p AS MATERIALIZED (SELECT DISTINCT ON (r.place) r.* FROM r ORDER BY r.place),
        \(taught("p")),
        n AS MATERIALIZED (
            SELECT s.subject_id, s.group_id, count(*) AS matches, (array_agg(s.id ORDER BY s.id))[1] AS id
            FROM sections s JOIN y ON y.id = s.academic_year_id
            WHERE s.school_id = $1 AND s.archived_at IS NULL
            GROUP BY s.subject_id, s.group_id
        ),
        t AS MATERIALIZED (
            SELECT q.*, s.id AS section_id, h.grade_level, CASE WHEN p.section IS NULL THEN n.matches END AS section_matches
            FROM p
            JOIN q ON q.place = p.place
            LEFT JOIN y ON true
            LEFT JOIN sections x ON x.school_id = $1 AND x.external_id = p.section AND x.academic_year_id = y.id
                AND x.archived_at IS NULL
            LEFT JOIN n ON p.section IS NULL AND n.subject_id = q.subject_id AND n.group_id = q.group_id
            LEFT JOIN sections s ON s.school_id = $1 AND s.id = coalesce(x.id, n.id)
            LEFT JOIN groups h ON h.school_id = $1 AND h.id = s.group_id
        ),
        k AS MATERIALIZED (
            SELECT DISTINCT ON (k.line) k.*
            FROM (
                SELECT r.line, 1 AS rank, e.*
                FROM r
                JOIN timetable_entries e ON e.school_id = $1 AND e.external_id = r.external_id
                UNION ALL
                SELECT r.line, 2, e.*
                FROM r
                JOIN t ON t.place = r.place
                JOIN timetable_entries e ON e.school_id = $1 AND e.section_id = t.section_id AND e.weekday = r.day
                    AND e.slot = r.slot AND e.week = coalesce(r.week, 'every')
                WHERE (r.starts_on IS NULL OR e.starts_on = r.starts_on)
                    AND (r.external_id IS NULL OR e.external_id IS NULL)
            ) k
            ORDER BY k.line, k.rank, k.starts_on DESC, k.id
        ),
        b AS MATERIALIZED (
            SELECT k.id, k.name, k.shift, k.weekday, k.grade_levels, \(plain("k.name")) AS key
            FROM bell_schedules k JOIN y ON y.id = k.academic_year_id
            WHERE k.school_id = $1
        ),
        d AS MATERIALIZED (
            SELECT k.id, k.external_id, \(plain("k.name")) AS key, \(plain("k.building")) AS building_key
            FROM rooms k WHERE k.school_id = $1 AND k.archived_at IS NULL
        )
        SELECT w.*, s.name AS schedule_name,
            first_value(w.line) OVER (
                PARTITION BY coalesce(
                    w.id_now::text,
                    w.section_id || ' ' || w.day || ' ' || w.slot || ' ' || w.week_wanted || ' ' || w.first_day,
                    'l' || w.line
                )
                ORDER BY w.line
            ) AS first_line
        FROM (
            SELECT r.line, r.id, r.external_id, r.section, r.subject, r.class, r."group", r.day, r.slot, r.bells, r.room,
                r.building, r.teacher, r.starts_on, r.ends_on, y.id AS year_id, y.starts_on AS year_starts_on,
                y.ends_on AS year_ends_on, t.subject_id, t.class_id, t.group_id, t.named_group_id, t.group_matches,
                t.section_matches, v.section_id, k.id AS id_now, v.week_wanted, v.is_past,
                coalesce(r.starts_on, k.starts_on, y.starts_on) AS first_day, coalesce(r.ends_on, k.ends_on) AS last_day,
                a.schedules, CASE
                    WHEN k.bell_schedule_id = ANY (a.schedules) THEN k.bell_schedule_id
                    WHEN cardinality(a.schedules) = 1 THEN a.schedules[1]
                END AS bell_schedule_id, d.id AS room_id, d.matches AS room_matches, f.id AS teacher_id
            FROM r
            JOIN t ON t.place = r.place
            LEFT JOIN y ON true
            LEFT JOIN k ON k.line = r.line
            LEFT JOIN sections o ON o.school_id = $1 AND o.id = k.section_id
            LEFT JOIN groups g ON g.school_id = $1 AND g.id = o.group_id
            LEFT JOIN bell_schedules c ON c.school_id = $1 AND c.id = k.bell_schedule_id
            CROSS JOIN LATERAL (
                SELECT coalesce(t.section_id, k.section_id) AS section_id, coalesce(r.week, k.week, 'every') AS week_wanted,
                    coalesce(t.grade_level, g.grade_level) AS grade_level, o.academic_year_id <> y.id AS is_past
            ) v
            -- The bell schedule of the weekday, else of every day; of the shift, else of the first one.
            LEFT JOIN LATERAL (
                SELECT array_agg(b.id ORDER BY b.id) AS schedules
                FROM b
                WHERE (b.weekday IS NULL OR b.weekday = r.day)
                    AND (v.grade_level IS NULL OR v.grade_level = ANY (b.grade_levels))
                    AND (r.bells IS NULL OR b.key = r.bells_key)
                    AND (coalesce(r.shift, c.shift) IS NULL OR b.shift = coalesce(r.shift, c.shift))
                GROUP BY b.shift, b.weekday IS NULL
                ORDER BY b.shift, b.weekday IS NULL
                LIMIT 1
            ) a ON true
            LEFT JOIN LATERAL (
                SELECT d.id, CASE WHEN (d.external_id = r.room) IS TRUE THEN 1 ELSE count(*) OVER () END AS matches
                FROM d
                WHERE (d.external_id = r.room OR d.key = r.room_key)
                    AND (r.building IS NULL OR d.building_key = r.building_key)
                ORDER BY (d.external_id = r.room) IS TRUE DESC, d.id
                LIMIT 1
            ) d ON true
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.teacher
            LEFT JOIN staff f ON f.school_id = $1 AND f.id = u.id
        ) w
        LEFT JOIN b s ON s.id = w.bell_schedule_id
        """

    /// L1 for the week: entries that the import wrote, with those that they collide with. A conflict within the file is
    /// reported at the later row.
    private static let conflicts = """
        WITH w AS MATERIALIZED (\(wantedEntries)),
        e AS MATERIALIZED (
            SELECT e.id, w.line
            FROM w
            JOIN timetable_entries e ON e.school_id = $1 AND e.id = w.id_now AND e.changed_xid = pg_current_xact_id()
        )
        SELECT DISTINCT ON (f.line, f.code) f.line, f.field, f.code, NULL AS said, f.known, f.other
        FROM (
            SELECT a.line, CASE c.kind WHEN 'students' THEN 'slot' ELSE c.kind END AS field,
                CASE c.kind WHEN 'students' THEN 'student' ELSE c.kind END || '_overlap' AS code,
                c.name AS known, b.line::text AS other
            FROM lyceum.timetable_collisions($1, (SELECT array_agg(e.id) FROM e), lyceum.today()) c
            JOIN e a ON a.id = c.entry_id
            LEFT JOIN e b ON b.id = c.other_id
            WHERE b.line IS NULL OR b.line < a.line
        ) f
        ORDER BY f.line, f.code, f.known, f.other
        """
}
