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
        title: Text(ru: "Файл короче, чем ожидалось", en: "Import shrinks"),
        detail: Text(
            ru: "В файле нет больше десятой части известных; может быть, он обрезан. Если нет — force=true.",
            en: "The file leaves out more than a tenth of those who are known: it may be cut. If not, force=true."))

    package static let ofTheSchool: [ProblemKind] = [
        classNotMovable, enrollmentNotMovable, classGroupFollowsEnrollments, healthNotYours, notYourPerson,
        ownRole, ownGuardianship, accessClosed, basisRequired, lastAdministrator, yearNotNext, undecided, noConsent,
        giverNotEntitled, consentWithdrawn, importShrinks,
    ]
}
