import HTTP1
import Web

/// Problems that any noun may have, and where all problems are found by their codes. Those of the areas stand beside.
extension ProblemKind {
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
            ru: "Курсор старше журнала изменений, или базу с тех пор восстановили из копии; прочтите всё заново.",
            en:
                "The cursor is older than the log of changes, or the database was restored since; read everything anew."
        ))
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

    package static let ofEveryNoun: [ProblemKind] = [
        forbidden, staleVersion, shuttingDown, cursorExpired, notMovable, versionNotWritable, conflict, alreadyExists,
        inUse, idempotencyKeyReused, idempotencyInProgress, databaseUnavailable, outcomeUnknown, writeContention,
        timeout,
    ]

    /// Every kind there is, by its code.
    package static let all: [String: ProblemKind] = Dictionary(
        uniqueKeysWithValues: (ofTheProtocol + ofEveryNoun + ofSignIn + ofTheSchool + ofTheJournal).map {
            ($0.code, $0)
        })

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
