import Diary
import Postgres

/// What answers about a student's lessons and marks depend on: the student, the records about the student, all sections
/// that the student has ever belonged to, the set-up, and the next publication of a record (M12).
enum StudentStanding {
    /// `$1` is the school, `$2` the student.
    static let statement = standing("")

    /// For answers that also show final marks.
    static let withFinals = standing(
        """
        UNION ALL
        SELECT g.published_at FROM final_marks g
        WHERE g.school_id = $1 AND g.student_id = $2::uuid AND g.published_at > g.changed_at
        """)

    private static func standing(_ more: String) -> Statement {
        KeptAnswers.standing(
            """
            SELECT c.circle, c.id FROM lyceum.student_circles($1, $2::uuid) c
            """,
            until: """
                (
                    SELECT min(x.published_at)
                    FROM (
                        SELECT k.published_at FROM marks k
                        WHERE k.school_id = $1 AND k.student_id = $2::uuid AND k.published_at > k.changed_at
                        UNION ALL
                        SELECT f.published_at FROM feedback f
                        WHERE f.school_id = $1 AND f.student_id = $2::uuid AND f.published_at > f.changed_at
                        UNION ALL
                        SELECT n.published_at FROM conduct_notes n
                        WHERE n.school_id = $1 AND n.student_id = $2::uuid AND n.published_at > n.changed_at
                        \(more)
                    ) x
                    WHERE x.published_at > now()
                )
                """)
    }
}
