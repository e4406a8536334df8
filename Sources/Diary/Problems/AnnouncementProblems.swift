import HTTP1
import Web

/// Problems of announcements and their receipts (C2).
extension ProblemKind {
    package static let announcementWithdrawn = ProblemKind(
        "announcement_withdrawn", .conflict,
        title: Text(ru: "Объявление отозвано", en: "Announcement withdrawn"),
        detail: Text(
            ru: "Отозванное объявление не меняется; напишите новое.",
            en: "An announcement that was withdrawn does not change; write a new one."))
    package static let announcementStarted = ProblemKind(
        "announcement_started", .conflict,
        title: Text(ru: "Объявление уже показано", en: "Announcement started"),
        detail: Text(
            ru: "Объявление уже показывают, его начало не меняется; можно изменить конец или отозвать объявление.",
            en: "The announcement is shown already, so its beginning is fixed; change its end, or withdraw it."))
    package static let notYourAnnouncement = ProblemKind(
        "not_your_announcement", .forbidden,
        title: Text(ru: "Чужое объявление", en: "Not your announcement"),
        detail: Text(
            ru: "Объявление меняет его автор; директор и заместители могут его отозвать (A4).",
            en: "The author changes an announcement; heads and deputy heads may withdraw it (rule A4)."))
    package static let notYourAudience = ProblemKind(
        "not_your_audience", .forbidden,
        title: Text(ru: "Этим людям вы объявлений не пишете", en: "Not your audience"),
        detail: Text(
            ru: "Классный руководитель пишет своему классу, учитель — группам, которым он преподаёт (A4).",
            en: "A class teacher writes to the own class, a teacher to the groups of the own sections (rule A4)."))
    package static let nothingToAcknowledge = ProblemKind(
        "nothing_to_acknowledge", .conflict,
        title: Text(ru: "Подтверждать нечего", en: "Nothing to acknowledge"),
        detail: Text(
            ru: "Объявление не просит подтверждения, или его текст изменился; прочтите его снова (C2).",
            en: "The announcement asks for no acknowledgement, or its text has changed; read it again (rule C2)."))

    package static let ofAnnouncements: [ProblemKind] = [
        announcementWithdrawn, announcementStarted, notYourAnnouncement, notYourAudience, nothingToAcknowledge,
    ]
}
