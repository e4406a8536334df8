import HTTP1
import Web

/// Problems of signing in, of clients and of credentials.
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
    package static let notForPrograms = ProblemKind(
        "not_for_programs", .forbidden,
        title: Text(ru: "Не для приложений и интеграций", en: "Not for apps and integrations"),
        detail: Text(
            ru: "Эта операция закрыта для приложений и интеграций; никакие права (scope) её не откроют.",
            en: "This operation is closed to apps of others and to integrations; no scope opens it."))
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
    package static let unauthorizedClient = ProblemKind(
        "unauthorized_client", .badRequest,
        title: Text(ru: "Такой вход не разрешён", en: "Not allowed to this client"),
        detail: Text(
            ru: "Школа не разрешает такой вход, или программа заблокирована, или она не того вида.",
            en: "The school does not allow this way of signing in, or the client is blocked or of another kind."))
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
    /// Until somebody has set `secrets.keys`, which takes a start of the server.
    package static var secondFactorUnavailable: Problem {
        Problem(.secondFactorUnavailable, headers: [("Retry-After", "300")])
    }
}
