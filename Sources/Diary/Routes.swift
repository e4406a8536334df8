import Web

/// Every route of the API, one noun a line.
package enum Routes {
    package static let all: [Route<Access, Caller>] = [
        Tokens.routes,
        Activation.routes,
        Me.routes,
        MyPassword.routes,
        MySessions.routes,
        Credentials.routes,
        ClassCredentials.routes,
        Sections.routes,
        Classes.routes,
        StudentDiary.routes,
        StudentMarks.routes,
        Journal.routes,
        JournalBatch.routes,
        MarkHistory.routes,
        Health.routes,
        Documents.routes,
    ].flatMap { $0 }
}
