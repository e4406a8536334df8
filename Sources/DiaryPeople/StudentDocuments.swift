import Diary
import Postgres

/// Documents of a student: passport, СНИЛС and the like, for those who maintain the profile and for the family. Lists
/// show numbers to nobody: a caller who needs one opens the document. This is recorded unless the caller is the class
/// teacher or the family (K2).
package enum StudentDocuments {
    package static let resource = Resource(
        path: "students/{student_id}/documents",
        table: "student_documents",
        noun: "StudentDocument",
        row: "document_id",
        parent: .init(column: "student_id", table: "students"),
        readers: .signedIn,
        writers: .keepersOfProfiles,
        visibility: .init(
            sees: "lyceum.sees_profile(t.student_id)", keeps: "lyceum.keeps_student(t.student_id)",
            seesParent: "lyceum.sees_profile(p.id)"),
        fields: [
            ResourceField(
                "kind", .word(["passport", "birth_certificate", "snils", "oms_policy", "foreign_passport", "other"])
            ).fixed,
            ResourceField("series", .text(maximum: 20)).nullable.selected(as: "CASE WHEN f.whole THEN t.series END"),
            ResourceField("number", .text(maximum: 50)).selected(
                as: "CASE WHEN f.whole THEN t.number ELSE lyceum.masked(t.number) END"),
            ResourceField("issued_by", .text(maximum: 500)).nullable,
            ResourceField("issued_on", .date).nullable,
        ],
        joined: .init(shown("true"), inLists: shown("false"), selecting: "NOT f.whole AS masked"),
        order: ["kind"],
        recordsReading: Statement("SELECT lyceum.record_document_reading($1::uuid)"),
        refusals: [
            "student_documents_number": .init(
                field: "number", code: "invalid_number", ru: "Номер не подходит к виду документа.",
                en: "The number is not valid for this kind of document."),
            "student_documents_series": .init(
                field: "series", code: "invalid_series", ru: "Серия не подходит к виду документа.",
                en: "The series is not valid for this kind of document."),
        ])

    private static func shown(_ whole: String) -> String { "CROSS JOIN LATERAL (SELECT \(whole) AS whole) f" }
}
