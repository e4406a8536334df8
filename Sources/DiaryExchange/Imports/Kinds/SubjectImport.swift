extension ImportDeclaration {
    static let subjects = ImportDeclaration(
        fileNames: ["Предметы"],
        keys: [["external_id"], ["name"]],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn(
                "name", ["Предмет", "Название"], .text(maximum: 100), isRequired: true, example: "Математика"),
            ImportColumn("short_name", ["Кратко", "Краткое название"], .text(maximum: 30), example: "Матем."),
            ImportColumn(
                "area", ["Предметная область", "Область"], .text(maximum: 200), example: "Математика и информатика"),
            ImportColumn("is_physical", ["Физкультура"], .flag, example: "Нет"),
            ImportColumn("position", ["Порядок", "Номер по порядку"], .integer(0...32_767), example: "10"),
        ])
}

extension ImportStatements {
    static let subjects = named(
        .subjects, sameName: "\(plain("k.name")) = \(plain("r.name"))",
        initial: ["is_physical": "false", "position": "0"])
}
