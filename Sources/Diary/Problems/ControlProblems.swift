import HTTP1
import Web

/// Problems of the control of journals.
extension ProblemKind {
    package static let remarkClosed = ProblemKind(
        "remark_closed", .conflict,
        title: Text(ru: "Замечание закрыто", en: "Remark closed"),
        detail: Text(
            ru: "На закрытое замечание не отвечают; заместитель директора может открыть его снова.",
            en: "A closed remark takes no answer; a deputy head can open it again."))

    package static let ofControl: [ProblemKind] = [remarkClosed]
}
