/// The counters of a lane.
struct LaneMeter {
    private(set) var segments: UInt64 = 0
    private(set) var busy: UInt64 = 0
    var refused: UInt64 = 0
    var lost: UInt64 = 0
    /// Average nanoseconds of recent segments, weighted towards the latest.
    private(set) var mean: UInt64 = 1_000_000

    mutating func answered(_ time: UInt64) {
        segments += 1
        busy &+= time
        mean = mean - mean / 8 + time / 8
    }

    func fill(_ statistics: inout LaneStatistics) {
        statistics.segments = segments
        statistics.busy = busy
        statistics.refused = refused
        statistics.lost = lost
    }
}
