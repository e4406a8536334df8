import HTTP1
import Postgres
import Web

/// `If-Match` of a request that changes or deletes a versioned resource (RFC 9110 section 13.1.1): the versions that
/// the client has seen. A request without it is refused (RFC 6585 section 3), so that no change of somebody else is
/// overwritten unnoticed (M5).
package struct VersionCondition {
    /// Nil for `*`: any version.
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

    /// - Parameter rows: the row's `version` before the change; empty when the row does not exist.
    package func check(_ rows: Rows) throws {
        guard !rows.isEmpty, let version = rows.integer(0, "version") else { throw Problem(.notFound) }
        if let versions, !versions.contains(version) { throw Problem(.preconditionFailed) }
    }
}

extension EntityTag {
    /// The 7 of `"v7"`, with or without a digest and the suffix for gzip; nil for any other tag and for weak tags,
    /// which never match `If-Match`.
    fileprivate var version: Int? {
        guard !isWeak, opaque.hasPrefix("v") else { return nil }
        let stem = opaque.hasSuffix("-gz") ? opaque.dropFirst().dropLast(3) : opaque.dropFirst()
        let digits = stem.prefix { $0 != "." }
        guard let number = Int32(digits), String(number) == digits else { return nil }
        return Int(number)
    }
}
