import Diary
import Postgres
import Web

/// The transfer sheet of a student who leaves (M10) on paper. The next school imports the file of
/// `GET /v1/students/{student_id}/transfer-sheet`.
enum TransferSheetReport {
    static let report = Report(
        "transfer-sheet",
        title: Text(ru: "Ведомость успеваемости выбывающего ученика", en: "Transfer sheet of a student"),
        summary: Text(
            ru: "Текущие и итоговые отметки и пропуски ученика для новой школы. Для классного руководителя и "
                + "администрации.",
            en: "A student's current marks, final marks and absences for the next school. For the class teacher and "
                + "the administration."),
        access: TransferSheet.readers,
        parameters: [
            .student,
            ReportParameter(
                "on", .date, ru: "Последний день; по умолчанию сегодня.", en: "The last day; today by default."),
        ],
        paper: Paper(
            signatures: [
                Text(ru: "Директор", en: "Head"), Text(ru: "Классный руководитель", en: "Class teacher"),
            ])
    ) { input in
        let sheet = TransferSheet.queries(input.caller, student: input.required("student_id"), on: input["on"])
        return ReportContent {
            Gate(sheet.student)
            Facts(
                "student", sheet.student,
                [
                    Column("", .person, ru: "Ученик", en: "Student"),
                    Column("class?.name", ru: "Класс", en: "Class"),
                ])
            Facts(
                "period", sheet.day,
                [
                    Column("academic_year?.name", ru: "Учебный год", en: "Academic year"),
                    Column("term?.name", ru: "Текущие отметки за", en: "Current marks of"),
                    Column("on", .date, ru: "По", en: "Until"),
                ])
            Table(
                "subjects", title: Text(ru: "Средние отметки периода", en: "Averages of the term"), sheet.subjects,
                [
                    Column("subject.name", width: 30, ru: "Предмет", en: "Subject"),
                    Column("average", .decimal(2), width: 14, ru: "Взвешенная", en: "Weighted"),
                    Column("plain_average", .decimal(2), width: 14, ru: "Средняя", en: "Plain"),
                ])
            Table(
                "marks", title: Text(ru: "Текущие отметки", en: "Current marks"), sheet.marks,
                [
                    Column("subject.name", width: 24, ru: "Предмет", en: "Subject"),
                    Column("date", .date, ru: "Дата", en: "Date"),
                    Column("work", width: 24, ru: "Вид работы", en: "Work"),
                    Column("value", .mark, ru: "Отметка", en: "Mark"),
                    Column("weight", .decimal(2), ru: "Вес", en: "Weight"),
                    Column("school_name", ru: "Школа", en: "School"),
                ])
            Pivot(
                "finals", title: Text(ru: "Итоговые отметки", en: "Final marks"), sheet.learned,
                before: [Column("name", width: 24, ru: "Предмет", en: "Subject")],
                across: Pivot.Across(
                    "periods", sheet.periods, key: "_id", label: "_label", group: "academic_year", width: 5),
                cells: Pivot.Cells(sheet.finals, .mark))
            Table(
                "attendance", title: Text(ru: "Пропущено уроков", en: "Lessons missed"), sheet.attendance,
                [
                    Column("term.name", ru: "Период", en: "Term"),
                    Column("ill", .integer, ru: "по болезни", en: "ill"),
                    Column("excused", .integer, ru: "по уважительной причине", en: "excused"),
                    Column("unexcused", .integer, ru: "без уважительной причины", en: "unexcused"),
                    Column("absent", .integer, ru: "причина не указана", en: "no reason given"),
                    Column("late", .integer, ru: "опозданий", en: "late"),
                ])
        }
    }
}
