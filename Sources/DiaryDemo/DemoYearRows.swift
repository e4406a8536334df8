import Diary
import DiaryTemplate
import Postgres

extension Demo.Year {
    /// Loads everything of the year except the journal.
    func load(_ loader: Demo.Loader) throws {
        try loadCalendar(loader)
        try loadGroups(loader)
        try loadSections(loader)
        try loadPlans(loader)
    }

    private var decided: Demo.Moment { (calendar.starts - 60).at(minutes: 600) }
    private var opened: Demo.Moment { (calendar.starts - 4).at(minutes: 720) }

    private func loadCalendar(_ loader: Demo.Loader) throws {
        try loader.copy(
            "academic_years", "id, name, starts_on, ends_on, second_half_starts_on, state, external_id, changed_at",
            [self]
        ) { row, year in
            row.field(year.id)
            row.field(year.name)
            row.field(year.calendar.starts)
            row.field(year.calendar.ends)
            row.field(year.calendar.secondHalf)
            row.field(year.isCurrent ? "open" : "closed")
            row.field("year-\(year.year)")
            row.field(decided)
        }
        try loader.copy(
            "terms",
            "id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels, changed_at",
            zip(calendar.termIDs, calendar.terms)
        ) { row, item in
            let term = item.1
            row.field(item.0)
            row.field(id)
            row.field(term.kind)
            row.field(term.ordinal)
            row.field(term.name)
            row.field(term.starts)
            row.field(term.ends)
            row.field(term.closes)
            row.field(term.grades)
            row.field(decided)
        }
        try loader.copy(
            "holidays", "id, academic_year_id, name, starts_on, ends_on, grade_levels, changed_at",
            zip(calendar.holidayIDs, calendar.holidays)
        ) { row, item in
            let holiday = item.1
            row.field(item.0)
            row.field(id)
            row.field(holiday.name)
            row.field(holiday.starts)
            row.field(holiday.ends)
            if let grades = holiday.grades { row.field(grades) } else { row.null() }
            row.field(decided)
        }
        try loader.copy(
            "bell_schedules", "id, academic_year_id, name, shift, grade_levels, changed_at",
            zip(bellIDs, Demo.Bells.all)
        ) { row, item in
            row.field(item.0)
            row.field(id)
            row.field(item.1.name)
            row.field(item.1.shift)
            row.field(item.1.grades)
            row.field(decided)
        }
        let slots = zip(bellIDs, Demo.Bells.all).flatMap { id, bells in
            (1...bells.starts.count).map { (id, $0, bells.interval(slot: $0)) }
        }
        try loader.copy("bell_slots", "bell_schedule_id, slot, starts_at, ends_at", slots) { row, slot in
            row.field(slot.0)
            row.field(slot.1)
            row.field(minutes: slot.2.lowerBound)
            row.field(minutes: slot.2.upperBound)
        }
    }

    private func loadGroups(_ loader: Demo.Loader) throws {
        try loader.copy("groups", "id, academic_year_id, kind, name, grade_level, class_id, changed_at", groups) {
            row, group in
            row.field(group.id)
            row.field(id)
            row.field(group.kind)
            row.field(group.name)
            row.field(group.grade)
            row.field(group.schoolClass.map { classes[$0].id })
            row.field(opened)
        }
        try loader.copy(
            "classes", "id, academic_year_id, grade_level, letter, name, group_id, profile, external_id, changed_at",
            classes
        ) { row, schoolClass in
            row.field(schoolClass.id)
            row.field(id)
            row.field(schoolClass.grade)
            row.field(Demo.People.letterNames[schoolClass.letter])
            row.field(schoolClass.name)
            row.field(groups[schoolClass.group].id)
            row.field(schoolClass.profile)
            row.field("class-\(year)-\(schoolClass.name)")
            row.field(opened)
        }
        var random = stream(12)
        let last = isCurrent ? nil : calendar.ends
        try loader.copy(
            "class_teachers", "id, class_id, teacher_id, starts_on, ends_on, changed_at", classes
        ) { row, schoolClass in
            row.field(Demo.ID(at: opened, &random))
            row.field(schoolClass.id)
            row.field(people.staff[schoolClass.teacher].id)
            row.field(calendar.starts)
            row.field(last)
            row.field(opened)
        }
        try loader.copy(
            "enrollments",
            "id, student_id, class_id, starts_on, ends_on, in_class_group, reason, end_reason, changed_at", enrollments
        ) { row, enrollment in
            row.field(enrollment.id)
            row.field(people.pupils[enrollment.pupil].id)
            row.field(classes[enrollment.schoolClass].id)
            row.field(enrollment.starts)
            row.field(enrollment.ends)
            row.field(enrollment.inClassGroup)
            row.field(enrollment.reason)
            row.field(enrollment.endReason)
            row.field((enrollment.starts - 4).at(minutes: 720))
        }
        let members = groups.lazy.flatMap { group in group.members.map { (group.id, $0) } }
        try loader.copy(
            "group_members", "id, group_id, student_id, starts_on, ends_on, changed_at", members
        ) { row, item in
            row.field(item.1.id)
            row.field(item.0)
            row.field(people.pupils[item.1.pupil].id)
            row.field(item.1.starts)
            row.field(item.1.ends)
            row.field((item.1.starts - 4).at(minutes: 720))
        }
    }

    private func loadSections(_ loader: Demo.Loader) throws {
        try loader.copy(
            "sections",
            "id, academic_year_id, subject_id, group_id, kind, grading, name, hours_per_week, changed_at", sections
        ) { row, section in
            row.field(section.id)
            row.field(id)
            row.field(school.subjects[section.subject])
            row.field(groups[section.group].id)
            row.field(section.kind)
            row.field(section.grading)
            row.field(section.name)
            row.field(section.hours)
            row.field(opened)
        }
        var random = stream(13)
        let last = isCurrent ? nil : calendar.ends
        try loader.copy(
            "section_teachers", "id, section_id, teacher_id, role, starts_on, ends_on, changed_at", sections
        ) { row, section in
            row.field(Demo.ID(at: opened, &random))
            row.field(section.id)
            row.field(people.staff[section.teacher].id)
            row.field("lead")
            row.field(calendar.starts)
            row.field(last)
            row.field(opened)
        }
        try loader.copy(
            "timetable_entries",
            "id, section_id, bell_schedule_id, weekday, slot, week, room_id, starts_on, ends_on, changed_at", entries
        ) { row, entry in
            row.field(entry.id)
            row.field(sections[entry.section].id)
            row.field(bellIDs[entry.bells])
            row.field(entry.weekday)
            row.field(entry.slot)
            row.field("every")
            row.field(sections[entry.section].room.map { school.rooms[$0].id })
            row.field(entry.starts)
            row.field(entry.ends)
            row.field(opened)
        }
    }

    fileprivate var bellIDs: [Demo.ID] {
        var random = stream(11)
        return Demo.Bells.all.map { _ in Demo.ID(at: decided, &random) }
    }
}

extension Demo.Journal {
    func load(_ loader: Demo.Loader) throws {
        try loadLessons(loader)
        try loadSubstitutions(loader)
        try loadMarks(loader)
        try loadAttendance(loader)
        try loadHomework(loader)
        try loadFeedback(loader)
        try loadFinals(loader)
    }

    private func loadLessons(_ loader: Demo.Loader) throws {
        let given = Set(homework.map(\.lesson))
        let substituted = Set(year.substitutions.flatMap { [$0.lesson, $0.other].compactMap { $0 } })
        let substitutions = Dictionary(uniqueKeysWithValues: year.substitutions.map { ($0.lesson, $0.id) })
        let (last, bells) = (year.horizon, year.bellIDs)
        let lessons = year.lessons.enumerated().lazy.filter { $0.element.day <= last }
        try loader.copy(
            "lessons",
            "id, section_id, date, bell_schedule_id, slot, starts_at, ends_at, room_id, teacher_id, topic, plan_topic_id, "
                + "state, attendance_taken_at, no_homework, topic_first_recorded_at, homework_first_recorded_at, "
                + "timetable_entry_id, timetable_date, generated_at, merge_id, substitution_id, exclusive_room, created_at, "
                + "changed_at",
            lessons
        ) { row, item in
            let (number, lesson) = item
            let section = year.sections[lesson.section]
            let topic = topics[number]
            row.field(lesson.id)
            row.field(section.id)
            row.field(lesson.day)
            row.field(bells[lesson.bells])
            row.field(lesson.slot)
            row.field(minutes: lesson.minutes.lowerBound)
            row.field(minutes: lesson.minutes.upperBound)
            row.field(lesson.room.map { year.school.rooms[$0].id })
            row.field(year.people.staff[lesson.teacher].id)
            row.field(topic)
            row.field(topic == nil ? nil : planTopic(lesson, section))
            row.field(lesson.state.rawValue)
            row.field(rollTaken.contains(number) ? lesson.starts + 300 : nil)
            row.field(withoutHomework.contains(number))
            row.field(topicRecorded(number))
            row.field(withoutHomework.contains(number) || given.contains(number) ? lesson.ends : nil)
            row.field(year.entries[lesson.entry].id)
            row.field(lesson.day)
            row.field(substituted.contains(number) ? nil : lesson.made)
            row.field(lesson.merge)
            row.field(substitutions[number])
            row.field(!(lesson.room.map { year.school.rooms[$0].isShared } ?? false))
            row.field(lesson.made)
            row.field(lesson.state == .held ? max(lesson.ends, topicRecorded(number) ?? lesson.ends) : lesson.made)
        }
    }

    private func planTopic(_ lesson: Demo.Lesson, _ section: Demo.Section) -> Demo.ID? {
        guard let plan = section.plan, let topic = lesson.topic else { return nil }
        return year.plans[plan].topics[topic].id
    }

    private func loadSubstitutions(_ loader: Demo.Loader) throws {
        let deputy = year.people.staff[year.people.employee(login: "deputy")].id
        try loader.copy(
            "substitutions",
            "id, lesson_id, kind, teacher_id, room_id, other_lesson_id, old_date, old_slot, old_bell_schedule_id, "
                + "old_starts_at, old_ends_at, old_teacher_id, old_room_id, old_state, was_generated, other_was_generated, "
                + "reason, created_by, created_at, changed_at", year.substitutions
        ) { row, change in
            let lesson = year.lessons[change.lesson]
            row.field(change.id)
            row.field(lesson.id)
            row.field(change.kind)
            row.field(change.teacher.map { year.people.staff[$0].id })
            row.field(change.room.map { year.school.rooms[$0].id })
            row.field(change.other.map { year.lessons[$0].id })
            row.field(lesson.day)
            row.field(lesson.slot)
            row.field(year.bellIDs[lesson.bells])
            row.field(minutes: lesson.minutes.lowerBound)
            row.field(minutes: lesson.minutes.upperBound)
            row.field(year.people.staff[change.oldTeacher].id)
            row.field(change.oldRoom.map { year.school.rooms[$0].id })
            row.field("planned")
            row.field(true)
            row.field(change.other != nil)
            row.field(change.reason)
            row.field(deputy)
            row.field(change.made)
            row.field(change.made)
        }
    }
}
