/// `archive.json`: what an archive is, for programs.
struct ArchiveIndex: Codable {
    struct School: Codable {
        let code: String
        let name: String
    }

    struct Year: Codable {
        let id: String
        let name: String
        let startsOn: String
        let endsOn: String
        /// `open`: the archive has the year up to the day on which it was made.
        let state: String

        enum CodingKeys: String, CodingKey {
            case id, name, state
            case startsOn = "starts_on"
            case endsOn = "ends_on"
        }
    }

    struct Versions: Codable {
        let lyceum: String
        /// The last migration.
        let schema: String
        let postgresql: String
        /// Nil: there is no PDF.
        let weasyprint: String?
    }

    struct Signature: Codable {
        var algorithm = "HMAC-SHA256"
        /// The id of the key.
        let key: String
    }

    struct Document: Codable {
        /// The path without an extension.
        let name: String
        let title: String
        let report: String
    }

    struct Table: Codable {
        let name: String
        let rows: Int
    }

    struct File: Codable {
        let name: String
        let bytes: Int
    }

    /// The format of this document and of the directory.
    var format = 1
    let school: School
    let academicYear: Year
    let language: String
    /// Of the snapshot, in UTC.
    let madeAt: String
    let watermark: String
    let versions: Versions
    let signature: Signature?
    /// `pdf` or `html`, the extension of the documents.
    let documentFormat: String
    let documents: [Document]
    let tables: [Table]
    /// All but this one, SHA256SUMS and SHA256SUMS.hmac.
    var files: [File] = []

    enum CodingKeys: String, CodingKey {
        case format, school, language, watermark, versions, signature, documents, tables, files
        case academicYear = "academic_year"
        case madeAt = "made_at"
        case documentFormat = "document_format"
    }
}
