import HTTP1
import Postgres
import Web

extension Caller {
    /// A response of any length that is streamed from PostgreSQL in the caller's name. The trailer `Lyceum-Rows` has
    /// the number of rows.
    ///
    /// - Parameters:
    ///   - name: the file name for browsers.
    ///   - prefix: bytes before the first row.
    package func copied(_ query: CopyQuery, contentType: String, name: String, prefix: [UInt8] = []) -> Response {
        var response = Response(
            .ok, contentType: contentType, stream: CopiedRows(services.lanes, scope, query, prefix: prefix))
        response.headers = [
            ("Content-Disposition", "attachment; filename=\"\(name)\""), ("Cache-Control", "private, no-store"),
        ]
        return response
    }
}

/// The output of a COPY statement. It takes a connection only when the first piece is read: HEAD needs none.
private final class CopiedRows: ContentStream {
    private let lanes: Lanes
    private let scope: Scope
    private let query: CopyQuery
    private var prefix: [UInt8]
    private var copy: CopyOut?

    init(_ lanes: Lanes, _ scope: Scope, _ query: CopyQuery, prefix: [UInt8]) {
        self.lanes = lanes
        self.scope = scope
        self.query = query
        self.prefix = prefix
    }

    let trailerNames = ["Lyceum-Rows"]
    var trailers: [(name: String, value: String)] { [("Lyceum-Rows", String(copy?.rows ?? 0))] }

    func next() async throws -> [UInt8]? {
        if let copy { return try await copy.next() }
        let copy = try await lanes.copy(scope, query)
        self.copy = copy
        guard let piece = try await copy.next() else { return prefix.isEmpty ? nil : prefix }
        return prefix.isEmpty ? piece : prefix + piece
    }

    func cancel() { copy?.cancel() }
    func close() { copy?.close() }
}
