import Web

/// Every route of the API, one noun a line.
package enum Routes {
    package static let all: [Route<Access, Caller>] = [
        Tokens.routes,
        Me.routes,
        AcademicYears.resource.routes(),
        Terms.resource.routes(),
        Holidays.resource.routes(),
        BellSchedules.resource.routes(),
        Rooms.resource.routes(),
        Subjects.resource.routes(),
        Categories.resource.routes(),
        AttendanceCodes.resource.routes(),
        Classes.routes,
        Classes.resource.routes(lists: false),
        ClassTeachers.resource.routes(),
        Groups.resource.routes(),
        GroupMembers.resource.routes(),
        Sections.routes,
        Sections.resource.routes(lists: false),
        SectionTeachers.resource.routes(),
        Enrollments.resource.routes(),
        Students.resource.routes(deletes: false),
        Guardians.resource.routes(deletes: false),
        Guardianships.resource.routes(),
        Staff.resource.routes(deletes: false),
        Imports.routes,
        StudentDiary.routes,
        StudentMarks.routes,
        Journal.routes,
        JournalBatch.routes,
        MarkHistory.routes,
        Health.routes,
        Documents.routes,
    ].flatMap { $0 }
}
