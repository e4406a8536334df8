import HTTP1
import Web

/// Problems of lessons, marks and homework.
extension ProblemKind {
    package static let marksNotAllowed = ProblemKind(
        "marks_not_allowed", .conflict,
        title: Text(ru: "Отметки здесь не ставят", en: "Marks are not allowed"),
        detail: Text(
            ru: "Отметки не ставят в 1 классе, в первом полугодии 2 класса (M1) и в журналах без отметок.",
            en: "Marks are not given in grade 1, in the first half of grade 2 (rule M1), and in sections without marks."
        )
    )
    package static let valueNotAllowed = ProblemKind(
        "value_not_allowed", .conflict,
        title: Text(ru: "Такой отметки нет", en: "Value not allowed"),
        detail: Text(
            ru: "Этого значения нет в шкале школы, или оно не для этого журнала (M2); выберите другое.",
            en: "The value is not in the school's scale or not used in this section (rule M2); choose another."))
    package static let notAMember = ProblemKind(
        "not_a_member", .conflict,
        title: Text(ru: "Ученик не в группе", en: "Not a member"),
        detail: Text(
            ru: "В день урока ученик не состоял в группе (M3); проверьте ученика и дату.",
            en: "The student was not a member of the group on the lesson's date (rule M3); check both."))
    package static let editWindowClosed = ProblemKind(
        "edit_window_closed", .conflict,
        title: Text(ru: "Срок правки истёк", en: "Edit window closed"),
        detail: Text(
            ru: "Срок правки урока истёк (M4): попросите заместителя директора разрешить правку.",
            en: "The lesson's edit window has closed (rule M4): ask a deputy head for an unlock."))
    package static let lessonInFuture = ProblemKind(
        "lesson_in_future", .conflict,
        title: Text(ru: "Урока ещё не было", en: "Lesson in the future"),
        detail: Text(
            ru: "Отметки и посещаемость можно записать в день урока и позже.",
            en: "Marks and attendance can be recorded on the lesson's day or later."))
    package static let lessonCancelled = ProblemKind(
        "lesson_cancelled", .conflict,
        title: Text(ru: "Урок отменён", en: "Lesson cancelled"),
        detail: Text(ru: "На отменённом уроке записей не делают.", en: "Nothing can be recorded at a cancelled lesson.")
    )
    package static let notYourLesson = ProblemKind(
        "not_your_lesson", .conflict,
        title: Text(ru: "Не ваш урок", en: "Not your lesson"),
        detail: Text(
            ru: "Записи делает только учитель, который вёл этот журнал в день урока (A4).",
            en: "Only teachers who taught the section on that date may write there (rule A4)."))
    package static let journalRefused = ProblemKind(
        "journal_refused", .conflict,
        title: Text(ru: "Журнал не изменён", en: "Journal not changed"),
        detail: Text(
            ru: "Часть записей отклонена по разным причинам (см. errors), поэтому не записано ничего.",
            en: "Some items were refused for different reasons (see errors), so nothing was written."))
    package static let notInSection = ProblemKind(
        "not_in_section", .conflict,
        title: Text(ru: "Не из этого журнала", en: "Not in this section"),
        detail: Text(
            ru: "Урок, колонка, вид работы или тема — из другого журнала, или id уже занят.",
            en: "The lesson, column, category or topic belongs to another section, or the id is already taken."))
    package static let homeworkNotAllowed = ProblemKind(
        "homework_not_allowed", .conflict,
        title: Text(ru: "Домашних заданий нет", en: "Homework is not allowed"),
        detail: Text(
            ru: "В 1 классе домашних заданий не задают (H1).",
            en: "There is no homework in grade 1 (rule H1)."))
    package static let dueBeforeLesson = ProblemKind(
        "due_before_lesson", .conflict,
        title: Text(ru: "Срок раньше урока", en: "Due before the lesson"),
        detail: Text(
            ru: "Срок задания раньше урока (H1); выберите день урока или позже.",
            en: "The homework is due before its lesson (rule H1); choose the lesson's day or later."))
    package static let studentOverlap = ProblemKind(
        "student_overlap", .conflict,
        title: Text(ru: "У ученика два урока сразу", en: "Student has two lessons at once"),
        detail: Text(
            ru: "У ученика группы в это время другой урок (L1); выберите другое время.",
            en: "A student of the group has another lesson at that time (rule L1); choose another time."))
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
            ru: "Урок пришёлся бы на каникулы или праздник (L1): выберите другой день или сначала отмените уроки.",
            en: "A lesson would be on a holiday (rule L1): choose another day, or cancel the lessons first."))
    package static let lessonOutsideYear = ProblemKind(
        "lesson_outside_year", .conflict,
        title: Text(ru: "Урок вне учебного года", en: "Lesson outside the year"),
        detail: Text(
            ru: "День урока не входит в учебный год журнала (L1); измените день урока или границы года.",
            en: "The lesson's day is outside the section's academic year (rule L1); change the day or the year's dates."
        ))
    package static let entryOutsideYear = ProblemKind(
        "entry_outside_year", .conflict,
        title: Text(ru: "Запись расписания вне учебного года", en: "Timetable entry outside the year"),
        detail: Text(
            ru: "Ни один день записи расписания не входил бы в учебный год журнала (L1).",
            en: "No day of the timetable entry would be inside the section's academic year (rule L1)."))
    package static let lessonHasRecords = ProblemKind(
        "lesson_has_records", .conflict,
        title: Text(ru: "На уроке есть записи", en: "Lesson has records"),
        detail: Text(
            ru: "На уроке есть отметки или посещаемость (L2): уберите их, прежде чем переносить или отменять урок.",
            en: "The lesson has marks or attendance (rule L2): clear them before you move or cancel it."))
    package static let lessonSubstituted = ProblemKind(
        "lesson_substituted", .conflict,
        title: Text(ru: "На уроке замена", en: "Lesson has a substitution"),
        detail: Text(
            ru: "На этом уроке есть замена или объединение (L2); сначала отмените её.",
            en: "The lesson has a substitution or is held with another one (rule L2); take that back first."))
    package static let dueAfterClose = ProblemKind(
        "due_after_close", .conflict,
        title: Text(ru: "Срок после закрытия периода", en: "Due after the close"),
        detail: Text(
            ru: "Срок долга позже дня, когда закрываются отметки периода (M4): выберите более ранний.",
            en: "The mark is owed until a day after the term closes for marks (rule M4): choose an earlier day."))
    package static let feedbackIsAMark = ProblemKind(
        "feedback_is_a_mark", .conflict,
        title: Text(ru: "Это отметка, а не отзыв", en: "Feedback is only a mark"),
        detail: Text(
            ru: "Где отметок нет (M1), отзыв пишут словами: не цифрой, знаками или названием отметки.",
            en: "Where there are no marks (rule M1), write feedback in words: not a digit, symbols or a mark's name."))
    package static let controlWorkNotAllowed = ProblemKind(
        "control_work_not_allowed", .conflict,
        title: Text(ru: "Контрольную здесь не проводят", en: "Control work is not allowed"),
        detail: Text(
            ru: "Контрольную на этом уроке назначить нельзя (M9), причины — в errors; завуч может разрешить её.",
            en: "The lesson may not have a control work (rule M9), see errors; a deputy head can allow it."))
    package static let lineItemDeleted = ProblemKind(
        "line_item_deleted", .conflict,
        title: Text(ru: "Колонка удалена", en: "Column deleted"),
        detail: Text(
            ru: "Колонка этой отметки удалена; поставьте отметку в другую.",
            en: "The mark's column was deleted; write the mark in another column."))

    package static let ofTheJournal: [ProblemKind] = [
        marksNotAllowed, valueNotAllowed, notAMember, editWindowClosed, lessonInFuture, lessonCancelled,
        notYourLesson, journalRefused, notInSection, homeworkNotAllowed, dueBeforeLesson, studentOverlap,
        timetableCollision,
        lessonOnHoliday, lessonOutsideYear, entryOutsideYear, lessonHasRecords, lineItemDeleted, dueAfterClose,
        feedbackIsAMark, controlWorkNotAllowed, lessonSubstituted,
    ]
}
