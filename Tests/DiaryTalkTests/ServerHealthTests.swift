import Reactor
import Testing

@testable import DiaryTalk

/// When a server that refuses everything is left alone, and for how long.
@Suite struct ServerHealthTests {
    private let health = ServerHealth()

    private func refuse(_ targets: Range<Int>, at now: UInt64) -> [Bool] {
        targets.map { health.refused("mail", for: "\($0)", now: now) != nil }
    }

    @Test func fiveTargetsInARowBeginAPause() {
        #expect(refuse(0..<5, at: 0) == [false, false, false, false, true])
        let pause = health.pause(of: "mail", now: 0)
        #expect(pause.map { (60...70).contains($0) } == true)
        #expect(health.pause(of: "push", now: 0) == nil)
        #expect(health.pause(of: "mail", now: .seconds(60)) == nil)
    }

    @Test func oneTargetThatIsTriedAgainIsNotTheServersTrouble() {
        for _ in 1...20 { #expect(health.refused("mail", for: "one", now: 0) == nil) }
    }

    @Test func aSuccessEndsTheRow() {
        _ = refuse(0..<4, at: 0)
        health.took("mail")
        #expect(refuse(4..<8, at: 0) == [false, false, false, false])
        _ = refuse(8..<9, at: 0)
        health.took("mail")
        #expect(health.pause(of: "mail", now: 0) == nil)
    }

    /// What was on its way when the pause began does not prolong it.
    @Test func pausesDoubleUpToAQuarterOfAnHour() {
        _ = refuse(0..<4, at: 0)
        var now: UInt64 = 0
        for seconds in [60.0, 120, 240, 480, 900, 900] {
            for _ in 1...3 { _ = refuse(9..<10, at: now) }
            #expect(health.pause(of: "mail", now: now + .seconds(seconds - 1)) != nil)
            now += .seconds(seconds)
            #expect(health.pause(of: "mail", now: now) == nil)
        }
    }
}
