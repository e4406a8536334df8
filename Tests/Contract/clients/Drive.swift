// Drives the client that openapi-generator made for Swift: drive BASE
import Foundation
import LyceumClient

@main enum Drive {
    static func main() async throws {
        var done: [String] = []
        let configuration = LyceumClientAPIConfiguration(
            basePath: CommandLine.arguments[1], apiResponseQueue: .global())
        @Sendable func signIn(_ password: String) async throws(ErrorResponse) -> TokenResponse {
            try await SignInAPI.issueToken(
                grantType: .password, school: "lyceum29", username: "teacher", password: password,
                apiConfiguration: configuration)
        }
        let wrong = try await refusal(TokenProblem.self, configuration) { @Sendable () throws(ErrorResponse) in
            _ = try await signIn("wrong")
        }
        try check(wrong.error == .invalidGrant, wrong)
        let token = try await signIn("lyceum-demo").accessToken
        configuration.customHeaders["Authorization"] = "Bearer \(token)"
        done.append("sign-in")

        let section = try await MeAPI.getMe(apiConfiguration: configuration).sections[0].id
        let journal = try await JournalAPI.getSectionJournal(sectionId: section, apiConfiguration: configuration)
        guard let mark = journal.marks.first(where: { $0.value?.kind == .number && $0.value?.number != 3 }) else {
            throw Fault(description: "no mark is a number")
        }
        done.append("journal with \(journal.marks.count) marks")

        let value = MarkValue(kind: .number, number: 3)
        let patch = MarkPatch(lineItemId: mark.lineItemId, studentId: mark.studentId, value: value, version: 0)
        let problem = try await refusal(Problem.self, configuration) { @Sendable () throws(ErrorResponse) in
            _ = try await JournalAPI.patchSectionJournal(
                sectionId: section, journalPatch: JournalPatch(marks: [patch]), apiConfiguration: configuration)
        }
        let current = problem.errors?[0].current?.value
        try check(problem.code == "stale_version" && current?.number == mark.value?.number, problem)
        done.append("PATCH refused as stale_version")
        print(done.joined(separator: ", "))
    }

    private static func refusal<T: Decodable>(
        _ type: T.Type, _ configuration: LyceumClientAPIConfiguration,
        _ call: @Sendable () async throws(ErrorResponse) -> Void
    ) async throws -> T {
        do {
            try await call()
        } catch {
            guard case .error(_, let body?, _, _) = error else { throw error }
            return try configuration.codableHelper.decode(type, from: body).get()
        }
        throw Fault(description: "nothing was refused")
    }

    private static func check(_ holds: Bool, _ found: Any) throws {
        if !holds { throw Fault(description: "\(found)") }
    }
}

struct Fault: Error, CustomStringConvertible {
    var description: String
}
