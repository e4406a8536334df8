import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// A student's photo, available while a consent to it is in force (K3).
package enum StudentPhotos {
    package static let routes: [Route<Access, Caller>] = [
        .get(path, "getStudentPhoto", access: .signedIn, show),
        .put(path, "putStudentPhoto", access: .keepersOfProfiles, put),
        .delete(path, "deleteStudentPhoto", access: .keepersOfProfiles, delete),
    ]

    private static let path = "/v1/students/{student_id}/photo"
    /// Maximum size of an upload in bytes.
    static let maximumSize = 2 * 1024 * 1024

    // MARK: Reading

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("student_id"))]
        let photo = Query(statement: photo, parameters: student + [.texts(request.knownTags)])
        let rows =
            caller.isFamilyOnly
            ? try await caller.read(photo)
            : try await caller.services.lanes.write(
                caller.scope, [photo, Query(statement: reading, parameters: student)])
        guard !rows[0].isEmpty else { throw Problem(.notFound) }
        var response = Response(
            .ok, contentType: rows[0].text(0, "media_type"), body: rows[0].bytes(0, "content") ?? [])
        response.entityTag = EntityTag(rows[0].text(0, "tag")!)
        response.headers = [
            ("Cache-Control", "private, no-cache"), ("Vary", "Authorization"), ("Content-Disposition", "inline"),
            ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ]
        return response
    }

    // MARK: Writing

    @Sendable static func put(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        guard ["image/jpeg", "image/png", "image/webp", "application/octet-stream"].contains(request.mediaType) else {
            throw Problem.noPhoto
        }
        let condition = try Condition(request)
        let (image, digest) = try await image(try await request.body(atMost: maximumSize), caller)
        let school = Parameter.integer(caller.school.id)
        return try await caller.services.lanes.transaction(caller.scope) { transaction in
            let rows = try await transaction.run([
                kept(school, .text(student)), consent(school, .text(student)), standing(school, .text(student)),
            ])
            guard !rows[0].isEmpty else { throw Problem(.notFound) }
            guard !rows[1].isEmpty else { throw Problem(.noConsent) }
            try condition.check(rows[2])
            let written = try await transaction.run([
                write(
                    school, .text(student), .text(image.format.rawValue), .integer(image.width),
                    .integer(image.height), .bytes(image.bytes), .bytes(digest)),
                forget(),
            ])
            // No entity tag: the stored file differs from the sent bytes (RFC 9110 section 9.3.4).
            return .json(.object(written[0]), status: rows[2].isEmpty ? .created : .ok)
        }
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        guard request.head["If-Match"] != nil else { throw Problem(.preconditionRequired) }
        let condition = try Condition(request)
        let school = Parameter.integer(caller.school.id)
        return try await caller.services.lanes.transaction(caller.scope) { transaction in
            let rows = try await transaction.run([
                kept(school, .text(student)), standing(school, .text(student)),
            ])
            guard !rows[0].isEmpty, !rows[1].isEmpty else { throw Problem(.notFound) }
            try condition.check(rows[1])
            _ = try await transaction.run([remove(school, .text(student))])
            return Response(.noContent)
        }
    }

    /// Runs on the thread for files: checking a picture of 2 MiB may mean inflating 128 MiB.
    private static func image(_ bytes: [UInt8], _ caller: Caller) async throws -> (ImageFile, digest: [UInt8]) {
        do {
            return try await caller.services.files.run {
                let image = try ImageFile(bytes)
                return (image, try SHA256.hash(image.bytes))
            }
        } catch let fault as ImageFile.Fault {
            if fault == .unknownFormat { throw Problem.noPhoto }
            throw Problem(.validationFailed, items: [.init(pointer: "", code: fault.rawValue, detail: fault.detail)])
        }
    }

    // MARK: SQL

    private static let tag = "left(encode(p.sha256, 'hex'), 32)"
    private static let seen = """
        FROM student_photos p WHERE p.school_id = $1 AND p.id = $2::uuid AND lyceum.sees_photo(p.id)
        """

    /// Omits the content when the client already has it.
    private static let photo = Statement(
        """
        SELECT p.media_type, \(tag) AS tag, CASE WHEN NOT \(tag) = ANY ($3::text[]) THEN p.content END AS content
        \(seen)
        """)
    private static let reading = Statement("SELECT lyceum.record_photo_reading(p.id) \(seen)")

    private static let kept = Statement(
        """
        SELECT s.id FROM students s
        WHERE s.school_id = $1 AND s.id = $2::uuid AND lyceum.keeps_student(s.id)
        FOR NO KEY UPDATE
        """)

    /// Locked, so that a withdrawal waits for this write and then deletes the new photo, too.
    private static let consent = Statement(
        """
        SELECT c.id FROM consents c
        WHERE c.school_id = $1 AND c.student_id = $2::uuid AND c.purpose = 'photo'
            AND lyceum.consent_holds(c.given_on, c.withdrawn_on)
        FOR SHARE
        """)

    private static let standing = Statement(
        "SELECT \(tag) AS tag FROM student_photos p WHERE p.school_id = $1 AND p.id = $2::uuid")

    private static let write = Statement(
        """
        INSERT INTO student_photos AS p (school_id, id, media_type, width, height, content, sha256)
        VALUES ($1, $2::uuid, $3::text, $4::int, $5::int, $6::bytea, $7::bytea)
        ON CONFLICT (school_id, id) DO UPDATE
        SET media_type = excluded.media_type, width = excluded.width, height = excluded.height,
            content = excluded.content, sha256 = excluded.sha256, changed_at = now(),
            changed_xid = pg_current_xact_id()
        RETURNING id AS student_id, media_type, width, height, octet_length(content) AS size, changed_at
        """)
    private static let forget = Statement("SELECT lyceum.forget_photos()")
    private static let remove = Statement("DELETE FROM student_photos p WHERE p.school_id = $1 AND p.id = $2::uuid")
}

/// The condition of a write: `If-None-Match: *` when the client knows of no photo, `If-Match` when it has seen the
/// current one (RFC 9110 section 13.1).
private struct Condition {
    private let wanted: EntityTagList?

    init(_ request: Request) throws {
        if let field = request.head["If-Match"] {
            guard let list = EntityTagList(field) else { throw Problem(.preconditionFailed) }
            wanted = list
        } else if let field = request.head["If-None-Match"] {
            guard EntityTagList(field) == .any else { throw Problem(.preconditionFailed) }
            wanted = nil
        } else {
            throw Problem(.preconditionRequired)
        }
    }

    /// - Parameter rows: the `tag` of the current photo, if there is one.
    func check(_ rows: Rows) throws {
        let tag = rows.isEmpty ? nil : rows.text(0, "tag").map { EntityTag($0) }
        let holds = if let wanted { tag.map { wanted.matchesStrongly($0) } ?? false } else { tag == nil }
        guard holds else { throw Problem(.preconditionFailed) }
    }
}

extension Request {
    /// The tags of the photos that the client has.
    fileprivate var knownTags: [String?] {
        guard case .tags(let tags)? = head["If-None-Match"].flatMap({ EntityTagList($0) }) else { return [] }
        return tags.map { $0.opaque }
    }
}

extension Problem {
    fileprivate static let noPhoto = Problem(
        .unsupportedMediaType,
        detail: Text(ru: "Фото должно быть в формате JPEG, PNG или WebP.", en: "A photo must be JPEG, PNG or WebP."))
}

extension ImageFile.Fault {
    fileprivate var detail: Text {
        switch self {
        case .unknownFormat, .damaged:
            Text(
                ru: "Файл повреждён или обрезан, или точек в нём не столько, сколько он называет.",
                en: "The file is damaged or truncated, or its pixels do not match the declared size.")
        case .unsupported:
            Text(
                ru: "Анимация, JPEG без потерь и подобные виды картинок не поддерживаются.",
                en: "Animations, lossless JPEG and the like are not supported.")
        case .tooLarge:
            Text(
                ru: "Каждая сторона должна быть не больше \(ImageFile.longestSide) точек.",
                en: "Each side must be at most \(ImageFile.longestSide) pixels.")
        }
    }
}
