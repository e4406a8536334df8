import HTTP1
import JSON
import Postgres
import Web

/// Answers with a single record, for routes that read or write one row.
extension Response {
    /// The record, with its version as entity tag; a 404 without a row.
    ///
    /// - Parameter changesAlone: whether the answer can change without a new version, or differs between callers. Then
    ///   a digest of it is part of the tag.
    package static func record(_ rows: Rows, changesAlone: Bool = false) throws -> Response {
        guard !rows.isEmpty, let version = rows.integer(0, "version") else { throw Problem(.notFound) }
        let writer = JSONWriter.object(rows)
        let digest = changesAlone ? "." + ContentTag.of(writer.bytes).opaque.prefix(16) : ""
        return .tagged(writer, EntityTag("v\(version)\(digest)"))
    }

    /// 201 with the address of the new record (RFC 9110 section 15.3.2).
    ///
    /// - Parameter path: `/v1/…`, with the id.
    package func created(at path: String, _ request: Request, _ caller: Caller) -> Response {
        var response = self
        response.status = .created
        return response.located(at: path, request, caller)
    }

    package func located(at path: String, _ request: Request, _ caller: Caller) -> Response {
        var response = self
        response.headers.append(("Location", caller.services.base(of: request) + path))
        return response
    }
}

extension JSONWriter {
    /// The first row as an object.
    package static func object(_ rows: Rows) -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(rows, row: 0)
        writer.endObject()
        return writer
    }
}

extension Services {
    /// The server's address as clients see it, without a path.
    package func base(of request: Request) -> String { settings.publicURL ?? request.origin ?? "" }
}

extension Results {
    /// Throws what the database refused.
    ///
    /// - Parameter refusals: the problems of constraints, by their names, as in `Resource`.
    package func check(_ refusals: [String: Refusal] = [:]) throws {
        guard let refusal else { return }
        throw refusal.constraint.flatMap { refusals[$0] }?.problem ?? PostgresError.refused(refusal)
    }
}
