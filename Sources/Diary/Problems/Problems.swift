import HTTP1
import Web

extension ProblemKind {
    package static let unauthorized = ProblemKind(
        "unauthorized", .unauthorized,
        title: Text(ru: "Нужен вход", en: "Sign-in needed"),
        detail: Text(ru: "Передайте токен в поле Authorization: Bearer.", en: "Send a token in Authorization: Bearer."))
    package static let invalidToken = ProblemKind(
        "invalid_token", .unauthorized,
        title: Text(ru: "Токен недействителен", en: "Invalid token"),
        detail: Text(
            ru: "Токен просрочен, отозван или не от этого сервера.",
            en: "The token has expired, was revoked, or is not of this server."))
    package static let invalidGrant = ProblemKind(
        "invalid_grant", .badRequest,
        title: Text(ru: "Вход не удался", en: "Sign-in failed"),
        detail: Text(
            ru: "Школа, логин или пароль неверны, или код либо токен обновления больше не действует.",
            en: "School, login or password are wrong, or the code or refresh token is not valid any more."))
    package static let invalidClient = ProblemKind(
        "invalid_client", .unauthorized,
        title: Text(ru: "Программа не опознана", en: "Unknown client"),
        detail: Text(
            ru: "Такой программы нет, или её секрет неверен.", en: "There is no such client, or its secret is wrong."))
    package static let invalidScope = ProblemKind(
        "invalid_scope", .badRequest,
        title: Text(ru: "Такого права нет", en: "Invalid scope"),
        detail: Text(
            ru: "Запрошено то, для чего программа не зарегистрирована.",
            en: "Something is asked for that the client is not registered for."))
    package static let insufficientScope = ProblemKind(
        "insufficient_scope", .forbidden,
        title: Text(ru: "Программе это не разрешено", en: "Insufficient scope"),
        detail: Text(
            ru: "Прав (scope) токена для этого не хватает.", en: "The scope of the token does not include this."))
    package static let twoSecrets = ProblemKind(
        "two_secrets", .conflict,
        title: Text(ru: "Секретов уже два", en: "Two secrets already"),
        detail: Text(
            ru: "Действуют не больше двух секретов; сначала удалите старый.",
            en: "Two secrets hold at once and no more; delete the old one first."))
    package static let clientWithoutSecrets = ProblemKind(
        "client_without_secrets", .conflict,
        title: Text(ru: "У приложения нет секретов", en: "An app has no secrets"),
        detail: Text(
            ru: "Секреты бывают у интеграций: то, что в руках пользователей, секрета не сохранит.",
            en: "Integrations have secrets: what is in the hands of its users keeps none."))
    package static let invalidRequest = ProblemKind(
        "invalid_request", .badRequest,
        title: Text(ru: "Не хватает данных для входа", en: "Invalid token request"),
        detail: Text(ru: "Не хватает поля, или оно повторено.", en: "A field is missing or given twice."))
    package static let unsupportedGrantType = ProblemKind(
        "unsupported_grant_type", .badRequest,
        title: Text(ru: "Неизвестный grant_type", en: "Unsupported grant type"),
        detail: Text(
            ru: "Поддерживаются password, authorization_code, refresh_token и client_credentials.",
            en: "password, authorization_code, refresh_token and client_credentials are supported."))
    package static let forbidden = ProblemKind(
        "forbidden", .forbidden,
        title: Text(ru: "Недостаточно прав", en: "Forbidden"),
        detail: Text(ru: "Ваша роль этого не позволяет.", en: "Your role does not allow this."))
    package static let staleVersion = ProblemKind(
        "stale_version", .conflict,
        title: Text(ru: "Запись уже изменена", en: "Stale version"),
        detail: Text(
            ru: "Запись изменили после того, как вы её прочли; текущее состояние приложено.",
            en: "The record was changed after you read it; its current state is enclosed."))
    package static let marksNotAllowed = ProblemKind(
        "marks_not_allowed", .conflict,
        title: Text(ru: "Отметки здесь не ставят", en: "Marks are not allowed"),
        detail: Text(
            ru: "В 1 классе и в первом полугодии 2 класса отметок нет (M1), как и на занятиях без отметок.",
            en: "There are no marks in grade 1, in the first half of grade 2 (rule M1), and in sections without marks.")
    )
    package static let valueNotAllowed = ProblemKind(
        "value_not_allowed", .conflict,
        title: Text(ru: "Такой отметки нет", en: "Value not allowed"),
        detail: Text(
            ru: "Значение не из шкалы школы или не для этого журнала (M2).",
            en: "The value is not of the school's scale, or not for this section (rule M2)."))
    package static let notAMember = ProblemKind(
        "not_a_member", .conflict,
        title: Text(ru: "Ученик не в группе", en: "Not a member"),
        detail: Text(
            ru: "В день урока ученик не состоял в группе (M3).",
            en: "The pupil was not a member of the group on the lesson's date (rule M3)."))
    package static let editWindowClosed = ProblemKind(
        "edit_window_closed", .conflict,
        title: Text(ru: "Срок правки истёк", en: "Edit window closed"),
        detail: Text(
            ru: "Урок правят до срока, позже — с разрешения заместителя директора (M4).",
            en: "Past its window a lesson is edited only under an unlock by a deputy head (rule M4)."))
    package static let lessonInFuture = ProblemKind(
        "lesson_in_future", .conflict,
        title: Text(ru: "Урока ещё не было", en: "Lesson in the future"),
        detail: Text(
            ru: "Отметки и отсутствие ставят в день урока и позже.",
            en: "Marks and attendance are written on the lesson's day or later."))
    package static let lessonCancelled = ProblemKind(
        "lesson_cancelled", .conflict,
        title: Text(ru: "Урок отменён", en: "Lesson cancelled"),
        detail: Text(ru: "На отменённом уроке ничего не ставят.", en: "Nothing is written at a cancelled lesson."))
    package static let notYourLesson = ProblemKind(
        "not_your_lesson", .conflict,
        title: Text(ru: "Не ваш урок", en: "Not your lesson"),
        detail: Text(
            ru: "Пишет тот, кто вёл урок в этот день (A4).",
            en: "Only those who taught the section on that date write there (rule A4)."))
    package static let journalRefused = ProblemKind(
        "journal_refused", .conflict,
        title: Text(ru: "Журнал не изменён", en: "Journal refused"),
        detail: Text(
            ru: "Часть записей отклонена по разным причинам; не записано ничего.",
            en: "Some items were refused for different reasons; nothing was written."))
    package static let unauthorizedClient = ProblemKind(
        "unauthorized_client", .badRequest,
        title: Text(ru: "Такой вход не разрешён", en: "Not allowed to this client"),
        detail: Text(
            ru: "Школа не разрешает такой вход, или программа заблокирована, или она не того вида.",
            en: "The school does not allow this way of signing in, or the client is blocked or of another kind."))
    package static let invalidCode = ProblemKind(
        "invalid_code", .badRequest,
        title: Text(ru: "Код не подходит", en: "Invalid code"),
        detail: Text(
            ru: "Код неверен, использован, отозван или просрочен; попросите новый.",
            en: "The code is wrong, used, revoked or expired; ask for a new one."))
    package static let wrongPassword = ProblemKind(
        "wrong_password", .forbidden,
        title: Text(ru: "Неверный пароль", en: "Wrong password"),
        detail: Text(ru: "Текущий пароль неверен.", en: "The current password is wrong."))
    package static let secondFactorRequired = ProblemKind(
        "second_factor_required", .badRequest,
        title: Text(ru: "Нужен код", en: "Second factor needed"),
        detail: Text(
            ru: "Пароль верен; передайте в otp код из приложения или код восстановления.",
            en: "The password is right; send the code of the authenticator app, or a recovery code, as otp."))
    package static let invalidSecondFactor = ProblemKind(
        "invalid_second_factor", .badRequest,
        title: Text(ru: "Код не подходит", en: "Wrong code"),
        detail: Text(
            ru: "Код неверен, просрочен или уже использован.", en: "The code is wrong, too old, or was used already."))
    package static let secondFactorSetUpRequired = ProblemKind(
        "second_factor_setup_required", .badRequest,
        title: Text(ru: "Настройте второй фактор", en: "Second factor to be set up"),
        detail: Text(
            ru: "Школа требует второй фактор от сотрудников: настройте его по enrolment_ticket.",
            en: "The school asks staff for a second factor: set it up with the enrolment_ticket."))
    package static let invalidTicket = ProblemKind(
        "invalid_ticket", .badRequest,
        title: Text(ru: "Билет недействителен", en: "Invalid ticket"),
        detail: Text(
            ru: "Срок билета истёк, или пароль изменён; войдите снова.",
            en: "The ticket has expired, or the password was changed; sign in again."))
    package static let wrongCode = ProblemKind(
        "wrong_code", .forbidden,
        title: Text(ru: "Код не подходит", en: "Wrong code"),
        detail: Text(
            ru: "Код неверен, просрочен или уже использован.", en: "The code is wrong, too old, or was used already."))
    package static let secondFactorSet = ProblemKind(
        "second_factor_set", .conflict,
        title: Text(ru: "Второй фактор уже есть", en: "Second factor is set"),
        detail: Text(
            ru: "Чтобы настроить другой, сначала уберите этот.", en: "Remove it first to set up another one."))
    package static let secondFactorUnavailable = ProblemKind(
        "second_factor_unavailable", .serviceUnavailable,
        title: Text(ru: "Второй фактор недоступен", en: "Second factor unavailable"),
        detail: Text(
            ru: "Серверу не задан ключ для вторых факторов (secrets.keys).",
            en: "The server has no key for second factors (secrets.keys)."))
    package static let notYourCredentials = ProblemKind(
        "not_your_credentials", .forbidden,
        title: Text(ru: "Реквизиты выдаёт другой", en: "Not yours to issue"),
        detail: Text(
            ru: "Сотрудникам реквизиты выдаёт администратор, ученикам и родителям — классный руководитель (A2).",
            en: "Administrators issue credentials to staff, class teachers to pupils and guardians (rule A2)."))
    package static let accountClosed = ProblemKind(
        "account_closed", .conflict,
        title: Text(ru: "Учётная запись закрыта", en: "Account closed"),
        detail: Text(
            ru: "Вход этому человеку закрыт, реквизиты не выдаются.",
            en: "The person is blocked or was depersonalised; no credentials are issued."))
    package static let loginSet = ProblemKind(
        "login_set", .conflict,
        title: Text(ru: "Логин уже есть", en: "Login is set"),
        detail: Text(
            ru: "У человека уже есть другой логин; он не меняется.", en: "The person has another login, which stays."))
    package static let loginTaken = ProblemKind(
        "login_taken", .conflict,
        title: Text(ru: "Логин занят", en: "Login taken"),
        detail: Text(
            ru: "Этот логин в школе уже есть; выберите другой.",
            en: "Somebody of the school has this login; choose another."))
    package static let tooManyAttempts = ProblemKind(
        "too_many_attempts", .tooManyRequests,
        title: Text(ru: "Слишком много попыток", en: "Too many attempts"),
        detail: Text(
            ru: "Слишком много неудачных попыток входа; повторите позже (A6).",
            en: "Too many failed sign-ins; try again later (rule A6)."))
    package static let shuttingDown = ProblemKind(
        "shutting_down", .serviceUnavailable,
        title: Text(ru: "Сервер останавливается", en: "Shutting down"),
        detail: Text(
            ru: "Сервер завершает работу.",
            en: "The server is shutting down."))
    package static let cursorExpired = ProblemKind(
        "cursor_expired", .gone,
        title: Text(ru: "Курсор устарел", en: "Cursor expired"),
        detail: Text(
            ru: "База восстановлена из копии после выдачи курсора; прочтите всё заново.",
            en: "The database was restored after the cursor was given; read everything anew."))
    package static let notInSection = ProblemKind(
        "not_in_section", .conflict,
        title: Text(ru: "Не из этого журнала", en: "Not in this section"),
        detail: Text(
            ru: "Урок, колонка, вид работы или тема не из этого журнала, или id уже занят.",
            en: "The lesson, column, category or topic is not of this section, or the id is taken."))
    package static let homeworkNotAllowed = ProblemKind(
        "homework_not_allowed", .conflict,
        title: Text(ru: "Домашних заданий нет", en: "Homework is not allowed"),
        detail: Text(
            ru: "В 1 классе домашних заданий нет (H1).",
            en: "There is no homework in grade 1 (rule H1)."))
    package static let dueBeforeLesson = ProblemKind(
        "due_before_lesson", .conflict,
        title: Text(ru: "Срок раньше урока", en: "Due before the lesson"),
        detail: Text(
            ru: "Срок задания раньше урока (H1).",
            en: "The homework is due before its lesson (rule H1)."))
    package static let studentOverlap = ProblemKind(
        "student_overlap", .conflict,
        title: Text(ru: "У ученика два урока сразу", en: "Pupil has two lessons at a time"),
        detail: Text(
            ru: "У ученика группы в это время другой урок (L1); выберите другое время.",
            en: "A pupil of the group has another lesson at that time (rule L1); choose another time."))
    package static let lessonOnHoliday = ProblemKind(
        "lesson_on_holiday", .conflict,
        title: Text(ru: "Урок в каникулы", en: "Lesson on a holiday"),
        detail: Text(
            ru: "На этот день приходятся каникулы или праздник (L1); отмените урок или выберите другой день.",
            en: "The day is a holiday (rule L1); cancel the lesson or choose another day."))
    package static let lessonOutsideYear = ProblemKind(
        "lesson_outside_year", .conflict,
        title: Text(ru: "Урок вне учебного года", en: "Lesson outside the year"),
        detail: Text(
            ru: "День урока не входит в учебный год журнала (L1); измените день урока или границы года.",
            en: "The lesson's day is not in the section's academic year (rule L1); change the day, or the year's dates."
        ))
    package static let lessonHasRecords = ProblemKind(
        "lesson_has_records", .conflict,
        title: Text(ru: "На уроке есть записи", en: "Lesson has records"),
        detail: Text(
            ru: "На уроке стоят отметки или посещаемость: его не переносят и не отменяют, пока они не убраны (L2).",
            en: "Marks or attendance stand at the lesson: clear them before it is moved or cancelled (rule L2)."))
    package static let lineItemDeleted = ProblemKind(
        "line_item_deleted", .conflict,
        title: Text(ru: "Колонка удалена", en: "Column deleted"),
        detail: Text(
            ru: "Колонка этой отметки удалена; поставьте отметку в другую.",
            en: "The column of the mark was deleted; write the mark in another one."))
    package static let notMovable = ProblemKind(
        "not_movable", .conflict,
        title: Text(ru: "Запись не переносится", en: "Not movable"),
        detail: Text(
            ru: "То, к чему относится запись, не меняется: уберите её и создайте другую.",
            en: "What the record belongs to never changes: remove it and make another."))
    package static let versionNotWritable = ProblemKind(
        "version_not_writable", .conflict,
        title: Text(ru: "Версию считает сервер", en: "Version not writable"),
        detail: Text(
            ru: "Номер версии записи присваивает сервер (M5); не передавайте его как новое значение.",
            en: "The server counts the versions of a record (rule M5); do not send one as a new value."))
    package static let conflict = ProblemKind(
        "conflict", .conflict,
        title: Text(ru: "Противоречит другим данным", en: "Conflict"),
        detail: Text(
            ru: "Запись противоречит тому, что уже есть.", en: "The record contradicts what is already there."))
    package static let alreadyExists = ProblemKind(
        "already_exists", .conflict,
        title: Text(ru: "Уже есть", en: "Already exists"),
        detail: Text(ru: "Такая запись в школе уже есть.", en: "The school has such a record already."))
    package static let inUse = ProblemKind(
        "in_use", .conflict,
        title: Text(ru: "Запись используется", en: "In use"),
        detail: Text(
            ru: "На запись ссылаются другие; её можно убрать в архив, но не удалить.",
            en: "Other records refer to it: it can be archived, where it has archived, and not deleted."))
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
    package static let idempotencyKeyReused = ProblemKind(
        "idempotency_key_reused", .unprocessableContent,
        title: Text(ru: "Ключ уже использован", en: "Idempotency key reused"),
        detail: Text(
            ru: "С этим Idempotency-Key пришёл другой запрос.",
            en: "This Idempotency-Key came with a different request before."))
    package static let idempotencyInProgress = ProblemKind(
        "idempotency_in_progress", .conflict,
        title: Text(ru: "Запрос ещё выполняется", en: "Request in progress"),
        detail: Text(
            ru: "Запрос с этим Idempotency-Key ещё выполняется; повторите позже.",
            en: "A request with this Idempotency-Key is still running; try again."))
    package static let databaseUnavailable = ProblemKind(
        "database_unavailable", .serviceUnavailable,
        title: Text(ru: "База данных недоступна", en: "Database unavailable"),
        detail: Text(
            ru: "Ничего не записано; повторите позже.", en: "Nothing was written; try again later."))
    package static let outcomeUnknown = ProblemKind(
        "outcome_unknown", .serviceUnavailable,
        title: Text(ru: "Исход неизвестен", en: "Outcome unknown"),
        detail: Text(
            ru: "Связь с базой прервалась после отправки; повторите с тем же Idempotency-Key.",
            en:
                "The connection to the database was lost after the write was sent; repeat with the same Idempotency-Key."
        ))
    package static let writeContention = ProblemKind(
        "write_contention", .serviceUnavailable,
        title: Text(ru: "Одновременные изменения", en: "Write contention"),
        detail: Text(
            ru: "То же самое меняют другие; ничего не записано, повторите позже.",
            en: "Others are changing the same records; nothing was written, try again later."))
    package static let timeout = ProblemKind(
        "timeout", .serviceUnavailable,
        title: Text(ru: "Слишком долго", en: "Timeout"),
        detail: Text(
            ru: "Запрос не уложился в отведённое время и отменён.",
            en: "The request took too long and was rolled back."))

    package static let ofTheSchool: [ProblemKind] = [
        unauthorized, invalidToken, invalidGrant, invalidRequest, unsupportedGrantType, forbidden, staleVersion,
        marksNotAllowed, valueNotAllowed, notAMember, editWindowClosed, lessonInFuture, lessonCancelled, notYourLesson,
        journalRefused, notInSection, homeworkNotAllowed, dueBeforeLesson, cursorExpired, unauthorizedClient,
        studentOverlap, lessonOnHoliday, lessonOutsideYear, lessonHasRecords, lineItemDeleted, notMovable,
        versionNotWritable,
        invalidCode, wrongPassword, secondFactorRequired, invalidSecondFactor, secondFactorSetUpRequired, invalidTicket,
        wrongCode, secondFactorSet, secondFactorUnavailable, notYourCredentials, accountClosed, loginSet, loginTaken,
        tooManyAttempts, shuttingDown, conflict, alreadyExists, inUse, classNotMovable, enrollmentNotMovable,
        classGroupFollowsEnrollments, healthNotYours, notYourPerson, lastAdministrator, yearNotNext, undecided,
        noConsent, importShrinks, idempotencyKeyReused,
        invalidClient, invalidScope, insufficientScope, twoSecrets, clientWithoutSecrets,
        idempotencyInProgress, databaseUnavailable,
        outcomeUnknown, writeContention, timeout,
    ]

    /// Every kind there is, by its code.
    package static let all: [String: ProblemKind] = Dictionary(
        uniqueKeysWithValues: (ofTheProtocol + ofTheSchool).map { ($0.code, $0) })

    /// The kind of a code that a rule of the database gave.
    ///
    /// - Throws: `UnknownCode`, which is answered with a bare 500 and logged: a mistake of ours.
    package static func of(_ code: String) throws(UnknownCode) -> ProblemKind {
        guard let kind = all[code] else { throw UnknownCode(code: code) }
        return kind
    }

    package struct UnknownCode: Error, CustomStringConvertible {
        package let code: String

        package var description: String { "The database refuses with a code that has no problem: \(code)" }
    }
}

extension Problem {
    /// Until somebody has set `secrets.keys`, which takes a start of the server.
    package static var secondFactorUnavailable: Problem {
        Problem(.secondFactorUnavailable, headers: [("Retry-After", "300")])
    }
}
