/// Academic years.
enum AcademicYears {
    /// The id of the year that holds today, else of the last that began, else of the first to come. `$1` is the school.
    static let current = """
        (
            SELECT y.id FROM academic_years y WHERE y.school_id = $1
            ORDER BY y.starts_on > lyceum.today(), abs(y.starts_on - lyceum.today())
            LIMIT 1
        )
        """
}
