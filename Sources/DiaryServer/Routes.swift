import Diary
import DiaryExchange
import DiaryJournal
import DiaryPeople
import DiarySchool
import DiarySignIn
import Web

/// All routes of the API, one line per noun.
package enum Routes {
    package static let all: [Route<Access, Caller>] = (declared.map { $0.routes } + written).flatMap { $0 }

    /// Declared nouns. A new one needs a line here and nothing else in the server.
    package static let declared: [Resource] = [
        AcademicYears.resource,
        Promotions.resource,
        Orders.resource,
        Terms.resource,
        Holidays.resource,
        BellSchedules.resource,
        Rooms.resource,
        Subjects.resource,
        Categories.resource,
        AttendanceCodes.resource,
        Classes.resource,
        ClassTeachers.resource,
        Groups.resource,
        GroupMembers.resource,
        Sections.resource,
        SectionTeachers.resource,
        TimetableEntries.resource,
        Lessons.resource,
        Enrollments.resource,
        Students.resource,
        Guardians.resource,
        Guardianships.resource,
        Consents.resource,
        StudentDocuments.resource,
        Staff.resource,
        Clients.resource,
    ]

    /// Nouns, or operations of nouns, with hand-written routes.
    private static let written: [[Route<Access, Caller>]] = [
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
        Rollover.routes,
        SchoolSettings.routes,
        SchoolSettingsRecord.routes,
        SchoolReadiness.routes,
        Classes.routes,
        Sections.routes,
        ClassChanges.routes,
        StudentPhotos.routes,
        Imports.routes,
        ClientSecrets.routes,
        Authorization.routes,
        ServerMetadata.routes,
        Lessons.routes,
        LessonGeneration.routes,
        StudentDiary.routes,
        StudentMarks.routes,
        Journal.routes,
        Changes.routes,
        JournalBatch.routes,
        MarkHistory.routes,
        Unlocks.routes,
        LineItems.routes,
        ControlWorks.routes,
        UnfinishedLessons.routes,
        MyDay.routes,
        Audit.routes,
        Health.routes,
        Documents.routes,
        DocumentationPages.routes,
    ]
}
