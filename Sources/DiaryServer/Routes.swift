import Diary
import DiaryExchange
import DiaryJournal
import DiaryPeople
import DiarySchool
import DiarySignIn
import Web

/// Every route of the API, one noun a line.
package enum Routes {
    package static let all: [Route<Access, Caller>] = [
        Tokens.routes,
        Activation.routes,
        SecondFactorEnrolment.routes,
        Me.routes,
        MyPassword.routes,
        MySessions.routes,
        MySecondFactor.routes,
        Credentials.routes,
        ClassCredentials.routes,
        SecondFactorReset.routes,
        AcademicYears.resource.routes(),
        Promotions.resource.routes(),
        Rollover.routes,
        Terms.resource.routes(),
        Holidays.resource.routes(),
        BellSchedules.resource.routes(),
        Rooms.resource.routes(),
        Subjects.resource.routes(),
        Categories.resource.routes(),
        AttendanceCodes.resource.routes(),
        SchoolSettings.routes,
        SchoolSettingsRecord.routes,
        SchoolReadiness.routes,
        Classes.routes,
        Classes.resource.routes(lists: false),
        ClassTeachers.resource.routes(),
        Groups.resource.routes(),
        GroupMembers.resource.routes(),
        Sections.routes,
        Sections.resource.routes(lists: false),
        SectionTeachers.resource.routes(),
        TimetableEntries.resource.routes(),
        Enrollments.resource.routes(),
        ClassChanges.routes,
        Students.resource.routes(deletes: false),
        Guardians.resource.routes(deletes: false),
        Guardianships.resource.routes(),
        Consents.resource.routes(),
        StudentDocuments.resource.routes(),
        StudentPhotos.routes,
        Staff.resource.routes(deletes: false),
        Imports.routes,
        Clients.resource.routes(),
        ClientSecrets.routes,
        Authorization.routes,
        ServerMetadata.routes,
        StudentDiary.routes,
        StudentMarks.routes,
        Journal.routes,
        JournalBatch.routes,
        MarkHistory.routes,
        Audit.routes,
        Health.routes,
        Documents.routes,
    ].flatMap { $0 }
}
