import HTTP1
import Web

/// Problems of all resources, and the index of all problems by code. The other files of this folder have those of each
/// area.
extension ProblemKind {
    package static let forbidden = ProblemKind(
        "forbidden", .forbidden,
        title: Text(ru: "Недостаточно прав", en: "Forbidden"),
        detail: Text(ru: "Ваша роль этого не позволяет.", en: "Your role does not allow this."))
    package static let staleVersion = ProblemKind(
        "stale_version", .conflict,
        title: Text(ru: "Запись уже изменена", en: "Stale version"),
        detail: Text(
            ru: "Запись изменили после того, как вы её прочли; её текущее состояние — в ответе.",
            en: "The record was changed after you read it; the answer contains its current state."))
    package static let shuttingDown = ProblemKind(
        "shutting_down", .serviceUnavailable,
        title: Text(ru: "Сервер останавливается", en: "Shutting down"),
        detail: Text(
            ru: "Сервер завершает работу; повторите через несколько секунд.",
            en: "The server is shutting down; try again in a few seconds."))
    package static let cursorExpired = ProblemKind(
        "cursor_expired", .gone,
        title: Text(ru: "Курсор устарел", en: "Cursor expired"),
        detail: Text(
            ru: "Изменения с этого места уже не хранятся, или базу данных восстановили из копии; прочтите всё заново.",
            en: "Changes since this cursor are no longer kept, or the database was restored; read everything again."))
    package static let notMovable = ProblemKind(
        "not_movable", .conflict,
        title: Text(ru: "Запись не переносится", en: "Not movable"),
        detail: Text(
            ru: "Запись нельзя отнести к другому объекту: удалите её и создайте новую.",
            en: "The record cannot be moved to another parent: delete it and create a new one."))
    package static let versionNotWritable = ProblemKind(
        "version_not_writable", .conflict,
        title: Text(ru: "Версию считает сервер", en: "Version not writable"),
        detail: Text(
            ru: "Номер версии записи присваивает сервер (M5); не передавайте его как новое значение.",
            en: "The server sets the version of a record (rule M5); do not send it as a new value."))
    package static let conflict = ProblemKind(
        "conflict", .conflict,
        title: Text(ru: "Противоречит другим данным", en: "Conflict"),
        detail: Text(
            ru: "Запись противоречит уже имеющимся данным.", en: "The record contradicts existing data."))
    package static let alreadyExists = ProblemKind(
        "already_exists", .conflict,
        title: Text(ru: "Уже есть", en: "Already exists"),
        detail: Text(ru: "Такая запись в школе уже есть.", en: "The school already has such a record."))
    package static let inUse = ProblemKind(
        "in_use", .conflict,
        title: Text(ru: "Запись используется", en: "In use"),
        detail: Text(
            ru: "На запись ссылаются другие, удалить её нельзя; если у неё есть поле archived, уберите её в архив.",
            en: "Other records refer to it, so it cannot be deleted; archive it if it has the field archived."))
    package static let idempotencyKeyReused = ProblemKind(
        "idempotency_key_reused", .unprocessableContent,
        title: Text(ru: "Ключ уже использован", en: "Idempotency key reused"),
        detail: Text(
            ru: "Этот Idempotency-Key уже использован для другого запроса; возьмите новый.",
            en: "This Idempotency-Key was used for a different request; use a new one."))
    package static let idempotencyInProgress = ProblemKind(
        "idempotency_in_progress", .conflict,
        title: Text(ru: "Запрос ещё выполняется", en: "Request in progress"),
        detail: Text(
            ru: "Запрос с этим Idempotency-Key ещё выполняется; повторите позже.",
            en: "A request with this Idempotency-Key is still running; try again later."))
    package static let databaseUnavailable = ProblemKind(
        "database_unavailable", .serviceUnavailable,
        title: Text(ru: "База данных недоступна", en: "Database unavailable"),
        detail: Text(
            ru: "Ничего не записано; повторите позже.", en: "Nothing was written; try again later."))
    package static let outcomeUnknown = ProblemKind(
        "outcome_unknown", .serviceUnavailable,
        title: Text(ru: "Исход неизвестен", en: "Outcome unknown"),
        detail: Text(
            ru: "Связь с базой данных прервалась после отправки изменений; повторите с тем же Idempotency-Key.",
            en:
                "The connection to the database was lost after the write was sent; repeat with the same Idempotency-Key."
        ))
    package static let writeContention = ProblemKind(
        "write_contention", .serviceUnavailable,
        title: Text(ru: "Одновременные изменения", en: "Write contention"),
        detail: Text(
            ru: "Те же записи сейчас меняют другие; ничего не записано, повторите позже.",
            en: "Others are changing the same records; nothing was written, try again later."))
    package static let timeout = ProblemKind(
        "timeout", .serviceUnavailable,
        title: Text(ru: "Время ожидания истекло", en: "Timeout"),
        detail: Text(
            ru: "Запрос не уложился в отведённое время и отменён; повторите позже.",
            en: "The request took too long and was rolled back; try again later."))

    package static let ofEveryNoun: [ProblemKind] = [
        forbidden, staleVersion, shuttingDown, cursorExpired, notMovable, versionNotWritable, conflict, alreadyExists,
        inUse, idempotencyKeyReused, idempotencyInProgress, databaseUnavailable, outcomeUnknown, writeContention,
        timeout,
    ]

    /// All kinds by code.
    package static let all: [String: ProblemKind] = Dictionary(
        uniqueKeysWithValues: (ofTheProtocol + ofEveryNoun + ofSignIn + ofTheSchool + ofTheJournal + ofPlans + ofFinals
            + ofAttendance + ofControl + ofFamilies + ofThreads + ofAnnouncements
            + ofConsultations + ofWebhooks + ofTheOutbox + ofEvents + ofPaper + ofExports).map {
                ($0.code, $0)
            })

    /// The kind for a code from a rule of the database.
    ///
    /// - Throws: `UnknownCode`, which becomes a bare 500 and is logged: a defect of the server.
    package static func of(_ code: String) throws(UnknownCode) -> ProblemKind {
        guard let kind = all[code] else { throw UnknownCode(code: code) }
        return kind
    }

    package struct UnknownCode: Error, CustomStringConvertible {
        package let code: String

        package var description: String { "The database refused with an unknown problem code: \(code)" }
    }
}
