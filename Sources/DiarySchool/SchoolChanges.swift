import Diary
import Postgres

/// What the feeds report about the school's set-up, and about the students and teachers of classes, groups and
/// sections.
package enum SchoolChanges {
    package static let entities: [ChangedEntity] = [
        school,
        AcademicYears.resource.changed(in: ["school"], families: ["school"]),
        Terms.resource.changed(in: ["school"], families: ["school"]),
        Holidays.resource.changed(in: ["school"], families: ["school"]),
        BellSchedules.resource.changed(in: ["school"], families: ["school"]),
        Rooms.resource.changed(in: ["school"], families: ["school"]),
        Subjects.resource.changed(in: ["school"], families: ["school"]),
        SubjectParts.resource.changed(in: ["school"], families: ["school"]),
        Categories.resource.changed(in: ["school"], families: ["school"]),
        AttendanceCodes.resource.changed(in: ["school"], families: ["school"]),
        Classes.resource.changed(in: ["school", "class"], for: Classes.readers),
        Groups.resource.changed(in: ["school"]),
        Sections.resource.changed(in: ["school", "section"], for: Sections.readers),
        ClassTeachers.resource.changed(in: ["class", "person"]),
        SectionTeachers.resource.changed(in: ["section", "person"]),
        Orders.resource.changed(in: []),
        Certificates.resource.changed(in: []),
        Enrollments.resource.changed(in: []),
        GroupMembers.resource.changed(in: []),
        Promotions.resource.changed(in: ["student"]),
    ]

    /// A single row with the zero id. It leaves out the settings and codes, which `GET /v1/school` has.
    private static let school = ChangedEntity(
        "school", access: .setUp, circles: ["school"],
        rows: { caller, ids in row(.integer(caller.school.id), ids) }, familyCircles: ["school"])

    private static let row = Statement(
        """
        SELECT i.id, s.code, s.name, s.time_zone
        FROM unnest($2::uuid[]) i (id)
        JOIN schools s ON s.id = $1
        """)
}
