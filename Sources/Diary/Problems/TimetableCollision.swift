import JSON
import Web

extension Problem {
    /// L1: the entries of the timetable or the lessons that collide, from the DETAIL of `lyceum.refuse_collisions` or
    /// `lyceum.refuse_lesson_collisions`.
    init(timetableCollision detail: String?) {
        let told = detail.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        guard case .array(let collisions)? = told?["collisions"] else {
            self.init(.timetableCollision)
            return
        }
        let field = told?["field"]?.text
        self.init(.timetableCollision, items: collisions.map { .init(collision: $0, at: field) })
    }
}

extension Problem.Item {
    /// - Parameter field: the field of the body that is to blame; nil: that of the entry.
    fileprivate init(collision: JSONValue, at field: String?) {
        let name = collision["name"]?.text ?? ""
        switch collision["kind"]?.text {
        case "teacher":
            self.init(
                pointer: "/\(field ?? "teacher_id")", code: "teacher_overlap",
                detail: Text(
                    ru: "Учитель в это время занят: \(name).", en: "The teacher is busy at that time: \(name)."))
        case "room":
            self.init(
                pointer: "/\(field ?? "room_id")", code: "room_overlap",
                detail: Text(ru: "Кабинет в это время занят: \(name).", en: "The room is taken at that time: \(name)."))
        default:
            self.init(
                pointer: "/\(field ?? "slot")", code: "student_overlap",
                detail: Text(
                    ru: "У учеников в это время другое занятие: \(name).",
                    en: "Students have another entry at that time: \(name)."))
        }
        members = [("entry_id", "other_id"), ("lesson_id", "other_lesson_id")].compactMap { name, key in
            collision[key]?.text.map { (name, $0) }
        }
    }
}
