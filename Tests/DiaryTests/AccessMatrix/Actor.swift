/// Who asks, seen from one pupil of 7А, the pupil's class, and one section of it: the columns of the matrix, in their order,
/// by the heads that they have there.
enum Actor: String, CaseIterable {
    case nobody = "none"
    /// The pupil.
    case pupil = "pupl"
    /// Another one of the class.
    case classmate = "mate"
    /// Of the pupil, with access.
    case guardian = "guar"
    /// Whose guardianship of the pupil ended yesterday (A3).
    case former = "form"
    /// A guardian whose rights are limited by a court (A3).
    case barred = "barr"
    /// Of the section; leads no class.
    case teacher = "teac"
    /// A teacher of another section with other pupils; leads no class.
    case colleague = "coll"
    /// Stands in for one lesson of the section, and teaches no other.
    case substitute = "subs"
    /// The class teacher of 7А; does not teach the section.
    case leader = "lead"
    /// The class teacher of another class; knows nobody of 7А.
    case neighbour = "neig"
    case deputy = "depu"
    case head
    case admin = "admn"
    /// Holds every role there is, at another school.
    case stranger = "strg"
}
