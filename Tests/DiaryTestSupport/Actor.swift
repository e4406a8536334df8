/// A caller, in relation to one student of 7А, the student's class, and one of its sections: the columns of the access
/// matrix, in order.
package enum Actor: CaseIterable {
    case nobody
    /// The student.
    case pupil
    /// Another student of the class.
    case classmate
    /// A guardian of the student, with access.
    case guardian
    /// A guardian whose guardianship of the student ended yesterday (A3).
    case former
    /// A guardian whose rights are limited by a court (A3).
    case barred
    /// The teacher of the section; leads no class.
    case teacher
    /// A teacher of another section with other students; leads no class.
    case colleague
    /// Substitutes for one lesson of the section, and teaches nothing else.
    case substitute
    /// The class teacher of 7А; does not teach the section.
    case leader
    /// The class teacher of another class; has no student of 7А.
    case neighbour
    case deputy
    case head
    case admin
    /// Has every role, but at another school.
    case stranger
    /// A third-party app that the leader has authorized, with the scope `person`.
    case app
    /// An integration with only the scopes that the route names; with all scopes if it names none.
    case program
    /// An integration with all scopes except those that the route names.
    case unscoped

    /// The column's header.
    package var abbreviation: String { String("\(self)".prefix(3)) }
}
