/// The roles of a person: those granted, and the class teacher's, which follows from the classes led today.
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
