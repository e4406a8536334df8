extension ImportDeclaration {
    static let staff = ImportDeclaration(
        fileNames: ["Сотрудники", "Учителя"],
        keys: [["external_id"]],
        firesJoins: true,
        columns: person("S-17", "Абрамова", "Дарья", "Игоревна") + [
            ImportColumn("position", ["Должность"], .text(maximum: 200), example: "Учитель математики"),
            ImportColumn("qualification", ["Категория", "Квалификация"], .text(maximum: 200), example: "Высшая"),
        ] + contacts("abramova@example.org", "+7 900 000-00-17") + [
            ImportColumn("hired_on", ["Принят", "Дата приёма"], .date, example: "25.08.2020"),
            ImportColumn("left_on", ["Уволен", "Дата увольнения"], .date, example: ""),
            ImportColumn(
                "roles", ["Роли", "Роль"],
                .words([
                    ("administrator", ["Администратор"]), ("head", ["Директор"]),
                    ("deputy_head", ["Заместитель директора", "Завуч"]), ("teacher", ["Учитель"]),
                ]), example: "Учитель"),
        ])
}

extension ImportStatements {
    static let staff = people(
        .staff, isCurrent: "(k.left_on IS NULL OR k.left_on >= lyceum.today())",
        findings: """
            SELECT r.line, 'left_on', 'before_start', NULL, NULL, NULL
            FROM \(rows(.staff))
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
            LEFT JOIN staff k ON k.school_id = $1 AND k.id = u.id
            WHERE coalesce(r.left_on, k.left_on) < coalesce(r.hired_on, k.hired_on)
            UNION ALL
            SELECT r.line, 'roles', 'own_role', NULL, NULL, NULL
            FROM \(rows(.staff))
            JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id AND u.id = lyceum.current_user_id()
            WHERE EXISTS (
                SELECT FROM unnest(r.roles) AS n (role)
                WHERE n.role <> 'teacher' AND NOT EXISTS (
                    SELECT FROM user_roles o WHERE o.school_id = $1 AND o.user_id = u.id AND o.role = n.role
                )
            )
            """)
}
