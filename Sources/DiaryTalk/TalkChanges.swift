import Diary

/// What the feeds report about the conversation of the school.
package enum TalkChanges {
    package static let entities: [ChangedEntity] = [
        Announcements.changed,
        Consultations.changed,
        Contacts.changed,
    ]
}
