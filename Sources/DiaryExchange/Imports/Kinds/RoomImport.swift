extension ImportDeclaration {
    static let rooms = ImportDeclaration(
        fileNames: ["Кабинеты", "Помещения"],
        keys: [["external_id"], ["building", "name"]],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn(
                "name", ["Кабинет", "Название", "Номер"], .text(maximum: 100), isRequired: true, example: "12"),
            ImportColumn("building", ["Корпус", "Здание"], .text(maximum: 100), example: ""),
            ImportColumn("capacity", ["Мест", "Вместимость"], .integer(1...10_000), example: "30"),
            ImportColumn("shared", ["Общий", "Несколько уроков сразу"], .flag, example: "Нет"),
        ])
}

extension ImportStatements {
    /// Two buildings may have rooms of the same name.
    static let rooms = named(
        .rooms,
        sameName: """
            \(plain("k.name")) = \(plain("r.name"))
                AND \(plain("coalesce(k.building, '')")) = \(plain("coalesce(r.building, '')"))
            """,
        initial: ["shared": "false"])
}
