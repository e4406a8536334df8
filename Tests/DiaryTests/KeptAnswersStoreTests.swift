import HTTP1
import Testing
import Web

@testable import Diary

/// The store of kept answers: which answers it evicts, and how it counts bytes.
@Suite struct KeptAnswersStoreTests {
    private func answer(_ name: String, bytes: Int) -> KeptAnswer {
        KeptAnswer(
            KeptAnswerKey(route: "getX", school: 1, timeZone: "UTC", gate: .student(name), values: []),
            Response(.ok, body: [UInt8](repeating: 65, count: bytes)),
            snapshot: "1:1:", until: "infinity", circles: "{school}", ids: "{}")
    }

    @Test func theLeastRecentlyUsedAnswerIsEvicted() {
        let store = KeptAnswers(capacity: 25_000)
        let answers = ["a", "b", "c"].map { answer($0, bytes: 9_000) }
        store.keep(answers[0], generation: 0)
        store.keep(answers[1], generation: 0)
        store.use(answers[0])
        store.keep(answers[2], generation: 0)
        #expect(answers.map { store.find($0.key) != nil } == [true, false, true])
        #expect(store.count == 2)
        #expect(store.bytes == answers[0].size + answers[2].size)
        #expect(store.bytes <= 25_000)
    }

    @Test func anAnswerThatIsTooLargeIsNotKept() {
        let store = KeptAnswers(capacity: 10_000)
        store.keep(answer("small", bytes: 100), generation: 0)
        let large = answer("large", bytes: 20_000)
        store.keep(large, generation: 0)
        #expect(store.find(large.key) == nil)
        #expect(store.count == 0 || store.bytes <= 10_000)
    }

    @Test func aSecondAnswerReplacesTheFirst() {
        let store = KeptAnswers(capacity: 100_000)
        let (first, second) = (answer("a", bytes: 5_000), answer("a", bytes: 1_000))
        store.keep(first, generation: 0)
        store.keep(second, generation: 0)
        #expect(store.find(first.key) === second)
        #expect(store.bytes == second.size)
        // The store no longer has the first one, so using or dropping it changes nothing.
        store.use(first)
        store.drop(first)
        #expect(store.count == 1)
    }

    @Test func theCompressedFormCounts() {
        let store = KeptAnswers(capacity: 100_000)
        var response = Response(.ok, body: [UInt8](repeating: 65, count: 1_000))
        let form = CompressedForm()
        response.compressed = form
        let answer = KeptAnswer(
            KeptAnswerKey(route: "getX", school: 1, timeZone: "UTC", gate: .person("a"), values: []), response,
            snapshot: "1:1:", until: "infinity", circles: "{}", ids: "{}")
        store.keep(answer, generation: 0)
        let before = store.bytes
        form.gzip = [UInt8](repeating: 1, count: 300)
        store.use(answer)
        #expect(store.bytes == before + 300)
        store.clear()
        #expect(store.bytes == 0)
    }

    /// An answer that was read over a lost connection may come from another database server.
    @Test func anAnswerOfAnEarlierConnectionIsNotKept() {
        let store = KeptAnswers(capacity: 100_000)
        let generation = store.generation
        store.clear()
        let late = answer("late", bytes: 10)
        store.keep(late, generation: generation)
        #expect(store.find(late.key) == nil)
    }
}
