import Diary
import Postgres

/// The times of lessons, by shift, grade level and weekday.
package enum BellSchedules {
    package static let resource = Resource(
        path: "bell-schedules",
        tables: ["bell_schedules", "bell_slots"],
        noun: "BellSchedule",
        readers: .setUp,
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("name", .text(maximum: 100)),
            ResourceField("shift", .integer(1...3)).initially("1"),
            ResourceField("weekday", .integer(1...7)).nullable,
            ResourceField("grade_levels", .gradeLevels).initially("[1,2,3,4,5,6,7,8,9,10,11]"),
            .externalID,
            ResourceField("slots", .rows(slot, maximum: 16)).selected(as: slots),
        ],
        filters: ["academic_year_id"],
        order: ["name"],
        children: [forget, keep, count],
        refusals: [
            "bell_slots_pkey": .taken("slots"), "bell_slots_slot": .invalid("slots"),
            "bell_slots_times": .init(
                field: "slots", code: "before_start", ru: "Урок должен кончаться позже, чем начинается.",
                en: "A slot must end after it begins."),
            "bell_slots_no_overlap": .init(
                field: "slots", code: "overlap", ru: "Уроки пересекаются во времени.", en: "Slots overlap in time."),
        ])

    private static let slot = [
        ResourceField("slot", .integer(0...15)), ResourceField("starts_at", .time), ResourceField("ends_at", .time),
    ]

    private static let slots = """
        (
            SELECT coalesce(
                json_agg(
                    json_build_object(
                        'slot', b.slot, 'starts_at', to_char(b.starts_at, 'HH24:MI'),
                        'ends_at', to_char(b.ends_at, 'HH24:MI')
                    ) ORDER BY b.slot
                ), '[]')
            FROM bell_slots b
            WHERE b.school_id = t.school_id AND b.bell_schedule_id = t.id
        )
        """

    private static let forget = Statement(
        """
        DELETE FROM bell_slots b
        WHERE b.school_id = $1 AND b.bell_schedule_id = \(Setting.changed.value) AND $2::jsonb ? 'slots'
        """)

    private static let keep = Statement(
        """
        INSERT INTO bell_slots (school_id, bell_schedule_id, slot, starts_at, ends_at)
        SELECT $1, \(Setting.changed.value), r.slot, r.starts_at, r.ends_at
        FROM jsonb_populate_recordset(NULL::bell_slots, $2::jsonb -> 'slots') r
        WHERE \(Setting.changed.value) IS NOT NULL
        """)

    /// A change of the slots increases the schedule's version, once per transaction.
    private static let count = Statement(
        """
        UPDATE bell_schedules t SET changed_at = now()
        WHERE t.school_id = $1 AND t.id = \(Setting.changed.value) AND $2::jsonb ? 'slots'
        """)
}
