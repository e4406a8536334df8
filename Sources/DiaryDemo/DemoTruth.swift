import Diary
import FoundationEssentials

extension Demo {
    /// What the reports have to find in the demo schools, computed from what was generated and not from the tables. Most
    /// of it was planted (`Planted`); the rest came by chance. docs/demo.md describes each key.
    package struct Truth: Encodable, Sendable {
        private let seed: UInt64
        /// Everything before this day counts.
        private let today: String
        package var schools: [School] = []

        package init(_ demo: Demo) {
            seed = demo.seed
            today = demo.today
        }

        package func json() throws -> [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            return Array(try encoder.encode(self))
        }

        package struct School: Encodable, Sendable {
            let code: String
            let families: Families
            let years: [Year]
        }

        struct Families: Encodable {
            let guardiansWithAccess: Int
            let neverActivated: [ID]
        }

        struct Year: Encodable {
            let id: ID
            let name: String
            let wroteNothing: [ID]
            let keptBadly: [ID]
            let teachers: [Teacher]
            let classes: [ClassKeeping]
            let sectionTerms: [SectionTerm]
            let sparseSections: [SparseSection]
            let classTerms: [ClassTerm]
            let classesAtRisk: [ClassAtRisk]
            let illnessWaves: [IllnessWave]
            let controlWorkBreaches: [ControlWorkBreach]
            let marksWithAbsence: [MarkWithAbsence]
            let lateEntries: LateEntries
        }

        /// How a teacher keeps the journal, in lessons that were due (L4).
        struct Teacher: Encodable {
            let teacherId: ID
            var dueLessons = 0
            /// Those in which homework counts: not in grade 1, not in sections without grading, not control works.
            var homeworkLessons = 0
            var withoutTopic: [ID] = []
            var withoutHomework: [ID] = []
            var withoutRoll: [ID] = []
            var days = 0
            var completeDays = 0
        }

        struct ClassKeeping: Encodable {
            let classId: ID
            var dueLessons = 0
            var homeworkLessons = 0
            var withoutTopic = 0
            var withoutHomework = 0
            var withoutRoll = 0
        }

        /// Students of a section at the end of a term, or today. Only those with something to report.
        struct SectionTerm: Encodable {
            let sectionId: ID
            let termId: ID
            var students = 0
            var withoutMark: [ID] = []
            var withOneMark: [ID] = []
            var notAssessed: [ID] = []
            var missingFinals: [ID] = []
            var farFromAverage: [FarFinal] = []

            var isEmpty: Bool {
                withoutMark.isEmpty && withOneMark.isEmpty && notAssessed.isEmpty && missingFinals.isEmpty
                    && farFromAverage.isEmpty
            }
        }

        /// A section with fewer marks than 70 % of the norm (M7), at the end of a term or today.
        struct SparseSection: Encodable {
            let sectionId: ID
            let termId: ID
            let students: Int
            let marks: Int
            /// The norm of the whole term, and how many of its lessons were due.
            let norm: Int
            let dueLessons: Int
            let lessons: Int
        }

        struct FarFinal: Encodable {
            let finalMarkId: ID
            let studentId: ID
            let number: Int
            /// Four decimals.
            let average: String
        }

        /// The results of a class in a term that has ended.
        struct ClassTerm: Encodable {
            let classId: ID
            let termId: ID
            let assessed: Int
            let failing: [ID]
            let incomplete: [ID]
        }

        struct ClassAtRisk: Encodable {
            let classId: ID
            let termId: ID
        }

        struct IllnessWave: Encodable {
            struct Absent: Encodable {
                let date: String
                let members: Int
                let students: [ID]
            }

            let classId: ID
            let from: String
            let to: String
            let days: [Absent]
            let students: [ID]
            let lessons: [ID]
            let absences: Int
        }

        struct ControlWorkBreach: Encodable {
            let lineItemId: ID
            let lessonId: ID
            let sectionId: ID
            let date: String
            let reasons: [String]
        }

        struct MarkWithAbsence: Encodable {
            let markId: ID
            let lessonId: ID
            let studentId: ID
            /// Whether it paid a debt: the work was written later.
            let madeUp: Bool
        }

        struct LateEntries: Encodable {
            let topics: [ID]
            let marks: [ID]
        }
    }
}

extension Demo.Truth.Families {
    init(_ school: Demo.School) {
        let people = school.people
        let current = Set(
            people.pupils.filter { (1...11).contains($0.grade(in: school.year)) }.map(\.family))
        let guardians = current.flatMap { people.families[$0].guardians }.filter { $0.access == "full" }
        guardiansWithAccess = Set(guardians.map(\.id)).count
        neverActivated = Set(guardians.filter { !$0.isActive }.map(\.id)).sorted()
    }
}

extension Demo.Truth.Year {
    init(_ journal: Demo.Journal) {
        let year = journal.year
        id = year.id
        name = year.name
        let keeping = Demo.TruthOfKeeping(journal)
        teachers = keeping.teachers.sorted { $0.teacherId < $1.teacherId }
        classes = keeping.classes.sorted { $0.classId < $1.classId }
        wroteNothing = keeping.wroteNothing.sorted()
        keptBadly = keeping.keptBadly.sorted()
        lateEntries = keeping.lateEntries
        let results = Demo.TruthOfResults(journal)
        sectionTerms = results.sectionTerms.sorted { ($0.sectionId, $0.termId) < ($1.sectionId, $1.termId) }
        sparseSections = results.sparseSections.sorted { ($0.sectionId, $0.termId) < ($1.sectionId, $1.termId) }
        classTerms = results.classTerms.sorted { ($0.classId, $0.termId) < ($1.classId, $1.termId) }
        classesAtRisk = results.classesAtRisk.sorted { ($0.classId, $0.termId) < ($1.classId, $1.termId) }
        illnessWaves = journal.illnessWaves().sorted { ($0.classId, $0.from) < ($1.classId, $1.from) }
        controlWorkBreaches = journal.controlWorkBreaches()
        marksWithAbsence = journal.marksWithAbsence()
    }
}
