import Diary
import DiaryTemplate

extension Demo {
    /// How the journals of a year are kept.
    struct TruthOfKeeping {
        private(set) var teachers: [Truth.Teacher] = []
        private(set) var classes: [Truth.ClassKeeping]
        private(set) var wroteNothing: [ID] = []
        private(set) var keptBadly: [ID] = []
        let lateEntries: Truth.LateEntries

        init(_ journal: Journal) {
            let year = journal.year
            classes = year.classes.map { Truth.ClassKeeping(classId: $0.id) }
            var byTeacher: [Int: Truth.Teacher] = [:]
            var days: [Int: [Day: Bool]] = [:]
            var late: [ID] = []
            let controlWorks = Set(journal.items.filter { $0.category == .control }.map(\.lesson))
            let withHomework = Set(journal.homework.map(\.lesson)).union(journal.withoutHomework)
            for (number, lesson) in year.lessons.enumerated() where lesson.day < year.today && lesson.state == .held {
                let section = year.sections[lesson.section]
                let topicAt = journal.topicRecorded(number)
                let isLate = topicAt.map { $0 >= (lesson.day + 1).at(minutes: 0) } ?? false
                if isLate { late.append(lesson.id) }
                let lacksTopic = topicAt == nil
                let lacksRoll = !journal.rollTaken.contains(number)
                let countsHomework =
                    section.grade != 1 && section.grading != "none" && !controlWorks.contains(number)
                let lacksHomework = countsHomework && !withHomework.contains(number)

                var teacher =
                    byTeacher[lesson.teacher] ?? Truth.Teacher(teacherId: year.people.staff[lesson.teacher].id)
                teacher.dueLessons += 1
                if countsHomework { teacher.homeworkLessons += 1 }
                if lacksTopic { teacher.withoutTopic.append(lesson.id) }
                if lacksHomework { teacher.withoutHomework.append(lesson.id) }
                if lacksRoll { teacher.withoutRoll.append(lesson.id) }
                byTeacher[lesson.teacher] = teacher
                let isComplete = !lacksTopic && !lacksRoll && !lacksHomework && !isLate
                days[lesson.teacher, default: [:]][lesson.day, default: true] =
                    isComplete && days[lesson.teacher]?[lesson.day] ?? true

                if let schoolClass = year.groups[section.group].schoolClass {
                    classes[schoolClass].dueLessons += 1
                    if countsHomework { classes[schoolClass].homeworkLessons += 1 }
                    if lacksTopic { classes[schoolClass].withoutTopic += 1 }
                    if lacksHomework { classes[schoolClass].withoutHomework += 1 }
                    if lacksRoll { classes[schoolClass].withoutRoll += 1 }
                }
            }
            for (number, var teacher) in byTeacher.sorted(by: { $0.key < $1.key }) {
                teacher.days = days[number]!.count
                teacher.completeDays = days[number]!.values.count { $0 }
                teacher.withoutTopic.sort()
                teacher.withoutHomework.sort()
                teacher.withoutRoll.sort()
                teachers.append(teacher)
                let topics = teacher.dueLessons - teacher.withoutTopic.count
                let isSilent =
                    topics == 0 && teacher.withoutRoll.count == teacher.dueLessons
                    && teacher.withoutHomework.count == teacher.homeworkLessons
                if isSilent {
                    wroteNothing.append(teacher.teacherId)
                } else if topics * 10 < teacher.dueLessons * 7 {
                    keptBadly.append(teacher.teacherId)
                }
            }
            let lateMarks = journal.marks.filter { mark in
                let lesson = year.lessons[journal.items[mark.item].lesson]
                return mark.recorded >= (lesson.day + 1).at(minutes: 0)
            }
            lateEntries = Truth.LateEntries(topics: late.sorted(), marks: lateMarks.map(\.id).sorted())
        }
    }
}
