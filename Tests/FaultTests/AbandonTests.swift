import Glibc
import TestSupport
import Testing

/// Clients that leave in the middle of a request, or before its answer, do not affect others on the connections that
/// they shared.
@Suite(.serialized) struct AbandonTests {
    @Test func aHundredClientsLeaveAndTwentyStay() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let school = try FaultSchool(database)
        let other = try FaultSchool(database, section: 1)
        let load = try Load(on: server, school, in: database, readers: 16, readsJournals: false)
        try load.waitForMore(20, seconds: 60)
        let token = try server.signIn("teacher")
        let leaving = (0..<10).map { thread in
            WorkThread {
                for left in 0..<10 {
                    let client = server.client()
                    client.token = token
                    let body = """
                        {"marks": [{"lesson_id": "\(other.lessons[0].id)", "student_id": "\(other.students[0])",
                          "version": 0, "value": {"kind": "number", "number": 3}, "comment": "\(thread)-\(left)"}]}
                        """
                    let isWrite = left % 5 == 0
                    // In the head, in the body, before the answer, or while it arrives.
                    let count = [20, 400, nil, nil][left % 4]
                    do throws(HTTPClient.NoAnswer) {
                        try client.abandon(
                            isWrite ? "PATCH" : "GET",
                            isWrite ? other.journal : school.diary(school.students[left % school.students.count]),
                            json: isWrite ? body : nil, after: count, afterMilliseconds: left % 5 * 4)
                    } catch {
                        load.tally.violation("the server refused a connection: \(error)")
                    }
                }
            }
        }
        for thread in leaving { thread.join() }
        try load.waitForMore(100, seconds: 60)
        try load.finish(database)
        #expect(load.tally.harmed == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
