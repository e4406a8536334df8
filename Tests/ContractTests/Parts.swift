import Contract
import FoundationEssentials

/// The parts of a small contract in a temporary directory.
final class Parts {
    private let directory: String

    /// - Parameter changed: files to add or replace, by path.
    init(_ changed: [String: String] = [:]) throws {
        directory = "\(FileManager.default.temporaryDirectory.path)/lyceum-contract-\(UUID().uuidString)"
        for (path, text) in Self.small.merging(changed, uniquingKeysWith: { _, new in new }) {
            let file = "\(directory)/\(path)"
            let folder = String(file[..<file.lastIndex(of: "/")!])
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: file))
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func bundle() throws(ContractError) -> String { try Contract.bundle(directory) }

    /// The message for faulty parts, as a maintainer reads it.
    static func fault(_ changed: [String: String]) throws -> String {
        do {
            _ = try Parts(changed).bundle()
            return "none"
        } catch let error as ContractError {
            return error.description
        }
    }

    static let rooms = """
        tag: School
        resource:
          noun: Room
          path: /v1/rooms
          many: Rooms
          one: a room
          description: Where lessons are held.
          sorted: by name
          read: everybody
          write: managers
          example: { name: "214", kind: hall, owner: us }
          fields:
            name: { type: text, maxLength: 100, description: Number or name. }
            capacity: { type: integer, nullable: true, description: Seats. }
            shared: { type: boolean, default: false, description: Sports hall. }
            kind: { type: string, enum: [hall, lab], fixed: true }
            owner: { type: string, readOnly: true, description: Whose it is. }
        """

    static let health = """
        tag: Service
        paths:
          /livez:
            get:
              operationId: getLivez
              summary: Is it alive
              description: Anyone may call it.
              access: open
              answers: read
              responses:
                "200": { description: It is., headers: bare, schema: Health }
        schemas:
          Health: { required: [status], properties: { status: { type: string, const: ok } } }
        """

    /// Enough for a declared resource.
    private static let small = [
        "_root.yaml": """
        openapi: 3.1.0
        info: { title: Small, version: 1.0.0 }
        servers: [{ url: / }]
        security: [{ bearer: [] }]
        tags: [{ name: School }, { name: Service }]
        securitySchemes: { bearer: { type: http, scheme: bearer } }
        """,
        "_callers.yaml": """
        callers:
          everybody: { words: everybody who is signed in }
          managers: { words: managers, roles: [head] }
        """,
        "_fields.yaml": "fields: {}",
        "_parameters.yaml": """
        parameters:
          Limit: { query: limit, schema: { type: integer } }
          Cursor: { query: cursor, schema: { type: string } }
          Include: { query: include, schema: { type: string } }
          IdempotencyKey: { header: Idempotency-Key, schema: { type: string } }
          IfMatch: { header: If-Match, required: true, schema: { type: string } }
          IfNoneMatch: { header: If-None-Match, schema: { type: string } }
        """,
        "_responses.yaml": """
        answers:
          read: { "400": BadRequest }
          write: { "422": BadRequest }
          command: { "400": BadRequest }
        header_sets:
          bare: { X-Request-Id: X-Request-Id }
          page: { X-Request-Id: X-Request-Id }
          versioned: { ETag: VersionETag }
          made: { ETag: VersionETag }
        responses:
          NotModified: { description: Still right., headers: bare }
        headers:
          X-Request-Id: { schema: { type: string } }
          VersionETag: { schema: { type: string } }
          NoStore: { schema: { type: string } }
        """,
        "_problems.yaml": """
        problems:
          BadRequest: { status: 400, description: Bad., examples: { bad: { title: Bad } } }
          NotFound: { status: 404, description: Not there., examples: { not_found: { title: No } } }
          Conflict: { status: 409, description: In the way., examples: { in_use: { title: No } } }
          PreconditionFailed: { status: 412, description: Another., examples: { another: { title: No } } }
          PreconditionRequired: { status: 428, description: Which., examples: { which: { title: No } } }
        schemas:
          Problem: { required: [type], properties: { type: { type: string } } }
        """,
        "_schemas.yaml": """
        schemas:
          Id: { type: string, format: uuid }
          Version: { type: integer }
          NextCursor: { type: string, nullable: true }
          Total: { type: integer }
        """,
        "school/rooms.yaml": rooms,
        "service/health.yaml": health,
    ]
}
