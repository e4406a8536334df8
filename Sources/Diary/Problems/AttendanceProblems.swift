import HTTP1
import Web

/// Problems of the class teacher's decisions about absences, and of absence notes (T2).
extension ProblemKind {
    package static let notInYourClass = ProblemKind(
        "not_in_your_class", .conflict,
        title: Text(ru: "Не в вашем классе", en: "Not in your class"),
        detail: Text(
            ru: "В этот день ученик не в вашем классе, или такого урока у него нет (T2).",
            en: "The student is not in your class on this day, or has no such lesson (rule T2)."))
    package static let noteAnswered = ProblemKind(
        "note_answered", .conflict,
        title: Text(ru: "На записку уже ответили", en: "Note answered"),
        detail: Text(
            ru: "Классный руководитель уже ответил на записку: напишите новую.",
            en: "The class teacher has answered the note: write a new one."))

    package static let ofAttendance: [ProblemKind] = [notInYourClass, noteAnswered]
}
