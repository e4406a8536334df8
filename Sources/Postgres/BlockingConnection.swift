import CPostgres

/// A blocking connection for the command line, which does one thing after another. The server uses `Connection`, which
/// never blocks its core.
///
/// Used by one thread at a time. The connection is closed with the last reference.
@safe package final class BlockingConnection {
    private let handle: OpaquePointer
    var interruption: Interruption?

    /// Connects. `url` is a URL or a keyword/value string as libpq accepts them ("Connection Strings").
    ///
    /// `application_name` is `lyceum` unless the URL sets another; the encoding is UTF-8; GSS encryption is not tried.
    package init(url: String) throws(Failure) {
        // libpq's message about a URL that it can't read repeats the URL with its password, so we parse it first.
        _ = try ConnectionURL(url)
        let parameters = [
            ("application_name", "lyceum"), ("dbname", url), ("gssencmode", "disable"), ("client_encoding", "UTF8"),
        ]
        guard let handle = unsafe Self.connect(parameters) else {
            throw Failure(message: "out of memory")
        }
        unsafe self.handle = handle
        guard unsafe PQstatus(handle) == CONNECTION_OK else {
            var failure = unsafe Failure(connection: handle)
            explain(&failure, of: "")
            throw failure
        }
    }

    deinit { unsafe PQfinish(handle) }

    // MARK: Statements

    /// Runs a script of any number of statements. Outside a transaction they form one implicit transaction.
    package func execute(_ script: String) throws(Failure) {
        try Self.refuseNUL(in: script)
        let result = unsafe Result(PQexec(handle, script))
        try check(result, of: script, commands: [PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY])
    }

    /// Runs one statement. Parameters are the texts of `$1`, `$2` …; `nil` is NULL.
    @discardableResult
    package func query(_ statement: String, _ parameters: [String?] = []) throws(Failure) -> Answer {
        try Self.refuseNUL(in: statement)
        for case let parameter? in parameters { try Self.refuseNUL(in: parameter) }
        let result = unsafe Result(Self.execute(handle, statement, parameters))
        try check(result, of: statement, commands: [PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY])
        return result.answer
    }

    /// Runs a query as the server's code has it, with its rows as the server reads them.
    package func rows(_ query: Query) throws -> Rows {
        let parameters = try ParameterBuffer([query])
        let sql = query.statement.sql
        let result = unsafe Result(
            parameters.withPointers(of: 0) { values in
                unsafe PQexecParams(handle, sql, Int32(values.count), nil, values.baseAddress, nil, nil, 0)
            })
        try check(result, of: sql, commands: [PGRES_COMMAND_OK, PGRES_TUPLES_OK])
        let pointer = unsafe result.release()
        return unsafe Rows(pointer, shape: RowShape(pointer))
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// - Throws: the error of `body`, a `Failure` from the server, or one with SQLSTATE 25P02 if `body` swallowed an
    ///   error and the server therefore rolled back instead of committing.
    package func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("BEGIN")
        let value: Value
        do {
            value = try body()
        } catch {
            try? execute("ROLLBACK")
            throw error
        }
        let result = unsafe Result(PQexec(handle, "COMMIT"))
        try check(result, commands: [PGRES_COMMAND_OK])
        guard result.tag == "COMMIT" else {
            throw Failure(sqlState: "25P02", message: "the transaction had failed and was rolled back")
        }
        return value
    }

    // MARK: COPY

    /// Loads the rows that `body` writes: `COPY t (a, b) FROM STDIN` (text format).
    ///
    /// - Returns: how many rows the server took.
    /// - Throws: the error of `body` (then nothing is loaded), or the server's `Failure`.
    @discardableResult
    package func copyIn(_ statement: String, _ body: (inout CopyWriter) throws -> Void) throws -> Int {
        try Self.refuseNUL(in: statement)
        let opened = unsafe Result(PQexec(handle, statement))
        try check(opened, of: statement, commands: [PGRES_COPY_IN])
        var writer = CopyWriter(connection: self)
        do {
            try body(&writer)
            try writer.flush()
        } catch {
            _ = unsafe PQputCopyEnd(handle, "abandoned by the client")
            drain()
            throw error
        }
        guard unsafe PQputCopyEnd(handle, nil) == 1 else { throw unsafe Failure(connection: handle) }
        return try finish().affected
    }

    /// Reads rows: `COPY (…) TO STDOUT`. `body` gets the bytes of each row with its line feed; they are valid during
    /// the call.
    ///
    /// - Returns: how many rows there were.
    /// - Throws: the error of `body` (then the query is cancelled), or the server's `Failure`.
    @discardableResult
    package func copyOut(_ statement: String, _ body: (RawSpan) throws -> Void) throws -> Int {
        try Self.refuseNUL(in: statement)
        let opened = unsafe Result(PQexec(handle, statement))
        try check(opened, of: statement, commands: [PGRES_COPY_OUT])
        while true {
            var bytes: UnsafeMutablePointer<CChar>?
            let count = unsafe PQgetCopyData(handle, &bytes, 0)
            guard count > 0, let bytes = unsafe bytes else {
                if count == -2 { throw unsafe Failure(connection: handle) }
                return try finish().affected
            }
            defer { unsafe PQfreemem(bytes) }
            do {
                try unsafe body(UnsafeRawBufferPointer(start: bytes, count: Int(count)).bytes)
            } catch {
                cancel()
                drain()
                throw error
            }
        }
    }

    /// Reads the rows of a COPY with parameters, in a transaction. `body` gets them in pieces of whole rows.
    @discardableResult
    package func copyOut(_ query: CopyQuery, pieces body: ([UInt8]) throws -> Void) throws -> Int {
        for (name, value) in query.settings { try self.query("SELECT set_config($1, $2, true)", [name, value]) }
        let endsWithCRLF = query.statement.endsWithCRLF
        var piece: [UInt8] = []
        let rows = try copyOut(query.statement.sql) { row in
            unsafe row.withUnsafeBytes { unsafe piece.append(contentsOf: $0) }
            if endsWithCRLF { piece.replaceSubrange((piece.count - 1)..., with: [13, 10]) }
            if piece.count >= Self.piece {
                try body(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        if !piece.isEmpty { try body(piece) }
        return rows
    }

    /// The size in bytes after which a piece is passed on.
    private static let piece = 256 * 1024

    /// Sends bytes of COPY data to the server.
    func put(_ bytes: [UInt8]) throws(Failure) {
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            unsafe PQputCopyData(
                handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
        }
        guard sent == 1 else { throw unsafe Failure(connection: handle) }
    }

    // MARK: Private

    private static func connect(_ parameters: [(String, String)]) -> OpaquePointer? {
        unsafe withCStrings(parameters.map(\.0)) { keys in
            unsafe withCStrings(parameters.map(\.1)) { values in
                // 1 makes the value of `dbname` a connection string. Parameters after it override the string,
                // parameters before it do not.
                unsafe PQconnectdbParams(keys.baseAddress, values.baseAddress, 1)
            }
        }
    }

    private static func execute(_ handle: OpaquePointer, _ statement: String, _ parameters: [String?]) -> OpaquePointer?
    {
        unsafe withCStrings(parameters) { values in
            unsafe PQexecParams(handle, statement, Int32(parameters.count), nil, values.baseAddress, nil, nil, 0)
        }
    }

    private func check(
        _ result: borrowing Result, of statement: String = "", commands: [ExecStatusType]
    ) throws(Failure) {
        let status = result.status
        if commands.contains(status) { return }
        defer { recover(from: status) }
        if status == PGRES_FATAL_ERROR, result.failure.sqlState == "57014" { interruption?.serve() }
        switch status {
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR:
            var failure = result.isNone ? unsafe Failure(connection: handle) : result.failure
            explain(&failure, of: statement)
            throw failure
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            throw Failure(sqlState: "0A000", message: "COPY FROM STDIN and TO STDOUT are not possible here")
        default:
            throw Failure(sqlState: "0A000", message: "the statement gave a result of an unexpected kind")
        }
    }

    private func explain(_ failure: inout Failure, of statement: String) {
        guard failure.sqlState == "42501" || failure.message.contains("permission denied for database") else { return }
        let role = unsafe PQuser(handle).map { unsafe String(cString: $0) } ?? "?"
        failure.advice = MissingPrivilege(role: role, message: failure.message, statement: statement).advice
    }

    /// Ends a COPY that a refused statement began, so that the connection stays usable.
    private func recover(from status: ExecStatusType) {
        if status == PGRES_COPY_IN || status == PGRES_COPY_BOTH {
            _ = unsafe PQputCopyEnd(handle, "not expected")
        } else if status == PGRES_COPY_OUT {
            cancel()
        }
        drain()
    }

    /// The result after a COPY's data.
    private func finish() throws(Failure) -> Answer {
        let result = unsafe Result(PQgetResult(handle))
        defer { drain() }
        try check(result, commands: [PGRES_COMMAND_OK])
        return result.answer
    }

    private func drain() {
        while true {
            if unsafe PQstatus(handle) != CONNECTION_OK { return }
            let result = unsafe Result(PQgetResult(handle))
            if result.isNone { return }
            if result.status == PGRES_COPY_OUT {
                var bytes: UnsafeMutablePointer<CChar>?
                while unsafe PQgetCopyData(handle, &bytes, 0) > 0 { unsafe PQfreemem(bytes) }
            } else if result.status == PGRES_COPY_IN {
                _ = unsafe PQputCopyEnd(handle, "not expected")
            }
        }
    }

    private func cancel() { canceller()?.cancel() }

    func canceller() -> Canceller? { unsafe PQgetCancel(handle).map { unsafe Canceller($0) } }

    /// C would read the text only up to the NUL and silently drop the rest.
    private static func refuseNUL(in text: String) throws(Failure) {
        if text.utf8.contains(0) {
            throw Failure(sqlState: "22021", message: "the text contains a NUL byte, which PostgreSQL can't store")
        }
    }
}

extension BlockingConnection {
    /// The result of a statement: column names, rows as text (`nil` is NULL), and how many rows it changed or returned.
    package struct Answer: Sendable, Equatable {
        package var columns: [String]
        package var rows: [[String?]]
        package var affected: Int

        /// The first column of the first row.
        package var first: String? { rows.first?.first ?? nil }
    }

    /// An error reported by PostgreSQL or libpq. Not to be shown to API clients.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// Five characters ("PostgreSQL Error Codes"); nil if libpq failed before the server answered.
        package var sqlState: String?
        package var message: String
        package var detail: String?
        package var hint: String?
        package var constraint: String?
        package var table: String?
        /// The position in the statement or script, in characters from 1.
        package var position: Int?
        /// What to do, where we know.
        package var advice: String?

        package var description: String {
            var text = message
            if let sqlState { text += " (\(sqlState))" }
            if let detail { text += "\nDetail: \(detail)" }
            if let hint { text += "\nHint: \(hint)" }
            if let advice { text += "\n\(advice)" }
            return text
        }
    }
}

extension BlockingConnection.Failure {
    init(connection: OpaquePointer) {
        let text = unsafe String(cString: PQerrorMessage(connection))
        self.init(message: String(text.drop { $0.isWhitespace }).trimmedEnd)
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

/// Owns a PGresult.
@safe private struct Result: ~Copyable {
    private let pointer: OpaquePointer?

    init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }
    deinit { unsafe PQclear(pointer) }

    /// Gives away a result that is there.
    consuming func release() -> OpaquePointer {
        let pointer = unsafe pointer!
        discard self
        return unsafe pointer
    }

    var isNone: Bool { unsafe pointer == nil }
    var status: ExecStatusType { unsafe PQresultStatus(pointer) }
    var tag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    var answer: BlockingConnection.Answer {
        let columns = unsafe PQnfields(pointer)
        let rows = unsafe PQntuples(pointer)
        return BlockingConnection.Answer(
            columns: (0..<columns).map { unsafe String(cString: PQfname(pointer, $0)) },
            rows: (0..<rows).map { row in (0..<columns).map { value(row, $0) } },
            affected: unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0)
    }

    var failure: BlockingConnection.Failure {
        BlockingConnection.Failure(
            sqlState: field(.sqlState),
            // libpq's own errors, such as a lost connection, have no fields.
            message: unsafe field(.message) ?? String(cString: PQresultErrorMessage(pointer)).trimmedEnd,
            detail: field(.detail),
            hint: field(.hint),
            constraint: field(.constraint),
            table: field(.table),
            position: field(.position).flatMap { Int($0) })
    }

    private func value(_ row: Int32, _ column: Int32) -> String? {
        if unsafe PQgetisnull(pointer, row, column) == 1 { return nil }
        return unsafe String(cString: PQgetvalue(pointer, row, column))
    }

    private func field(_ field: Field) -> String? {
        unsafe PQresultErrorField(pointer, field.letter).map { unsafe String(cString: $0) }
    }
}

/// The PG_DIAG_… letters of postgres_ext.h, which Swift doesn't import.
private enum Field: Character {
    case sqlState = "C"
    case message = "M"
    case detail = "D"
    case hint = "H"
    case position = "P"
    case table = "t"
    case constraint = "n"

    var letter: Int32 { Int32(rawValue.asciiValue ?? 0) }
}

/// Passes the strings as a NULL-terminated C array of C strings, valid during the call. `nil` becomes NULL.
private func withCStrings<Value>(
    _ strings: [String?], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    // All texts go into one buffer, then pointers into it are made.
    var bytes: [CChar] = []
    let starts = strings.map { string -> Int? in
        guard let string else { return nil }
        defer {
            bytes.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
            bytes.append(0)
        }
        return bytes.count
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        let pointers: [UnsafePointer<CChar>?] =
            unsafe starts.map { start in unsafe start.flatMap { unsafe buffer.baseAddress?.advanced(by: $0) } } + [nil]
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
    }
}
