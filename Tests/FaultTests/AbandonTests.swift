import Glibc
import TestSupport
import Testing

/// Clients that leave in the middle of their request, or before its answer, harm nobody on the connections that they shared.
@Suite(.serialized) struct AbandonTests {
    @Test func aHundredThatLeaveAndTwentyThatStay() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let school = try FaultSchool(database)
        let other = try FaultSchool(database, section: 1)
        let load = try Load(on: server, school, in: database, readers: 16)
        try load.waitForMore(20, seconds: 30)
        let token = try server.signIn("teacher")
        let over = Flag()
        let leaving = (0..<10).map { thread in
            WorkThread {
                var left = 0
                while !over.isSet || left < 10 {
                    let client = server.client()
                    client.token = token
                    let body = """
                        {"marks": [{"lesson_id": "\(other.lessons[0].id)", "student_id": "\(other.students[0])",
                          "version": 0, "value": {"kind": "number", "number": 3}, "comment": "\(thread)-\(left)"}]}
                        """
                    let isWrite = left % 3 == 0
                    // In the head, in the body, before the answer, or while it comes.
                    let count = [20, 400, nil, nil][left % 4]
                    do throws(HTTPClient.NoAnswer) {
                        try client.abandon(
                            isWrite ? "PATCH" : "GET", isWrite ? other.journal : school.journal,
                            json: isWrite ? body : nil, after: count, afterMilliseconds: left % 5 * 4)
                    } catch {
                        load.tally.violation("the server refuses: \(error)")
                    }
                    left += 1
                    usleep(50_000)
                }
                return left
            }
        }
        try load.waitForMore(100, seconds: 60)
        over.set()
        let left = leaving.map { $0.join() }.reduce(0, +)
        #expect(left >= 100)
        try load.waitForMore(20, seconds: 30)
        try load.finish(database)
        #expect(load.tally.unavailable == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(left, load.tally.description)
    }
}
