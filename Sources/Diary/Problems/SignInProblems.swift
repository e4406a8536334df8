import HTTP1
import Web

/// Problems of sign-in, clients and credentials.
extension ProblemKind {
    package static let unauthorized = ProblemKind(
        "unauthorized", .unauthorized,
        title: Text(ru: "Нужен вход", en: "Sign-in required"),
        detail: Text(
            ru: "Войдите и передайте токен в заголовке Authorization: Bearer.",
            en: "Sign in and send the token in Authorization: Bearer."))
    package static let invalidToken = ProblemKind(
        "invalid_token", .unauthorized,
        title: Text(ru: "Токен недействителен", en: "Invalid token"),
        detail: Text(
            ru: "Токен просрочен, отозван или выдан другим сервером; получите новый.",
            en: "The token has expired, was revoked, or is from another server; get a new one."))
    package static let invalidGrant = ProblemKind(
        "invalid_grant", .badRequest,
        title: Text(ru: "Вход не удался", en: "Sign-in failed"),
        detail: Text(
            ru: "Школа, логин или пароль неверны, или код либо токен обновления больше не действует.",
            en: "The school, login or password is wrong, or the code or refresh token is no longer valid."))
    package static let invalidClient = ProblemKind(
        "invalid_client", .unauthorized,
        title: Text(ru: "Программа не опознана", en: "Unknown client"),
        detail: Text(
            ru: "Такой программы нет, или её секрет неверен.", en: "There is no such client, or its secret is wrong."))
    package static let invalidScope = ProblemKind(
        "invalid_scope", .badRequest,
        title: Text(ru: "Такого права нет", en: "Invalid scope"),
        detail: Text(
            ru: "Запрошено право (scope), которого у программы нет.",
            en: "The request asks for a scope that the client is not registered for."))
    package static let insufficientScope = ProblemKind(
        "insufficient_scope", .forbidden,
        title: Text(ru: "Программе это не разрешено", en: "Insufficient scope"),
        detail: Text(
            ru: "Прав (scope) токена для этого недостаточно.", en: "The scopes of the token do not allow this."))
    package static let notForPrograms = ProblemKind(
        "not_for_programs", .forbidden,
        title: Text(ru: "Не для приложений и интеграций", en: "Not for apps and integrations"),
        detail: Text(
            ru: "Эта операция закрыта для сторонних приложений и интеграций при любых правах (scope).",
            en: "This operation is closed to third-party apps and to integrations, whatever their scopes."))
    package static let invalidRequest = ProblemKind(
        "invalid_request", .badRequest,
        title: Text(ru: "Не хватает данных для входа", en: "Invalid token request"),
        detail: Text(ru: "Не хватает поля, или поле передано дважды.", en: "A field is missing or given twice."))
    package static let unsupportedGrantType = ProblemKind(
        "unsupported_grant_type", .badRequest,
        title: Text(ru: "Неизвестный grant_type", en: "Unsupported grant type"),
        detail: Text(
            ru: "Поддерживаются password, authorization_code, refresh_token и client_credentials.",
            en: "Supported are password, authorization_code, refresh_token and client_credentials."))
    package static let unauthorizedClient = ProblemKind(
        "unauthorized_client", .badRequest,
        title: Text(ru: "Такой вход не разрешён", en: "Sign-in not allowed"),
        detail: Text(
            ru: "Школа не разрешает такой вход, или программа заблокирована, или она не того вида.",
            en: "The school does not allow this way of signing in, or the client is blocked or of another kind."))
    package static let twoSecrets = ProblemKind(
        "two_secrets", .conflict,
        title: Text(ru: "Секретов уже два", en: "Two secrets already"),
        detail: Text(
            ru: "Одновременно действуют не больше двух секретов; сначала удалите старый.",
            en: "At most two secrets are valid at a time; delete the old one first."))
    package static let clientWithoutSecrets = ProblemKind(
        "client_without_secrets", .conflict,
        title: Text(ru: "У приложения нет секретов", en: "An app has no secrets"),
        detail: Text(
            ru: "Секреты бывают только у интеграций: приложение на устройствах пользователей секрета не сохранит.",
            en: "Only integrations have secrets: an app on users' devices cannot keep one."))
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
        title: Text(ru: "Нужен код", en: "Second factor required"),
        detail: Text(
            ru: "Пароль верен; передайте в otp код из приложения-аутентификатора или код восстановления.",
            en: "The password is correct; send a code from the authenticator app or a recovery code as otp."))
    package static let invalidSecondFactor = ProblemKind(
        "invalid_second_factor", .badRequest,
        title: Text(ru: "Код не подходит", en: "Wrong code"),
        detail: Text(
            ru: "Код неверен, просрочен или уже использован.",
            en: "The code is wrong, has expired, or was already used."))
    package static let secondFactorSetUpRequired = ProblemKind(
        "second_factor_setup_required", .badRequest,
        title: Text(ru: "Настройте второй фактор", en: "Second factor not set up"),
        detail: Text(
            ru: "Школа требует от сотрудников второй фактор: настройте его с помощью enrolment_ticket.",
            en: "The school requires a second factor for staff: set it up with the enrolment_ticket."))
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
            ru: "Код неверен, просрочен или уже использован.",
            en: "The code is wrong, has expired, or was already used."))
    package static let secondFactorSet = ProblemKind(
        "second_factor_set", .conflict,
        title: Text(ru: "Второй фактор уже есть", en: "Second factor already set up"),
        detail: Text(
            ru: "Чтобы настроить другой, сначала удалите этот.", en: "Remove it before you set up another one."))
    package static let secondFactorUnavailable = ProblemKind(
        "second_factor_unavailable", .serviceUnavailable,
        title: Text(ru: "Второй фактор недоступен", en: "Second factor unavailable"),
        detail: Text(
            ru: "На сервере не задан ключ для вторых факторов (secrets.keys); сообщите администратору.",
            en: "The server has no key for second factors (secrets.keys); tell its operator."))
    package static let notYourCredentials = ProblemKind(
        "not_your_credentials", .forbidden,
        title: Text(ru: "Реквизиты выдаёте не вы", en: "Not allowed to issue credentials"),
        detail: Text(
            ru: "Сотрудникам реквизиты выдаёт администратор, ученикам и родителям — классный руководитель (A2).",
            en: "Administrators issue credentials to staff, class teachers to students and guardians (rule A2)."))
    package static let accountClosed = ProblemKind(
        "account_closed", .conflict,
        title: Text(ru: "Учётная запись закрыта", en: "Account closed"),
        detail: Text(
            ru: "Вход этому человеку закрыт; реквизиты не выдаются.",
            en: "The person is blocked or depersonalised; no credentials can be issued."))
    package static let loginSet = ProblemKind(
        "login_set", .conflict,
        title: Text(ru: "Логин уже есть", en: "Login already set"),
        detail: Text(
            ru: "У человека уже есть другой логин; изменить его нельзя.",
            en: "The person already has another login; it cannot be changed."))
    package static let loginTaken = ProblemKind(
        "login_taken", .conflict,
        title: Text(ru: "Логин занят", en: "Login taken"),
        detail: Text(
            ru: "Этот логин в школе уже занят; выберите другой.",
            en: "Somebody at the school already has this login; choose another one."))
    package static let tooManyAttempts = ProblemKind(
        "too_many_attempts", .tooManyRequests,
        title: Text(ru: "Слишком много попыток", en: "Too many attempts"),
        detail: Text(
            ru: "Слишком много неудачных попыток входа; повторите позже (A6).",
            en: "There were too many failed sign-ins; try again later (rule A6)."))

    package static let ofSignIn: [ProblemKind] = [
        unauthorized, invalidToken, invalidGrant, invalidClient, invalidScope, insufficientScope, notForPrograms,
        invalidRequest, unsupportedGrantType, unauthorizedClient, twoSecrets, clientWithoutSecrets, invalidCode,
        wrongPassword,
        secondFactorRequired, invalidSecondFactor, secondFactorSetUpRequired, invalidTicket, wrongCode,
        secondFactorSet, secondFactorUnavailable, notYourCredentials, accountClosed, loginSet, loginTaken,
        tooManyAttempts,
    ]
}

extension Problem {
    /// The operator has to set `secrets.keys` and restart the server.
    package static var secondFactorUnavailable: Problem {
        Problem(.secondFactorUnavailable, headers: [("Retry-After", "300")])
    }
}
