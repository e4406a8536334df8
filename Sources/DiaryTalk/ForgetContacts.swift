import Diary

extension BackgroundWork {
    /// K1: contacts prove that families were informed, so they are kept as long as the journal, for 5 years.
    package static let forgetContacts = deleting(
        "forget_contacts", every: 24 * 3600, from: "contacts",
        where: "t.date < lyceum.forgotten_contacts_before()", oldestFirst: "t.date")
}
