import HTTP1
import Web

/// Problems of classes, people and years.
extension ProblemKind {
    package static let classNotMovable = ProblemKind(
        "class_not_movable", .conflict,
        title: Text(ru: "Класс не переносится", en: "Class not movable"),
        detail: Text(
            ru: "Параллель, учебный год и группу класса изменить нельзя.",
            en: "The grade level, year and group of a class cannot be changed."))
    package static let enrollmentNotMovable = ProblemKind(
        "enrollment_not_movable", .conflict,
        title: Text(ru: "Зачисление не переносится", en: "Enrollment not movable"),
        detail: Text(
            ru: "Ученика и класс зачисления изменить нельзя: закройте его и создайте новое.",
            en: "The student and class of an enrollment cannot be changed: end it and create a new one."))
    package static let classGroupFollowsEnrollments = ProblemKind(
        "class_group_follows_enrollments", .conflict,
        title: Text(ru: "Состав класса задают зачисления", en: "Class group follows enrollments"),
        detail: Text(
            ru: "Состав собственной группы класса меняется только через зачисления.",
            en: "The members of a class's own group change only through enrollments."))
    package static let healthNotYours = ProblemKind(
        "health_not_yours", .forbidden,
        title: Text(ru: "Нет доступа к группе здоровья", en: "No access to the health group"),
        detail: Text(
            ru:
                "Группу здоровья ведут классный руководитель, учителя физкультуры ученика и заместитель директора (K2).",
            en: "Only the class teacher, the student's PE teachers and deputy heads keep the health group (rule K2)."))
    package static let notYourPerson = ProblemKind(
        "not_your_person", .forbidden,
        title: Text(ru: "Это сотрудник", en: "The person is staff"),
        detail: Text(
            ru: "Имена сотрудников меняет только администратор (A2).",
            en: "Only administrators change the names of staff (rule A2)."))
    package static let lastAdministrator = ProblemKind(
        "last_administrator", .conflict,
        title: Text(ru: "Последний администратор", en: "Last administrator"),
        detail: Text(
            ru: "В школе нужен хотя бы один администратор; сначала назначьте другого.",
            en: "A school needs at least one administrator; appoint another one first."))
    package static let yearNotNext = ProblemKind(
        "year_not_next", .conflict,
        title: Text(ru: "Это не следующий год", en: "Year not next"),
        detail: Text(
            ru: "Новый год должен начинаться после конца старого.",
            en: "The new year must begin after the end of the old one."))
    package static let undecided = ProblemKind(
        "undecided", .conflict,
        title: Text(ru: "Не все решения приняты", en: "Decisions missing"),
        detail: Text(
            ru: "Есть ученики без решения о переводе (Y1); их список даёт пробный прогон.",
            en: "Some students have no decision for the next year (rule Y1); a dry run lists them."))
    package static let noConsent = ProblemKind(
        "no_consent", .conflict,
        title: Text(ru: "Нет согласия", en: "No consent"),
        detail: Text(
            ru: "Фото ученика хранят только при действующем согласии с целью photo (K3).",
            en: "A student's photo is stored only while a consent with the purpose photo is in force (rule K3)."))
    package static let importShrinks = ProblemKind(
        "import_shrinks", .conflict,
        title: Text(ru: "Файл короче, чем ожидалось", en: "Import file shorter than expected"),
        detail: Text(
            ru:
                "В файле не хватает больше десятой части записей: возможно, он обрезан. Если нет, передайте force=true.",
            en: "The file omits more than a tenth of the known records: it may be truncated. If not, send force=true."))

    package static let ofTheSchool: [ProblemKind] = [
        classNotMovable, enrollmentNotMovable, classGroupFollowsEnrollments, healthNotYours, notYourPerson,
        lastAdministrator, yearNotNext, undecided, noConsent, importShrinks,
    ]
}
