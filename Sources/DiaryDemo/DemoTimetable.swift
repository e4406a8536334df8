extension Demo {
    /// Builds a weekly timetable without clashes by greedy placing with repair: a lesson without a free cell displaces
    /// the cheapest ones, which look for new places. A lesson becomes more expensive the more often it is displaced.
    struct Timetable {
        /// A timetable to fill: of a class, a student at home or a club.
        struct Track {
            let bells: Int
            /// The slots of each weekday, from Monday.
            let slots: [[Int]]
        }

        struct Card {
            let track: Int
            let subject: Int
            let teachers: [Int]
            /// The maximum number of lessons of the same subject per day.
            let most: Int
            let avoidsFirst: Bool
            /// In grade 1: how unwelcome the fourth and the fifth lesson of a day are, which begin in November and in
            /// January.
            var lateness: (fourth: Double, fifth: Double) = (0, 0)
            /// Whether it must be the very first lesson of the week.
            var opensWeek = false
        }

        struct Place {
            let day: Int
            let index: Int
        }

        private let tracks: [Track]
        private let cards: [Card]
        private(set) var places: [Place?]
        private var grid: [[[Int?]]]
        /// The cards of a teacher on a day.
        private var busy: [[[Int]]]
        private var pushed: [Int]
        private var random: Random

        init(tracks: [Track], cards: [Card], teachers: Int, _ random: Random) {
            self.tracks = tracks
            self.cards = cards
            self.random = random
            places = cards.map { _ in nil }
            grid = tracks.map { track in track.slots.map { $0.map { _ in nil } } }
            busy = (0..<teachers).map { _ in [[Int]](repeating: [], count: 5) }
            pushed = cards.map { _ in 0 }
        }

        /// - Returns: false if it gave up.
        mutating func solve() -> Bool {
            var hours = busy.map { _ in 0 }
            for card in cards { for teacher in card.teachers { hours[teacher] += 1 } }
            let difficulty = cards.map { card in card.teachers.reduce(0) { $0 + hours[$1] } }
            var waiting = cards.indices.sorted { (difficulty[$0], $0) < (difficulty[$1], $1) }
            for card in cards.indices where cards[card].opensWeek { put(card, Place(day: 0, index: 0)) }
            waiting.removeAll { cards[$0].opensWeek }

            var steps = 400 * cards.count
            while let card = waiting.popLast() {
                steps -= 1
                guard steps > 0, let (place, victims) = bestPlace(for: card) else { return false }
                for victim in victims {
                    take(victim)
                    pushed[victim] += 1
                    waiting.append(victim)
                }
                put(card, place)
            }
            return true
        }

        private mutating func bestPlace(for card: Int) -> (Place, [Int])? {
            var best: (cost: Double, place: Place, victims: [Int])?
            for day in 0..<5 {
                for index in grid[cards[card].track][day].indices {
                    let place = Place(day: day, index: index)
                    guard let victims = victims(of: card, at: place) else { continue }
                    var cost = random.unit() * 0.3
                    if index == 0, cards[card].avoidsFirst { cost += 0.4 }
                    if index == 3 { cost += cards[card].lateness.fourth }
                    if index == 4, day > 0 { cost += cards[card].lateness.fifth }
                    for victim in victims { cost += 2 + 0.5 * Double(pushed[victim]) }
                    if best.map({ cost < $0.cost }) ?? true { best = (cost, place, victims) }
                }
            }
            return best.map { ($0.place, $0.victims) }
        }

        /// The cards that must leave to make room for the card; nil if one of them can never leave.
        private func victims(of card: Int, at place: Place) -> [Int]? {
            let track = cards[card].track
            var victims: [Int] = []
            if let occupant = grid[track][place.day][place.index] { victims.append(occupant) }
            let overlap = Bells.overlaps[bit(track, place)]
            for teacher in cards[card].teachers {
                for other in busy[teacher][place.day] where !victims.contains(other) {
                    if overlap & 1 << UInt32(bit(cards[other].track, places[other]!)) != 0 { victims.append(other) }
                }
            }
            let same = grid[track][place.day].compactMap { $0 }.filter {
                cards[$0].subject == cards[card].subject && !victims.contains($0)
            }
            if same.count >= cards[card].most { victims.append(same[0]) }
            return victims.contains { cards[$0].opensWeek } ? nil : victims
        }

        private func bit(_ track: Int, _ place: Place) -> Int {
            Bells.bit(tracks[track].bells, tracks[track].slots[place.day][place.index])
        }

        private mutating func put(_ card: Int, _ place: Place) {
            places[card] = place
            grid[cards[card].track][place.day][place.index] = card
            for teacher in cards[card].teachers { busy[teacher][place.day].append(card) }
        }

        private mutating func take(_ card: Int) {
            let place = places[card]!
            places[card] = nil
            grid[cards[card].track][place.day][place.index] = nil
            for teacher in cards[card].teachers { busy[teacher][place.day].removeAll { $0 == card } }
        }
    }
}

extension Demo.Year {
    /// Gives every block its places in the week.
    func makeTimetable() throws(Demo.Failure) {
        let tracks = makeTracks()
        var cards: [Demo.Timetable.Card] = []
        var blockOf: [Int] = []
        for (number, block) in blocks.enumerated() {
            for _ in 0..<block.hours {
                cards.append(
                    Demo.Timetable.Card(
                        track: block.track, subject: block.subject.rawValue,
                        teachers: block.sections.map { sections[$0].teacher }, most: (block.hours + 4) / 5,
                        avoidsFirst: block.subject.entry.style == .sport || block.subject.entry.style == .creative,
                        lateness: lateness(block), opensWeek: block.subject == .talks))
                blockOf.append(number)
            }
        }
        for attempt in 0..<20 {
            var timetable = Demo.Timetable(
                tracks: tracks, cards: cards, teachers: people.staff.count, stream(20, attempt))
            guard timetable.solve() else { continue }
            for (card, place) in timetable.places.enumerated() {
                guard let place else { continue }
                let slot = tracks[cards[card].track].slots[place.day][place.index]
                blocks[blockOf[card]].places.append((place.day + 1, slot))
            }
            for number in blocks.indices {
                blocks[number].places.sort { ($0.weekday, $0.slot) < ($1.weekday, $1.slot) }
            }
            return
        }
        throw .noTimetable
    }

    /// Subjects of one or two hours come early in the day, so that they are taught from September on. The fifth lesson
    /// is physical education.
    private func lateness(_ block: Demo.Block) -> (fourth: Double, fifth: Double) {
        guard block.track < classes.count, classes[block.track].grade == 1 else { return (0, 0) }
        return (block.hours <= 2 ? 1 : 0, block.subject == .sport ? -0.5 : 2)
    }

    /// A class fills its days from the first lesson on, without gaps. The lessons left over after dividing by five go
    /// to the middle of the week. Grade 1 has four lessons a day, five on Wednesday, and the conversation on Monday.
    private func makeTracks() -> [Demo.Timetable.Track] {
        var hours = classes.map { _ in 0 }
        for block in blocks where block.track < classes.count { hours[block.track] += block.hours }
        var tracks = classes.indices.map { number in
            let counts =
                classes[number].grade == 1
                ? [5, 4, 5, 4, 4] : [3, 0, 1, 2, 4].map { hours[number] / 5 + ($0 < hours[number] % 5 ? 1 : 0) }
            let slots = counts.map { Array(1...$0) }
            return Demo.Timetable.Track(bells: classes[number].bells, slots: slots)
        }
        tracks.append(Demo.Timetable.Track(bells: Demo.Bells.second, slots: [[Int]](repeating: [2, 3], count: 5)))
        for _ in 0..<3 {
            tracks.append(
                Demo.Timetable.Track(bells: Demo.Bells.second, slots: [[Int]](repeating: [2, 3, 4], count: 5)))
        }
        return tracks
    }
}
