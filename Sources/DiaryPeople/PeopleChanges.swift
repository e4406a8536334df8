import Diary

/// What the feeds report about people. Profiles have the fields of lists: each reading of a whole profile has to be
/// recorded (K2), and a feed does not do that.
package enum PeopleChanges {
    package static let entities: [ChangedEntity] = [
        Students.resource.changed(in: ["student", "person", "class", "group"], families: ["student"]),
        Guardians.resource.changed(in: ["student", "person"]),
        Guardianships.resource.changed(in: ["student"]),
        Staff.resource.changed(in: ["person", "school"]),
        Consents.resource.changed(in: ["student"]),
        StudentDocuments.resource.changed(in: ["student"], families: ["student"]),
    ]
}
