import HTTP1
import Web

/// Problems of lessons, marks and homework: what the rules of the journal refuse.
extension ProblemKind {
    package static let marksNotAllowed = ProblemKind(
        "marks_not_allowed", .conflict,
        title: Text(ru: "Отметки здесь не ставят", en: "Marks are not allowed"),
        detail: Text(
            ru: "В 1 классе и в первом полугодии 2 класса отметок нет (M1), как и на занятиях без отметок.",
            en: "There are no marks in grade 1, in the first half of grade 2 (rule M1), and in sections without marks.")
    )
    package static let valueNotAllowed = ProblemKind(
        "value_not_allowed", .conflict,
        title: Text(ru: "Такой отметки нет", en: "Value not allowed"),
        detail: Text(
            ru: "Значение не из шкалы школы или не для этого журнала (M2).",
            en: "The value is not of the school's scale, or not for this section (rule M2)."))
    package static let notAMember = ProblemKind(
        "not_a_member", .conflict,
        title: Text(ru: "Ученик не в группе", en: "Not a member"),
        detail: Text(
            ru: "В день урока ученик не состоял в группе (M3).",
            en: "The pupil was not a member of the group on the lesson's date (rule M3)."))
    package static let editWindowClosed = ProblemKind(
        "edit_window_closed", .conflict,
        title: Text(ru: "Срок правки истёк", en: "Edit window closed"),
        detail: Text(
            ru: "Урок правят до срока, позже — с разрешения заместителя директора (M4).",
            en: "Past its window a lesson is edited only under an unlock by a deputy head (rule M4)."))
    package static let lessonInFuture = ProblemKind(
        "lesson_in_future", .conflict,
        title: Text(ru: "Урока ещё не было", en: "Lesson in the future"),
        detail: Text(
            ru: "Отметки и отсутствие ставят в день урока и позже.",
            en: "Marks and attendance are written on the lesson's day or later."))
    package static let lessonCancelled = ProblemKind(
        "lesson_cancelled", .conflict,
        title: Text(ru: "Урок отменён", en: "Lesson cancelled"),
        detail: Text(ru: "На отменённом уроке ничего не ставят.", en: "Nothing is written at a cancelled lesson."))
    package static let notYourLesson = ProblemKind(
        "not_your_lesson", .conflict,
        title: Text(ru: "Не ваш урок", en: "Not your lesson"),
        detail: Text(
            ru: "Пишет тот, кто вёл урок в этот день (A4).",
            en: "Only those who taught the section on that date write there (rule A4)."))
    package static let journalRefused = ProblemKind(
        "journal_refused", .conflict,
        title: Text(ru: "Журнал не изменён", en: "Journal refused"),
        detail: Text(
            ru: "Часть записей отклонена по разным причинам; не записано ничего.",
            en: "Some items were refused for different reasons; nothing was written."))
    package static let notInSection = ProblemKind(
        "not_in_section", .conflict,
        title: Text(ru: "Не из этого журнала", en: "Not in this section"),
        detail: Text(
            ru: "Урок, колонка, вид работы или тема не из этого журнала, или id уже занят.",
            en: "The lesson, column, category or topic is not of this section, or the id is taken."))
    package static let homeworkNotAllowed = ProblemKind(
        "homework_not_allowed", .conflict,
        title: Text(ru: "Домашних заданий нет", en: "Homework is not allowed"),
        detail: Text(
            ru: "В 1 классе домашних заданий нет (H1).",
            en: "There is no homework in grade 1 (rule H1)."))
    package static let dueBeforeLesson = ProblemKind(
        "due_before_lesson", .conflict,
        title: Text(ru: "Срок раньше урока", en: "Due before the lesson"),
        detail: Text(
            ru: "Срок задания раньше урока (H1).",
            en: "The homework is due before its lesson (rule H1)."))
    package static let studentOverlap = ProblemKind(
        "student_overlap", .conflict,
        title: Text(ru: "У ученика два урока сразу", en: "Pupil has two lessons at a time"),
        detail: Text(
            ru: "У ученика группы в это время другой урок (L1); выберите другое время.",
            en: "A pupil of the group has another lesson at that time (rule L1); choose another time."))
    package static let timetableCollision = ProblemKind(
        "timetable_collision", .conflict,
        title: Text(ru: "Накладка в расписании", en: "Timetable collision"),
        detail: Text(
            ru: "В это время у учителя, кабинета или учеников уже есть занятие (L1); errors называет, какое.",
            en: "The teacher, the room or students have another entry at that time (rule L1); errors lists it."))
    package static let lessonOnHoliday = ProblemKind(
        "lesson_on_holiday", .conflict,
        title: Text(ru: "Урок в каникулы", en: "Lesson on a holiday"),
        detail: Text(
            ru: "На этот день приходятся каникулы или праздник (L1); отмените урок или выберите другой день.",
            en: "The day is a holiday (rule L1); cancel the lesson or choose another day."))
    package static let lessonOutsideYear = ProblemKind(
        "lesson_outside_year", .conflict,
        title: Text(ru: "Урок вне учебного года", en: "Lesson outside the year"),
        detail: Text(
            ru: "День урока не входит в учебный год журнала (L1); измените день урока или границы года.",
            en: "The lesson's day is not in the section's academic year (rule L1); change the day, or the year's dates."
        ))
    package static let lessonHasRecords = ProblemKind(
        "lesson_has_records", .conflict,
        title: Text(ru: "На уроке есть записи", en: "Lesson has records"),
        detail: Text(
            ru: "На уроке стоят отметки или посещаемость: его не переносят и не отменяют, пока они не убраны (L2).",
            en: "Marks or attendance stand at the lesson: clear them before it is moved or cancelled (rule L2)."))
    package static let lineItemDeleted = ProblemKind(
        "line_item_deleted", .conflict,
        title: Text(ru: "Колонка удалена", en: "Column deleted"),
        detail: Text(
            ru: "Колонка этой отметки удалена; поставьте отметку в другую.",
            en: "The column of the mark was deleted; write the mark in another one."))

    package static let ofTheJournal: [ProblemKind] = [
        marksNotAllowed, valueNotAllowed, notAMember, editWindowClosed, lessonInFuture, lessonCancelled,
        notYourLesson, journalRefused, notInSection, homeworkNotAllowed, dueBeforeLesson, studentOverlap,
        timetableCollision,
        lessonOnHoliday, lessonOutsideYear, lessonHasRecords, lineItemDeleted,
    ]
}
