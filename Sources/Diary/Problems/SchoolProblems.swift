import HTTP1
import Web

/// Problems of classes, people and years.
extension ProblemKind {
    package static let classNotMovable = ProblemKind(
        "class_not_movable", .conflict,
        title: Text(ru: "Класс не переносится", en: "Class not movable"),
        detail: Text(
            ru: "Параллель, год и группа класса не меняются.",
            en: "Grade level, year and group of a class never change."))
    package static let enrollmentNotMovable = ProblemKind(
        "enrollment_not_movable", .conflict,
        title: Text(ru: "Зачисление не переносится", en: "Enrollment not movable"),
        detail: Text(
            ru: "Ученик и класс зачисления не меняются: закройте его и создайте новое.",
            en: "Pupil and class of an enrollment never change: end it and make another."))
    package static let classGroupFollowsEnrollments = ProblemKind(
        "class_group_follows_enrollments", .conflict,
        title: Text(ru: "Состав класса следует зачислениям", en: "Class group follows enrollments"),
        detail: Text(
            ru: "Состав собственной группы класса меняется зачислениями.",
            en: "Members of a class's own group change through enrollments."))
    package static let recordedDays = ProblemKind(
        "recorded_days", .conflict,
        title: Text(ru: "В эти дни есть записи", en: "Days with records"),
        detail: Text(
            ru: "В дни, которые больше не входили бы в зачисление или группу, есть записи (L5).",
            en: "There are records on days that would no longer belong to the enrollment or membership (rule L5)."))
    package static let healthNotYours = ProblemKind(
        "health_not_yours", .forbidden,
        title: Text(ru: "Группа здоровья закрыта", en: "Health group closed"),
        detail: Text(
            ru:
                "Группу здоровья ведут классный руководитель, учителя физкультуры ученика и заместитель директора (K2).",
            en: "Class teacher, the pupil's PE teachers and deputy heads keep health groups (rule K2)."))
    package static let notYourPerson = ProblemKind(
        "not_your_person", .forbidden,
        title: Text(ru: "Это сотрудник", en: "Not your person"),
        detail: Text(
            ru: "Имена сотрудников ведёт администратор (A2).", en: "Administrators keep the names of staff (rule A2)."))
    package static let lastAdministrator = ProblemKind(
        "last_administrator", .conflict,
        title: Text(ru: "Последний администратор", en: "Last administrator"),
        detail: Text(
            ru: "В школе остаётся хотя бы один администратор.", en: "A school keeps one administrator at least."))
    package static let yearNotNext = ProblemKind(
        "year_not_next", .conflict,
        title: Text(ru: "Это не следующий год", en: "Year not next"),
        detail: Text(
            ru: "Новый год начинается после конца старого.", en: "The new year has to begin after the old one ends."))
    package static let undecided = ProblemKind(
        "undecided", .conflict,
        title: Text(ru: "Не все решения приняты", en: "Undecided"),
        detail: Text(
            ru: "Есть ученики без решения о переводе (Y1); пробный прогон называет их.",
            en: "Pupils have no decision for the next year (rule Y1); a dry run names them."))
    package static let noConsent = ProblemKind(
        "no_consent", .conflict,
        title: Text(ru: "Нет согласия", en: "No consent"),
        detail: Text(
            ru: "Без действующего согласия с целью photo фото ученика не хранят (K3).",
            en: "Without a consent of purpose photo that holds, no photo of the pupil is kept (rule K3)."))
    package static let importShrinks = ProblemKind(
        "import_shrinks", .conflict,
        title: Text(ru: "Файл короче, чем ожидалось", en: "Import shrinks"),
        detail: Text(
            ru: "В файле нет больше десятой части известных; может быть, он обрезан. Если нет — force=true.",
            en: "The file leaves out more than a tenth of those who are known: it may be cut. If not, force=true."))

    package static let ofTheSchool: [ProblemKind] = [
        classNotMovable, enrollmentNotMovable, classGroupFollowsEnrollments, recordedDays, healthNotYours, notYourPerson,
        lastAdministrator, yearNotNext, undecided, noConsent, importShrinks,
    ]
}
