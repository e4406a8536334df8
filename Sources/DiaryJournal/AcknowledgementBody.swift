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
            let moment = reader.moment("seen_at").value
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
}
