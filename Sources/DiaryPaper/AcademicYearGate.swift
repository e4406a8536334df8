import Diary
import Postgres
import Web

/// The academic year of `academic_year_id`, the current one by default, for the statements behind this gate.
enum AcademicYearGate {
    static let year = "(SELECT \(Setting.gateYear.value))"

    static func gate(_ input: ReportInput) -> Gate {
        Gate(
            query(input),
            else: .invalid(
                parameter: "academic_year_id", "unknown_year", ru: "Такого учебного года нет.",
                en: "There is no such academic year."))
    }

    static func query(_ input: ReportInput) -> Query { statement(input.school, input["academic_year_id"]) }

    private static let statement = Statement(
        """
        SELECT y.id, y.name, y.starts_on, y.ends_on, \(Setting.gateYear.set(to: "y.id")) AS _year
        FROM academic_years y
        WHERE y.school_id = $1 AND y.id = coalesce($2::uuid, \(SharedSQL.currentYear))
        """)
}

extension Setting {
    fileprivate static let gateYear = Setting("gate_year", .uuid)
}
