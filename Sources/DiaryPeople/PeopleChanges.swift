import Diary

/// What the feeds tell of people. Profiles look as in lists: a reading of a whole profile is recorded (K2), and a feed is not
/// one.
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
