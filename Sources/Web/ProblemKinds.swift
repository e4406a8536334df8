import HTTP1

/// The problems of the protocol; those of the school are in Diary.
extension ProblemKind {
    package static let malformedRequest = ProblemKind(
        "malformed_request", .badRequest,
        title: Text(ru: "Неверный запрос", en: "Malformed request"),
        detail: Text(ru: "Запрос не соответствует протоколу HTTP/1.1.", en: "The request is not valid HTTP/1.1."))
    package static let malformedJSON = ProblemKind(
        "malformed_json", .badRequest,
        title: Text(ru: "Неверный JSON", en: "Malformed JSON"),
        detail: Text(ru: "Тело запроса не является строгим JSON.", en: "The body is not strict JSON (RFC 8259)."))
    package static let invalidParameter = ProblemKind(
        "invalid_parameter", .badRequest,
        title: Text(ru: "Неверный параметр", en: "Invalid parameter"),
        detail: Text(ru: "Параметр запроса имеет неверное значение.", en: "A query parameter has an invalid value."))
    package static let unknownParameter = ProblemKind(
        "unknown_parameter", .badRequest,
        title: Text(ru: "Неизвестный параметр", en: "Unknown parameter"),
        detail: Text(
            ru: "В запросе есть параметр, которого у этого адреса нет.", en: "A query parameter is unknown."))
    package static let notFound = ProblemKind(
        "not_found", .notFound,
        title: Text(ru: "Не найдено", en: "Not found"),
        detail: Text(ru: "Такого нет, или оно вам не видно.", en: "There is no such thing, or it is not yours to see."))
    package static let methodNotAllowed = ProblemKind(
        "method_not_allowed", .methodNotAllowed,
        title: Text(ru: "Метод не поддерживается", en: "Method not allowed"),
        detail: Text(
            ru: "Этот адрес отвечает на другие методы, см. поле Allow.",
            en: "This address only supports the methods in Allow."))
    package static let notAcceptable = ProblemKind(
        "not_acceptable", .notAcceptable,
        title: Text(ru: "Нет такого представления", en: "Not acceptable"),
        detail: Text(ru: "Ответ бывает только в JSON.", en: "The answer is only available as JSON."))
    package static let requestTimeout = ProblemKind(
        "request_timeout", .requestTimeout,
        title: Text(ru: "Запрос не пришёл вовремя", en: "Request timeout"),
        detail: Text(ru: "Запрос не был передан целиком вовремя.", en: "The request did not fully arrive in time."))
    package static let preconditionFailed = ProblemKind(
        "precondition_failed", .preconditionFailed,
        title: Text(ru: "Условие не выполнено", en: "Precondition failed"),
        detail: Text(
            ru: "Представление не то, что названо в If-Match.", en: "The representation differs from If-Match.")
    )
    package static let preconditionRequired = ProblemKind(
        "precondition_required", .preconditionRequired,
        title: Text(ru: "Нужно поле If-Match", en: "Precondition required"),
        detail: Text(
            ru: "Изменение требует If-Match с ETag, который вы прочли.",
            en: "A change needs If-Match with the ETag that you read."))
    package static let contentTooLarge = ProblemKind(
        "content_too_large", .contentTooLarge,
        title: Text(ru: "Слишком большое тело", en: "Content too large"),
        detail: Text(ru: "Тело запроса больше допустимого.", en: "The body is larger than allowed here."))
    package static let targetTooLong = ProblemKind(
        "uri_too_long", .uriTooLong,
        title: Text(ru: "Слишком длинный адрес", en: "URI too long"),
        detail: Text(ru: "Адрес запроса длиннее допустимого.", en: "The request target is too long."))
    package static let headTooLarge = ProblemKind(
        "headers_too_large", .requestHeaderFieldsTooLarge,
        title: Text(ru: "Слишком большие заголовки", en: "Header fields too large"),
        detail: Text(ru: "Заголовки запроса больше допустимого.", en: "The header section is too large."))
    package static let unsupportedMediaType = ProblemKind(
        "unsupported_media_type", .unsupportedMediaType,
        title: Text(ru: "Неподдерживаемый тип содержимого", en: "Unsupported media type"),
        detail: Text(ru: "Ожидается application/json.", en: "The body has to be application/json."))
    package static let notImplemented = ProblemKind(
        "not_implemented", .notImplemented,
        title: Text(ru: "Не поддерживается", en: "Not implemented"),
        detail: Text(
            ru: "Сервер не знает такого метода или кодирования.", en: "The method or coding is not supported."))
    package static let versionNotSupported = ProblemKind(
        "http_version_not_supported", .httpVersionNotSupported,
        title: Text(ru: "Версия HTTP не поддерживается", en: "HTTP version not supported"),
        detail: Text(ru: "Сервер говорит на HTTP/1.1 и HTTP/1.0.", en: "This server supports HTTP/1.1 and HTTP/1.0."))
    package static let expectationFailed = ProblemKind(
        "expectation_failed", .expectationFailed,
        title: Text(ru: "Ожидание не поддерживается", en: "Expectation failed"),
        detail: Text(
            ru: "В поле Expect поддерживается только 100-continue.",
            en: "Expect supports 100-continue and nothing else.")
    )
    package static let validationFailed = ProblemKind(
        "validation_failed", .unprocessableContent,
        title: Text(ru: "Данные не прошли проверку", en: "Validation failed"),
        detail: Text(
            ru: "Поля в errors не таковы, какими должны быть.",
            en: "The fields listed in errors are not valid."))
    package static let overloaded = ProblemKind(
        "overloaded", .serviceUnavailable,
        title: Text(ru: "Сервер перегружен", en: "Overloaded"),
        detail: Text(
            ru: "Слишком много запросов ждут; повторите позже.", en: "Too many requests are waiting; try again later."))
    package static let rateLimited = ProblemKind(
        "rate_limited", .tooManyRequests,
        title: Text(ru: "Слишком много запросов", en: "Too many requests"),
        detail: Text(
            ru: "Запросов больше, чем разрешено; повторите через Retry-After секунд.",
            en: "There were more requests than allowed; try again after Retry-After seconds."))
    package static let internalError = ProblemKind(
        "internal_error", .internalServerError,
        title: Text(ru: "Внутренняя ошибка", en: "Internal error"),
        detail: Text(
            ru: "Сервер не смог ответить. Сообщите request_id администратору.",
            en: "The server could not answer. Tell the administrator the request_id."))

    package static let ofTheProtocol: [ProblemKind] = [
        malformedRequest, malformedJSON, invalidParameter, unknownParameter, notFound, methodNotAllowed, notAcceptable,
        requestTimeout, preconditionFailed, preconditionRequired, contentTooLarge, targetTooLong, headTooLarge,
        unsupportedMediaType, expectationFailed, notImplemented, versionNotSupported, validationFailed, overloaded,
        rateLimited,
        internalError,
    ]
}

extension Problem {
    init(_ error: ParseError) {
        let kind: ProblemKind =
            switch error.status.code {
            case 413: .contentTooLarge
            case 414: .targetTooLong
            case 417: .expectationFailed
            case 431: .headTooLarge
            case 501: .notImplemented
            case 505: .versionNotSupported
            default: .malformedRequest
            }
        self.init(kind, detail: Text(ru: "\(kind.detail.russian) (\(error.code))", en: error.text))
    }
}

extension Problem {
    init(_ error: TargetError) {
        let text =
            switch error {
            case .badPercentEncoding:
                Text(ru: "Неверное процентное кодирование.", en: "The percent-encoding is malformed.")
            case .badUTF8: Text(ru: "Текст не в UTF-8.", en: "The text is not UTF-8.")
            case .nullCharacter: Text(ru: "Символ U+0000 недопустим.", en: "U+0000 is not allowed.")
            case .tooManyItems: Text(ru: "Слишком много параметров.", en: "There are too many parameters.")
            }
        self.init(.malformedRequest, detail: text)
    }
}
