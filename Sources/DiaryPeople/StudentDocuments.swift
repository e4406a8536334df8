import Diary
import Postgres

/// Documents of a student: passport, СНИЛС and the like, for staff who maintain the profile and for the family. A list
/// shows whole numbers to nobody, and only the kinds to staff other than the class teacher: reading one document is
/// recorded (K2), reading a list is not.
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
                as: "CASE WHEN f.whole THEN t.number WHEN f.own THEN lyceum.masked(t.number) ELSE '••••' END"),
            ResourceField("issued_by", .text(maximum: 500)).nullable.selected(
                as: "CASE WHEN f.whole OR f.own THEN t.issued_by END"),
            ResourceField("issued_on", .date).nullable.selected(as: "CASE WHEN f.whole OR f.own THEN t.issued_on END"),
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

    private static func shown(_ whole: String) -> String {
        """
        CROSS JOIN LATERAL (
            SELECT \(whole) AS whole, lyceum.leads_student(t.student_id)
                OR lyceum.sees_student(t.school_id, lyceum.current_user_id(), t.student_id) AS own
            OFFSET 0
        ) f
        """
    }
}
