import Diary
import Postgres

extension Demo {
    /// A curriculum plan: of the common base, or a section's copy of one.
    struct Plan {
        struct Unit {
            let id: ID
            let title: String
        }

        struct Topic {
            let id: ID
            let unit: Int
            let title: String
            let hours: Int
            let isControl: Bool
            let week: Int
            /// In a copy: the day of its first lesson.
            var day: Day?
        }

        let id: ID
        let subject: Subject
        let grade: Int
        let title: String
        let section: Int?
        let base: Int?
        let author: Int
        let units: [Unit]
        var topics: [Topic]

        static let weeks = 34

        /// A plan of the base. The topics of every unit share the hours; a control work ends a unit, where there are
        /// control works.
        init(
            _ subject: Subject, grade: Int, hours: Int, suffix: String, author: Int, at made: Moment,
            _ random: inout Random
        ) {
            id = ID(at: made, &random)
            self.subject = subject
            self.grade = grade
            title = "\(subject.entry.name), \(grade) класс\(suffix)"
            section = nil
            base = nil
            self.author = author
            let source = Topics.units(subject, grade: grade)
            units = source.map { Unit(id: ID(at: made, &random), title: $0.title) }

            let total = hours * Self.weeks
            let controls = Self.controls(subject, grade: grade, hours: hours, units: source.count)
            let count = source.reduce(0) { $0 + $1.topics.count }
            let plain = total - controls.count
            var topics: [Topic] = []
            var number = 0
            var spent = 0
            for (unit, part) in source.enumerated() {
                for text in part.topics {
                    // Spread the hours evenly: each topic ends where its share of the total ends.
                    let share = (number + 1) * plain / count - number * plain / count
                    number += 1
                    if share == 0 { continue }
                    topics.append(
                        Topic(
                            id: ID(at: made, &random), unit: unit, title: text, hours: share, isControl: false,
                            week: min(Self.weeks, spent / hours + 1)))
                    spent += share
                }
                if controls.contains(unit) {
                    topics.append(
                        Topic(
                            id: ID(at: made, &random), unit: unit, title: "Контрольная работа по теме «\(part.title)»",
                            hours: 1, isControl: true, week: min(Self.weeks, spent / hours + 1)))
                    spent += 1
                }
            }
            self.topics = topics
        }

        /// A section's copy.
        init(copying base: Int, _ plan: Plan, section: Int, author: Int, at made: Moment, _ random: inout Random) {
            id = ID(at: made, &random)
            subject = plan.subject
            grade = plan.grade
            title = plan.title
            self.section = section
            self.base = base
            self.author = author
            units = plan.units.map { Unit(id: ID(at: made, &random), title: $0.title) }
            topics = plan.topics.map {
                Topic(
                    id: ID(at: made, &random), unit: $0.unit, title: $0.title, hours: $0.hours, isControl: $0.isControl,
                    week: $0.week)
            }
        }

        /// The units that end with a control work: at most a tenth of the hours (M9), and none while there are no marks
        /// (M1).
        private static func controls(_ subject: Subject, grade: Int, hours: Int, units: Int) -> Set<Int> {
            guard subject.hasControls, grade >= 2, hours >= 2 else { return [] }
            let most = min(units, hours * weeks / 10, 7)
            return Set((0..<most).map { $0 * units / most }.filter { grade > 2 || $0 * 2 >= units })
        }

        /// The topic index of each hour.
        var sequence: [Int] {
            topics.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element.hours) }
        }
    }
}

extension Demo.Year {
    func makePlans() {
        struct Key: Hashable {
            let subject: Demo.Subject
            let grade: Int
            let hours: Int
        }
        var bases: [Key: Int] = [:]
        let approved = (calendar.starts - 4).at(minutes: 660)
        for number in sections.indices {
            let section = sections[number]
            // Clubs get no plan. The student at home follows the plan of the grade at his own pace.
            guard let grade = section.grade else { continue }
            let key = Key(subject: section.subject, grade: grade, hours: section.hours)
            if bases[key] == nil {
                let profile = bases.keys.contains { $0.subject == key.subject && $0.grade == grade }
                bases[key] = plans.count
                plans.append(
                    Demo.Plan(
                        section.subject, grade: grade, hours: section.hours,
                        suffix: profile ? " (\(section.hours) ч в неделю)" : "", author: section.teacher, at: approved,
                        &random))
            }
            let base = bases[key]!
            sections[number].plan = plans.count
            plans.append(
                Demo.Plan(
                    copying: base, plans[base], section: number, author: section.teacher,
                    at: (calendar.starts - 2).at(minutes: 700), &random))
        }
    }

    func loadPlans(_ loader: Demo.Loader) throws {
        let deputy = people.staff[people.employee(login: "deputy")].id
        let approved = (calendar.starts - 4).at(minutes: 900)
        try loader.copy(
            "curriculum_plans",
            "id, academic_year_id, subject_id, grade_level, section_id, copied_from_id, title, state, author_id, approved_by, "
                + "approved_at, changed_at", plans
        ) { row, plan in
            row.field(plan.id)
            row.field(id)
            row.field(school.subjects[plan.subject])
            row.field(plan.grade)
            row.field(plan.section.map { sections[$0].id })
            row.field(plan.base.map { plans[$0].id })
            row.field(plan.title)
            row.field("approved")
            row.field(people.staff[plan.author].id)
            row.field(deputy)
            row.field(approved)
            row.field(approved)
        }
        let units = plans.lazy.flatMap { plan in plan.units.enumerated().map { (plan.id, $0.offset, $0.element) } }
        try loader.copy("plan_units", "id, plan_id, position, title, changed_at", units) { row, unit in
            row.field(unit.2.id)
            row.field(unit.0)
            row.field(unit.1 + 1)
            row.field(unit.2.title)
            row.field(approved)
        }
        let topics = plans.lazy.flatMap { plan in plan.topics.enumerated().map { (plan, $0.offset, $0.element) } }
        try loader.copy(
            "plan_topics",
            "id, plan_id, unit_id, position, title, hours, planned_week, planned_on, homework, is_control, changed_at",
            topics
        ) { row, item in
            let (plan, position, topic) = item
            row.field(topic.id)
            row.field(plan.id)
            row.field(plan.units[topic.unit].id)
            row.field(position + 1)
            row.field(topic.title)
            row.field(topic.hours)
            row.field(topic.week)
            row.field(topic.day)
            row.field(plan.grade == 1 || topic.isControl ? nil : plan.subject.homeworkPattern(position))
            row.field(topic.isControl)
            row.field(approved)
        }
    }
}
