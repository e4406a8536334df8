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
    package static let recordedDays = ProblemKind(
        "recorded_days", .conflict,
        title: Text(ru: "В эти дни есть записи", en: "Days with records"),
        detail: Text(
            ru: "В дни, которые больше не входили бы в зачисление или группу, есть записи (L5).",
            en: "There are records on days that would no longer belong to the enrollment or membership (rule L5)."))
    package static let notInClass = ProblemKind(
        "not_in_class", .conflict,
        title: Text(ru: "Ученик не в классе группы", en: "Not in the group's class"),
        detail: Text(
            ru: "В подгруппе класса ученик состоит только в те дни, когда он зачислен в этот класс (L5).",
            en: "A student is in a subgroup only on days of an enrollment in its class (rule L5)."))
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
    package static let ownRole = ProblemKind(
        "own_role", .forbidden,
        title: Text(ru: "Роль себе не дают", en: "Your own role"),
        detail: Text(
            ru: "Роли администратора, директора и заместителя даёт другой администратор или владелец сервера (A2).",
            en:
                "Another administrator grants the roles administrator, head and deputy_head, or the owner does on the command line (rule A2)."
        ))
    package static let ownGuardianship = ProblemKind(
        "own_guardianship", .forbidden,
        title: Text(ru: "Это ваше представительство", en: "Your own guardianship"),
        detail: Text(
            ru:
                "Своё представительство никто не меняет сам, а интеграция не меняет представительств сотрудников (A3): попросите другого сотрудника — администратора, директора или заместителя.",
            en:
                "Nobody writes their own guardianship, and an integration writes none of staff (rule A3). Ask another administrator, a head or a deputy head."
        ))
    package static let accessClosed = ProblemKind(
        "access_closed", .forbidden,
        title: Text(ru: "Доступ закрыт", en: "Access was closed"),
        detail: Text(
            ru:
                "Доступ этого представителя к ученику был закрыт (A3). Открывает его директор или заместитель директора, указав документ в basis; такую запись не удаляют.",
            en:
                "This guardian's access to the student was closed (rule A3). Only a head or deputy head reopens it, and names the document in basis. The record cannot be deleted."
        ))
    package static let basisRequired = ProblemKind(
        "basis_required", .unprocessableContent,
        title: Text(ru: "Нужно основание", en: "Basis required"),
        detail: Text(
            ru: "Назовите в basis документ, по которому доступ открыт снова (A3): не тот, по которому он был закрыт.",
            en: "Name in basis the document that reopens the access (rule A3), not the one that closed it."))
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
    package static let yearClosed = ProblemKind(
        "year_closed", .conflict,
        title: Text(ru: "Учебный год закрыт", en: "Year closed"),
        detail: Text(
            ru: "Учебный год закрыт: его страницы журнала не возвращаются из архива.",
            en: "The academic year is closed: its sections stay in the archive."))
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
    package static let giverNotEntitled = ProblemKind(
        "giver_not_entitled", .unprocessableContent,
        title: Text(ru: "Этот человек согласие не даёт", en: "Not entitled to consent"),
        detail: Text(
            ru:
                "Согласие даёт сам ученик с 14 лет (на медицинскую помощь — с 15, нужна дата рождения) или представитель, у которого в этот день есть доступ (K3).",
            en:
                "A consent is given by the student from the age of 14 (medical care: 15; the profile needs the birth date), or by a guardian with access on that day (rule K3)."
        ))
    package static let consentWithdrawn = ProblemKind(
        "consent_withdrawn", .conflict,
        title: Text(ru: "Согласие отозвано", en: "Consent was withdrawn"),
        detail: Text(
            ru: "Отозванное согласие не возвращают (K3): запишите новое.",
            en: "A withdrawn consent does not come back (rule K3): record a new one."))
    package static let importShrinks = ProblemKind(
        "import_shrinks", .conflict,
        title: Text(ru: "Файл короче, чем ожидалось", en: "Import file shorter than expected"),
        detail: Text(
            ru:
                "В файле не хватает больше десятой части записей: возможно, он обрезан. Если нет, передайте force=true.",
            en: "The file omits more than a tenth of the known records: it may be truncated. If not, send force=true."))

    package static let ofTheSchool: [ProblemKind] = [
        classNotMovable, enrollmentNotMovable, classGroupFollowsEnrollments, recordedDays, notInClass,
        healthNotYours, notYourPerson, ownRole, ownGuardianship, accessClosed, basisRequired, lastAdministrator,
        yearNotNext, yearClosed, undecided, noConsent,
        giverNotEntitled, consentWithdrawn, importShrinks,
    ]
}
