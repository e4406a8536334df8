import Diary
import DiaryTemplate
import Postgres

extension Demo {
    /// The data of a school for all its years: people, subjects, rooms, kinds of work, labels.
    final class School {
        struct Room {
            let id: ID
            let name: String
            let capacity: Int
            var isShared = false
        }

        struct Subjects {
            let ids: [ID]
            subscript(subject: Subject) -> ID { ids[subject.rawValue] }
        }

        let seed: UInt64
        /// The year in which the current academic year began.
        let year: Int
        let today: Day
        let people: People
        let subjects: Subjects
        let categories: [ID]
        let codes: [ID]
        private(set) var rooms: [Room] = []
        /// The room of each employee, by index in `people.staff`.
        private(set) var roomOf: [Int?]
        /// The marks of semesters and years of grades 10 and 11 (M11), by student and subject.
        var senior: [Int: [Int]] = [:]

        init(seed: UInt64, year: Int, today: Day, years: Int, students: Int) {
            self.seed = seed
            self.year = year
            self.today = today
            people = People(seed: seed, year: year, years: years, students: students)
            var random = Random(seed: seed, 2)
            let founded = Day(year - years, 8, 20).at(minutes: 600)
            subjects = Subjects(ids: Subject.allCases.map { _ in ID(at: founded, &random) })
            categories = Category.allCases.map { _ in ID(at: founded, &random) }
            codes = Code.allCases.map { _ in ID(at: founded, &random) }
            roomOf = people.staff.map { _ in nil }
            furnish(at: founded, &random)
        }

        /// A room for every teacher. The sports halls are shared, and afternoon classes use the rooms of grade 1.
        private func furnish(at founded: Moment, _ random: inout Random) {
            for (name, capacity) in [("Спортивный зал", 75), ("Малый спортивный зал", 50)] {
                rooms.append(Room(id: ID(at: founded, &random), name: name, capacity: capacity, isShared: true))
            }
            var floor = [101, 201, 301]
            for employee in people.staff.indices {
                switch people.staff[employee].pool {
                case .sport: roomOf[employee] = employee % 2
                case let pool?:
                    let storey = pool == .primary ? 0 : employee % 2 + 1
                    let small = pool == .english || pool == .informatics || pool == .labour
                    rooms.append(
                        Room(id: ID(at: founded, &random), name: String(floor[storey]), capacity: small ? 16 : 30))
                    roomOf[employee] = rooms.count - 1
                    floor[storey] += 1
                case nil: break
                }
            }
        }

        // MARK: Rows

        func load(_ loader: Loader, _ hashes: Hashes) throws {
            try loadUsers(loader, hashes)
            try loadProfiles(loader)
            try loadCatalogues(loader)
        }

        private func loadUsers(_ loader: Loader, _ hashes: Hashes) throws {
            struct User {
                let id: ID
                let name: Name
                let login: String?
                let external: String
                let since: Moment
                let role: String
            }
            var users: [User] = []
            for (number, employee) in people.staff.enumerated() {
                users.append(
                    User(
                        id: employee.id, name: employee.name, login: employee.login, external: "staff-\(number + 1)",
                        since: employee.hired.at(minutes: 600), role: employee.role))
            }
            for (number, family) in people.families.enumerated() {
                for (place, guardian) in family.guardians.enumerated() where !guardian.isEmployee {
                    users.append(
                        User(
                            id: guardian.id, name: guardian.name, login: guardian.login ?? guardian.account,
                            external: "guardian-\(number + 1)-\(place + 1)",
                            since: Day(family.entries[0], 4, 1).at(minutes: 720), role: "guardian"))
                }
            }
            for (number, pupil) in people.pupils.enumerated() {
                users.append(
                    User(
                        id: pupil.id, name: pupil.name, login: pupil.login, external: "student-\(number + 1)",
                        since: Day(pupil.entry, 4, 1).at(minutes: 720), role: "student"))
            }
            let opened = Day(year, 8, 28).at(minutes: 600)
            try loader.copy(
                "users",
                "id, last_name, first_name, middle_name, login, state, external_id, created_at, activated_at, changed_at",
                users
            ) { row, user in
                row.field(user.id)
                row.field(user.name.last)
                row.field(user.name.first)
                row.field(user.name.middle)
                row.field(user.login)
                row.field("new")
                row.field(user.external)
                row.field(user.since)
                row.field(user.login == nil ? nil : opened)
                row.field(max(user.since, user.login == nil ? user.since : opened))
            }
            try loader.connection.query(
                """
                UPDATE users SET state = 'active', password_changed_at = activated_at,
                    password_hash = CASE WHEN login LIKE 'family-%' THEN $3 ELSE $2 END
                WHERE school_id = $1 AND login IS NOT NULL
                """, [String(loader.school), hashes.password, hashes.secret])
            let also = people.staff.filter(\.isGuardian).map { ($0.id, "guardian", $0.hired.at(minutes: 600)) }
            try loader.copy("user_roles", "user_id, role, granted_at", users.map { ($0.id, $0.role, $0.since) } + also)
            {
                $0.field($1.0)
                $0.field($1.1)
                $0.field($1.2)
            }
        }

        private func loadProfiles(_ loader: Loader) throws {
            let opened = Day(year, 8, 28).at(minutes: 600)
            try loader.copy(
                "staff", "id, position, qualification, email, phone, hired_on, changed_at", people.staff.enumerated()
            ) { row, item in
                row.field(item.element.id)
                row.field(item.element.position)
                row.field(item.element.qualification)
                row.field("staff\(item.offset + 1)@school.example")
                row.field(Self.phone(item.offset))
                row.field(item.element.hired)
                row.field(opened)
            }
            var draw = Random(seed: seed, 3)
            try loader.copy(
                "students",
                "id, birth_date, sex, personal_file, phone, address, health_group, pe_group, profile_confirmed_on, changed_at",
                people.pupils.enumerated()
            ) { row, item in
                let pupil = item.element
                row.field(pupil.id)
                row.field(pupil.born)
                row.field(pupil.sex.rawValue)
                row.field("\(pupil.name.last.prefix(1))-\(pupil.entry)/\(item.offset % 400 + 1)")
                row.field(pupil.grade(in: year) >= 5 ? Self.phone(1000 + item.offset) : nil)
                row.field(people.families[pupil.family].address)
                row.field(pupil.healthGroup)
                row.field(pupil.sportGroup)
                row.field(draw.chance(0.85) ? Day(year, 9, 1) + draw.below(20) : nil)
                row.field(opened)
            }
            let guardians = people.families.flatMap { family in family.guardians.map { (family, $0) } }
            try loader.copy(
                "guardians", "id, email, phone, address, changed_at", guardians.enumerated()
            ) { row, item in
                row.field(item.element.1.id)
                row.field("family\(item.offset + 1)@mail.example")
                row.field(Self.phone(5000 + item.offset))
                row.field(item.element.0.address)
                row.field(opened)
            }
            let ties = people.pupils.flatMap { pupil in
                people.families[pupil.family].guardians.map { guardian in
                    let since = max(Day(pupil.entry, 4, 1), pupil.born)
                    return (ID(at: since.at(minutes: 720), &draw), guardian, pupil, since)
                }
            }
            try loader.copy(
                "guardianships", "id, guardian_id, student_id, relation, access, basis, starts_on, changed_at", ties
            ) { row, tie in
                row.field(tie.0)
                row.field(tie.1.id)
                row.field(tie.2.id)
                row.field(tie.1.relation)
                row.field(tie.1.access)
                row.field(tie.1.basis)
                row.field(tie.3)
                row.field(tie.3.at(minutes: 720))
            }
        }

        private func loadCatalogues(_ loader: Loader) throws {
            try loader.copy("subjects", "id, name, short_name, area, position, is_physical", Subject.allCases) {
                $0.field(subjects[$1])
                $0.field($1.entry.name)
                $0.field($1.entry.short)
                $0.field($1.entry.area)
                $0.field($1.rawValue + 1)
                $0.field($1 == .sport)
            }
            try loader.copy("rooms", "id, name, building, capacity, shared", rooms) {
                $0.field($1.id)
                $0.field($1.name)
                $0.field("Главный корпус")
                $0.field($1.capacity)
                $0.field($1.isShared)
            }
            try loader.copy("categories", "id, name, short_name, weight, is_control, position", Category.allCases) {
                $0.field(categories[$1.rawValue])
                $0.field($1.entry.name)
                $0.field($1.entry.short)
                $0.field(hundredths: $1.entry.weight)
                $0.field($1.isControl)
                $0.field($1.rawValue + 1)
            }
            try loader.copy("attendance_codes", "id, code, meaning, name, is_default, position", Code.allCases) {
                $0.field(codes[$1.rawValue])
                $0.field($1.entry.code)
                $0.field($1.entry.meaning)
                $0.field($1.entry.name)
                $0.field($1.isDefault)
                $0.field($1.rawValue + 1)
            }
        }

        /// No country's network has these numbers.
        private static func phone(_ number: Int) -> String {
            let digits = String(1_000_000 + number)
            return "+7 000 \(digits.prefix(3))-\(digits.dropFirst(3).prefix(2))-\(digits.suffix(2))"
        }
    }

    typealias Category = RussianTemplate.Category
    typealias Code = RussianTemplate.AttendanceCode
}
