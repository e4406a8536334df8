import Diary
import JSON
import Web

/// The body of `PUT students/{id}/acknowledgements`.
enum AcknowledgementBody {
    case seen(from: String, to: String, moment: String)
    case records([Record])

    struct Record {
        let kind: String
        let id: String
        let version: Int
    }

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var records: [Record] = []
        if reader.isMissing("records") {
            let (from, to) = (reader.date("from").value, reader.date("to").value)
            let moment = reader.string("seen_at", maximumLength: 40).value
            if let from, let to {
                if to < from {
                    problems.add(FieldProblem(JSONPointer("to"), "before_from"))
                } else if CalendarDate.days(from: from, to: to) >= StudentAcknowledgements.longestRange {
                    problems.add(
                        FieldProblem(
                            JSONPointer("to"), "range_too_long",
                            ["maximum": String(StudentAcknowledgements.longestRange)]))
                }
            }
            if let moment, !Self.isMoment(moment) {
                problems.add(FieldProblem(JSONPointer("seen_at"), "not_a_moment"))
            }
            reader.finish()
            if let problem = Problem(problems) { throw problem }
            self = .seen(from: from!, to: to!, moment: moment!)
            return
        }
        let items = reader.objects("records", maximumCount: StudentAcknowledgements.mostRecords).value ?? []
        var seen: Set<String> = []
        for var item in items {
            let kind = item.enumeration("kind", of: Acknowledgements.Kind.allCases.map { $0.rawValue }).value
            let id = item.uuid("id").value
            let version = item.integer("version", in: 1...Int(Int32.max)).value
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
            if let kind, let id, let version { records.append(Record(kind: kind, id: id, version: version)) }
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        self = .records(records)
    }

    /// RFC 3339 in UTC, as answers write moments: `2025-11-19T06:00:00.123456Z`.
    static func isMoment(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == 0x5A, bytes[10] == 0x54, CalendarDate.isValid(String(text.prefix(10)))
        else { return false }
        let time = text.dropFirst(11).dropLast()
        let parts = time.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 1 || (1...9).contains(parts[1].utf8.count),
            parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        let clock = parts[0].split(separator: ":", omittingEmptySubsequences: false)
        return clock.count == 3
            && zip(clock, [23, 59, 59]).allSatisfy { part, last in
                part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int(part)! <= last
            }
    }
}
