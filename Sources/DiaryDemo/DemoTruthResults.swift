import Diary
import DiaryTemplate

extension Demo {
    /// The marks and final marks of a year's terms.
    struct TruthOfResults {
        private(set) var sectionTerms: [Truth.SectionTerm] = []
        private(set) var sparseSections: [Truth.SparseSection] = []
        private(set) var classTerms: [Truth.ClassTerm] = []
        private(set) var classesAtRisk: [Truth.ClassAtRisk] = []

        /// A student's course in a term.
        private struct Course: Hashable {
            let pupil: Int
            let subject: Int
            let term: Int
        }

        private let journal: Journal
        private let year: Year
        private var marks: [Course: Int] = [:]
        private var finals: [Course: Final] = [:]
        /// Students without a final, by class and term.
        private var incomplete: [Course: Bool] = [:]

        init(_ journal: Journal) {
            self.journal = journal
            year = journal.year
            for mark in journal.marks {
                guard case .number = mark.value else { continue }
                let lesson = year.lessons[journal.items[mark.item].lesson]
                let section = year.sections[lesson.section]
                guard let grade = section.grade, let term = year.calendar.term(of: lesson.day, grade: grade) else {
                    continue
                }
                marks[Course(pupil: mark.pupil, subject: section.subject.rawValue, term: term), default: 0] += 1
            }
            for final in journal.finals {
                guard let term = final.term else { continue }
                finals[Course(pupil: final.pupil, subject: final.subject.rawValue, term: term)] = final
            }
            for (index, term) in year.calendar.terms.enumerated() where term.starts < year.today {
                for section in year.sections { add(section, index, term) }
            }
            for (index, term) in year.calendar.terms.enumerated() where term.ends < year.today {
                for schoolClass in year.classes where term.serves(schoolClass.grade) { add(schoolClass, index, term) }
            }
        }

        private mutating func add(_ section: Section, _ index: Int, _ term: Calendar.Term) {
            guard let grade = section.grade, term.serves(grade), section.grading != "none", takesMarks(grade, term)
            else { return }
            let isOver = term.ends < year.today
            let members = journal.members(of: section, on: isOver ? term.ends : year.today - 1).map(\.pupil)
            var found = Truth.SectionTerm(sectionId: section.id, termId: year.calendar.termIDs[index])
            found.students = members.count
            for pupil in members {
                let id = year.people.pupils[pupil].id
                let course = Course(pupil: pupil, subject: section.subject.rawValue, term: index)
                if section.grading == "marks" {
                    switch marks[course] ?? 0 {
                    case 0: found.withoutMark.append(id)
                    case 1: found.withOneMark.append(id)
                    default: break
                    }
                }
                guard isOver else { continue }
                guard let final = finals[course] else {
                    found.missingFinals.append(id)
                    incomplete[Course(pupil: pupil, subject: 0, term: index)] = true
                    continue
                }
                if final.value == .code("not_assessed") { found.notAssessed.append(id) }
                if case .number(let number) = final.value, let average = final.average,
                    abs(number * 10_000 - average) >= 10_000
                {
                    found.farFromAverage.append(
                        Truth.FarFinal(
                            finalMarkId: final.id, studentId: id, number: number, average: final.averageText!))
                }
            }
            found.withoutMark.sort()
            found.withOneMark.sort()
            found.notAssessed.sort()
            found.missingFinals.sort()
            found.farFromAverage.sort { $0.finalMarkId < $1.finalMarkId }
            if !found.isEmpty { sectionTerms.append(found) }
            if section.grading == "marks" { addIfSparse(section, index, term, members) }
        }

        /// M7: the norm by weekly hours, in proportion to the lessons that were due.
        private mutating func addIfSparse(_ section: Section, _ index: Int, _ term: Calendar.Term, _ members: [Int]) {
            let norms = term.isSemester ? [5, 8, 11] : [3, 5, 7]
            let norm = norms[min(max(section.hours, 1), 3) - 1]
            let lessons = year.lessons.filter {
                year.sections[$0.section].id == section.id && $0.state != .cancelled && term.contains($0.day)
            }
            let due = lessons.count { $0.day < year.today }
            let given = members.map { marks[Course(pupil: $0, subject: section.subject.rawValue, term: index)] ?? 0 }
                .reduce(0, +)
            guard norm * due >= lessons.count, given * 10 * lessons.count < 7 * norm * due * members.count else {
                return
            }
            sparseSections.append(
                Truth.SparseSection(
                    sectionId: section.id, termId: year.calendar.termIDs[index], students: members.count, marks: given,
                    norm: norm, dueLessons: due, lessons: lessons.count))
        }

        /// M1.
        private func takesMarks(_ grade: Int, _ term: Calendar.Term) -> Bool {
            grade > 2 || grade == 2 && term.ends >= year.calendar.secondHalf
        }

        private mutating func add(_ schoolClass: Year.Class, _ index: Int, _ term: Calendar.Term) {
            guard takesMarks(schoolClass.grade, term) else { return }
            let number = year.classes.firstIndex { $0.id == schoolClass.id }!
            let pupils = year.enrollments.filter { enrollment in
                enrollment.schoolClass == number && enrollment.starts <= term.ends
                    && enrollment.ends.map { term.ends <= $0 } ?? true
            }.map(\.pupil)
            var (assessed, failing, missing): (Int, [ID], [ID]) = (0, [], [])
            for pupil in pupils {
                let id = year.people.pupils[pupil].id
                if incomplete[Course(pupil: pupil, subject: 0, term: index)] ?? false {
                    missing.append(id)
                    continue
                }
                let values = Subject.allCases.compactMap {
                    finals[Course(pupil: pupil, subject: $0.rawValue, term: index)]?.value
                }
                if values.isEmpty { continue }
                assessed += 1
                if values.contains(where: \.isFailure) { failing.append(id) }
            }
            let term = year.calendar.termIDs[index]
            classTerms.append(
                Truth.ClassTerm(
                    classId: schoolClass.id, termId: term, assessed: assessed, failing: failing.sorted(),
                    incomplete: missing.sorted()))
            if failing.count * 4 > assessed {
                classesAtRisk.append(Truth.ClassAtRisk(classId: schoolClass.id, termId: term))
            }
        }
    }
}

extension Demo.Mark.Value {
    /// Keeps a student out of успеваемость.
    fileprivate var isFailure: Bool {
        switch self {
        case .number(let number): number <= 2
        case .code(let code): code == "fail" || code == "not_assessed"
        }
    }
}
