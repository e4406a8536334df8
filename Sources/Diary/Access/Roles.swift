/// The roles of a person: the granted ones, and `class_teacher` for those who lead a class today.
package enum Roles {
    /// A `text[]`; `$1` is the school, `$2` the person.
    package static let held = """
        ARRAY(
            SELECT r.role FROM user_roles r WHERE r.school_id = $1 AND r.user_id = $2::uuid
            UNION
            SELECT 'class_teacher' FROM class_teachers t
            WHERE t.school_id = $1 AND t.teacher_id = $2::uuid
                AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
            ORDER BY 1
        )
        """
}
