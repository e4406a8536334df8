/// Who asks, seen from one pupil of 7А, the pupil's class, and one section of it: the columns of the matrix, in their order.
package enum Actor: CaseIterable {
    case nobody
    /// The pupil.
    case pupil
    /// Another one of the class.
    case classmate
    /// Of the pupil, with access.
    case guardian
    /// Whose guardianship of the pupil ended yesterday (A3).
    case former
    /// A guardian whose rights are limited by a court (A3).
    case barred
    /// Of the section; leads no class.
    case teacher
    /// A teacher of another section with other pupils; leads no class.
    case colleague
    /// Stands in for one lesson of the section, and teaches no other.
    case substitute
    /// The class teacher of 7А; does not teach the section.
    case leader
    /// The class teacher of another class; knows nobody of 7А.
    case neighbour
    case deputy
    case head
    case admin
    /// Holds every role there is, at another school.
    case stranger
    /// An app of others that the leader has let in, with the scope `person`.
    case app
    /// An integration with the scopes that the route names, and no other; with all where it names none.
    case program
    /// An integration with all scopes but those that the route names.
    case unscoped

    /// The head of the column.
    package var abbreviation: String { String("\(self)".prefix(3)) }
}
