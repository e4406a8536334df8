import Web

/// Columns and texts that several reports have.
enum SharedColumns {
    static let counts = [
        Column("n5", .integer, width: 5, ru: "«5»", en: "5"), Column("n4", .integer, width: 5, ru: "«4»", en: "4"),
        Column("n3", .integer, width: 5, ru: "«3»", en: "3"), Column("n2", .integer, width: 5, ru: "«2»", en: "2"),
        Column("n1", .integer, width: 5, ru: "«1»", en: "1"),
        Column("not_assessed", .integer, width: 5, ru: "н/а", en: "Not assessed"),
        Column("exempt", .integer, width: 5, ru: "Осв.", en: "Exempt"),
        Column("missing", .integer, width: 6, ru: "Нет отметки", en: "No mark"),
    ]

    static let rates = [
        Column("assessed", .integer, ru: "Аттестуется", en: "Assessed"),
        Column("achievement_percent", .percent, ru: "Успеваемость, %", en: "Achievement, %"),
        Column("quality_percent", .percent, ru: "Качество, %", en: "Quality, %"),
        Column("learning_percent", .percent, ru: "СОУ, %", en: "Learning, %"),
        Column("average", .decimal(2), ru: "Средний балл", en: "Average"),
    ]

    static let kinds = [
        "year": Text(ru: "год", en: "year"), "exam": Text(ru: "экз.", en: "exam"),
        "final": Text(ru: "итог", en: "final"),
    ]

    static let figures = [
        "achievement": Text(ru: "Успеваемость, %", en: "Achievement, %"),
        "quality": Text(ru: "Качество, %", en: "Quality, %"), "learning": Text(ru: "СОУ, %", en: "Learning, %"),
        "average": Text(ru: "Средний балл", en: "Average"),
    ]

    static let classTeacher = Text(ru: "Классный руководитель", en: "Class teacher")
    static let deputyHead = Text(ru: "Заместитель директора", en: "Deputy head")
    static let head = Text(ru: "Директор", en: "Head")
    static let teacher = Text(ru: "Учитель", en: "Teacher")
    static let guardian = Text(ru: "Родитель (законный представитель)", en: "Guardian")

    /// SQL: counts of the rows `s` of `lyceum.seats`, as the columns of `counts`.
    static let countsOfSeats = """
        count(*) FILTER (WHERE s.number = 5) AS n5, count(*) FILTER (WHERE s.number = 4) AS n4,
            count(*) FILTER (WHERE s.number = 3) AS n3, count(*) FILTER (WHERE s.number = 2) AS n2,
            count(*) FILTER (WHERE s.number = 1) AS n1, count(*) FILTER (WHERE s.code = 'not_assessed') AS not_assessed,
            count(*) FILTER (WHERE s.code = 'exempt') AS exempt,
            count(*) FILTER (WHERE s.code IN ('pass', 'fail')) AS pass_fail,
            count(*) FILTER (WHERE s.final_mark_id IS NULL) AS missing
        """

    /// SQL: the figures `r` of the counts `n`.
    static let ratesOfCounts = """
        CROSS JOIN LATERAL lyceum.rates(n.n5, n.n4, n.n3, n.n2, n.n1, n.not_assessed) r
        """
}
