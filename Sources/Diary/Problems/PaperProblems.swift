import HTTP1
import Web

/// Problems of the forms of reports, and of their jobs.
extension ProblemKind {
    package static let pdfNotAvailable = ProblemKind(
        "pdf_not_available", .notImplemented,
        title: Text(ru: "Сервер не делает PDF", en: "No PDF on this server"),
        detail: Text(
            ru: "На сервере нет WeasyPrint. Запросите отчёт в виде HTML и напечатайте его из браузера.",
            en: "WeasyPrint is not installed on the server. Ask for the report as HTML, and print it with a browser."))
    package static let reportTakesLong = ProblemKind(
        "report_takes_long", .serviceUnavailable,
        title: Text(ru: "Отчёт готовится слишком долго", en: "The report takes too long"),
        detail: Text(
            ru: "Отчёт не готов в отведённое время. Закажите его через /v1/report-jobs или сузьте период.",
            en: "The report was not ready in time. Order it with /v1/report-jobs, or narrow the period."))
    package static let reportTooLarge = ProblemKind(
        "report_too_large", .unprocessableContent,
        title: Text(ru: "Отчёт слишком большой", en: "The report is too large"),
        detail: Text(
            ru: "Отчёт не помещается в эту форму. Сузьте период или запросите CSV.",
            en: "The report does not fit into this form. Narrow the period, or ask for CSV."))
    package static let tooManyReportJobs = ProblemKind(
        "too_many_report_jobs", .tooManyRequests,
        title: Text(ru: "Слишком много заказанных отчётов", en: "Too many report jobs"),
        detail: Text(
            ru: "Одновременно готовятся три отчёта, за сутки хранятся двадцать. Дождитесь готовых или удалите лишние.",
            en: "Three reports are made at a time, and twenty are kept. Wait for them, or delete those you don't need.")
    )
    package static let reportNotReady = ProblemKind(
        "report_not_ready", .conflict,
        title: Text(ru: "Отчёт ещё не готов", en: "The report is not ready"),
        detail: Text(
            ru: "Отчёт готовится; его состояние показывает заказ.",
            en: "The report is being made; the job tells its state."))
    package static let reportFailed = ProblemKind(
        "report_failed", .conflict,
        title: Text(ru: "Отчёт не получился", en: "The report failed"),
        detail: Text(
            ru: "Отчёт не удалось сделать. Причину называет заказ; закажите отчёт заново.",
            en: "The report could not be made. The job tells why; order the report again."))
    package static let reportOutdated = ProblemKind(
        "report_outdated", .conflict,
        title: Text(ru: "Отчёт устарел", en: "The report is outdated"),
        detail: Text(
            ru: "С тех пор изменились ваши права или то, что скрыто до срока. Закажите отчёт заново.",
            en: "Your rights, or what is held back, have changed since it was made. Order the report again."))

    package static let ofPaper: [ProblemKind] = [
        pdfNotAvailable, reportTakesLong, reportTooLarge, tooManyReportJobs, reportNotReady, reportFailed,
        reportOutdated,
    ]
}
