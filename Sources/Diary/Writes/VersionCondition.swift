import HTTP1
import Postgres
import Web

/// `If-Match` of a request that changes or deletes a versioned resource (RFC 9110 section 13.1.1): the versions that its
/// client has seen. Without it the request is refused (RFC 6585 section 3), so that nobody's change is lost unseen (M5).
package struct VersionCondition {
    /// Nil for `*`: whatever stands.
    private let versions: [Int]?

    package init(_ request: Request) throws {
        guard let field = request.head["If-Match"] else { throw Problem(.preconditionRequired) }
        switch EntityTagList(field) {
        case .any: versions = nil
        case .tags(let tags): versions = tags.compactMap { $0.version }
        case nil: throw Problem(.preconditionFailed)
        }
    }

    package var parameter: Parameter { versions.map { .integers($0) } ?? .null }

    /// - Parameter rows: the row's `version` before the change; none when there is no row.
    package func check(_ rows: Rows) throws {
        guard !rows.isEmpty, let version = rows.integer(0, "version") else { throw Problem(.notFound) }
        if let versions, !versions.contains(version) { throw Problem(.preconditionFailed) }
    }
}

extension EntityTag {
    /// The 7 of `"v7"`, with or without a digest and the mark of gzip behind it; nil of a weak tag, which `If-Match` never matches, and of any other.
    fileprivate var version: Int? {
        guard !isWeak, opaque.hasPrefix("v") else { return nil }
        let stem = opaque.hasSuffix("-gz") ? opaque.dropFirst().dropLast(3) : opaque.dropFirst()
        let digits = stem.prefix { $0 != "." }
        guard let number = Int32(digits), String(number) == digits else { return nil }
        return Int(number)
    }
}
