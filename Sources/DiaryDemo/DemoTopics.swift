extension Demo {
    /// Units and topics of a subject for some grades.
    struct Topics {
        struct Unit {
            let title: String
            let topics: [String]
        }

        let subject: Subject
        let grades: [Int]
        let units: [Unit]

        static func units(_ subject: Subject, grade: Int) -> [Unit] {
            all.first { $0.subject == subject && $0.grades.contains(grade) }?.units
                ?? [Unit(title: subject.entry.name, topics: [subject.entry.name])]
        }

        private static let all: [Topics] =
            parse(languages) + parse(exact) + parse(nature) + parse(society) + parse(arts)

        /// Parses `# subject grades`, followed by one line per unit: `title: topic; topic; …`. The grades are one, several
        /// (`2,5,8`), or a range (`5-8`), which only clubs have: two neighbouring grades learn different things.
        private static func parse(_ text: String) -> [Topics] {
            var list: [Topics] = []
            var heading: (Subject, [Int])?
            var units: [Unit] = []
            func close() {
                if let (subject, grades) = heading {
                    list.append(Topics(subject: subject, grades: grades, units: units))
                }
                units = []
            }
            for line in text.split(separator: "\n") {
                if line.hasPrefix("#") {
                    close()
                    heading = Self.heading(line)
                } else {
                    let halves = line.split(separator: ":", maxSplits: 1)
                    let topics = halves[1].split(separator: ";").map { String($0.drop { $0 == " " }) }
                    units.append(Unit(title: String(halves[0]), topics: topics))
                }
            }
            close()
            return list
        }

        private static func heading(_ line: Substring) -> (Subject, [Int]) {
            let words = line.split(separator: " ")
            let bounds = words[2].split(separator: "-").compactMap { Int($0) }
            let grades =
                bounds.count == 2 ? Array(bounds[0]...bounds[1]) : words[2].split(separator: ",").compactMap { Int($0) }
            guard let subject = Subject.allCases.first(where: { "\($0)" == words[1] }), !grades.isEmpty else {
                preconditionFailure("no such heading: \(line)")
            }
            return (subject, grades)
        }
    }
}
