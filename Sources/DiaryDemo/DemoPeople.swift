import Diary

extension Demo {
    struct Employee {
        let id: ID
        let name: Name
        let sex: Sex
        let position: String
        let role: String
        let pool: Subject.Pool?
        let qualification: String?
        let hired: Day
        var login: String?
        /// Whether the employee is also a parent of a student.
        var isGuardian = false
    }

    struct Guardian {
        let id: ID
        let name: Name
        let relation: String
        var login: String?
        var access = "full"
        var basis: String?
        /// Whether the guardian already has an account as an employee.
        var isEmployee = false

        /// The login of a guardian who has chosen a password that nobody knows.
        var account: String?

        /// Whether the guardian has an account.
        var isActive: Bool { login != nil || account != nil }
    }

    struct Family {
        let surname: Int
        let father: Int
        let address: String
        var guardians: [Guardian]
        /// The years in which the children entered grade 1.
        var entries: [Int]
        var isClosed = false
    }

    struct Pupil {
        let id: ID
        let name: Name
        let sex: Sex
        let born: Day
        let family: Int
        /// The year in which the student entered grade 1.
        let entry: Int
        let letter: Int
        let ability: Double
        let diligence: Double
        let healthGroup: Int
        let sportGroup: String
        var login: String?

        func grade(in year: Int) -> Int { year - entry + 1 }
    }

    /// The people of the demo school, and the special roles of some of them.
    struct People {
        let letters: Int
        private(set) var staff: [Employee] = []
        private(set) var families: [Family] = []
        private(set) var pupils: [Pupil] = []
        /// Students by year of entry and letter.
        private(set) var classes: [Int: [[Int]]] = [:]
        /// The student who moves from 7Б to 7А, and the one who is taught at home.
        private(set) var transferred: Int?
        private(set) var atHome: Int?
        private var random: Random

        static let letterNames = ["А", "Б", "В", "Г", "Д", "Е", "Ж", "З", "И", "К", "Л", "М"]

        /// - Parameters:
        ///   - year: the year in which the current academic year began.
        ///   - years: how many academic years there are, counted back from it.
        init(seed: UInt64, year: Int, years: Int, students: Int) {
            letters = Self.letters(students: students)
            random = Random(seed: seed, 1)
            hire(year: year)
            for entry in (year - 10 - (years - 1))...year {
                classes[entry] = (0..<letters).map { letter in
                    // The remainder of the division goes to the younger classes.
                    let position = max(0, year - entry) * letters + letter
                    let count = students / (11 * letters) + (position < students % (11 * letters) ? 1 : 0)
                    return (0..<count).map { admit(entry: entry, letter: letter, seat: $0, year: year) }
                }
            }
            activate(seed: seed, year: year)
        }

        /// The class teachers of grades 10 and 11 have issued credentials, and most families have used them.
        private mutating func activate(seed: UInt64, year: Int) {
            var random = Random(seed: seed, 4)
            let seniors = Set(pupils.filter { (10...11).contains($0.grade(in: year)) }.map(\.family))
            for family in seniors.sorted() where !families[family].isClosed {
                for place in families[family].guardians.indices where random.chance(0.8) {
                    families[family].guardians[place].account = "family-\(family + 1)-\(place + 1)"
                }
            }
        }

        /// Classes per grade: up to 28 students each.
        static func letters(students: Int) -> Int { (students + 307) / 308 }

        static func isTechnical(letter: Int) -> Bool { letter % 2 == 0 }

        // MARK: Staff

        /// A teacher who leads a club and nothing else; the last of the staff.
        var clubLeader: Int { staff.count - 1 }

        private mutating func hire(year: Int) {
            func add(
                _ position: String, _ role: String, _ pool: Subject.Pool?, _ sex: Sex, login: String? = nil,
                name: Name? = nil
            ) {
                let surname = random.below(Names.surnames.count)
                let drawn = Names.name(sex, surname: surname, father: random.below(Names.men), &random)
                let hired = Day(year - 2 - random.below(22), 8, 15) + random.below(14)
                staff.append(
                    Employee(
                        id: ID(at: hired.at(minutes: 600), &random), name: name ?? drawn, sex: sex, position: position,
                        role: role, pool: pool,
                        qualification: role == "administrator"
                            ? nil : random.pick(["высшая категория", "высшая категория", "первая категория", nil]),
                        hired: hired, login: login))
            }
            add("Директор", "head", nil, .male, login: "head")
            add("Заместитель директора по УВР", "deputy_head", nil, .female, login: "deputy")
            add("Системный администратор", "administrator", nil, .male, login: "admin")
            add("Заместитель директора по воспитательной работе", "deputy_head", nil, .female)
            for pool in Subject.Pool.allCases {
                for number in 0..<Self.teachers(pool, letters: letters) {
                    let isMain = pool == .mathematics && number == 0
                    // Half of the labour teachers teach the boys, half the girls: they alternate.
                    let isMan = pool == .labour || pool == .sport ? number % 2 == 0 : random.chance(0.12)
                    add(
                        Self.positions[pool.rawValue], "teacher", pool, isMan && !isMain ? .male : .female,
                        login: isMain ? "teacher" : nil,
                        name: isMain ? Name(last: "Соколова", first: "Ирина", middle: "Павловна") : nil)
                }
            }
            // A stream of its own, so that the families do not depend on this teacher.
            let stream = random
            random = Random(seed: random.next(), 5)
            add("Педагог дополнительного образования", "teacher", nil, .male)
            random = stream
        }

        func teachers(of pool: Subject.Pool) -> [Int] { staff.indices.filter { staff[$0].pool == pool } }
        func employee(login: String) -> Int { staff.firstIndex { $0.login == login }! }

        private static func teachers(_ pool: Subject.Pool, letters: Int) -> Int {
            if pool == .primary { return 4 * letters }
            var hours = 0
            for grade in 1...11 {
                for letter in 0..<letters {
                    for item in Curriculum.hours(grade: grade, technical: People.isTechnical(letter: letter))
                    where item.subject.pool(grade: grade) == pool {
                        hours += item.hours * (item.subject.split(grade: grade) == nil ? 1 : 2)
                    }
                }
            }
            let teachers = (hours + 19) / 20
            return pool == .labour || pool == .informatics ? (teachers + 1) / 2 * 2 : teachers
        }

        private static let positions = [
            "Учитель начальных классов", "Учитель русского языка и литературы", "Учитель математики",
            "Учитель английского языка", "Учитель информатики", "Учитель истории и обществознания", "Учитель географии",
            "Учитель биологии", "Учитель химии", "Учитель физики", "Учитель музыки",
            "Учитель изобразительного искусства",
            "Учитель труда (технологии)", "Преподаватель ОБЗР", "Учитель физической культуры",
        ]

        // MARK: Families

        /// A seat in a class of the current year that the story needs.
        private enum Seat {
            case parentsOlder, parentsYounger, student, withoutAccess, transferred, atHome, teachersChild
        }

        private func seat(grade: Int, letter: Int, seat: Int) -> Seat? {
            switch (grade, letter, seat) {
            case (7, 0, 2): .parentsOlder
            case (1, 0, 1): .parentsYounger
            case (7, 0, 4): .student
            case (7, 0, 6): .withoutAccess
            case (7, 1, 3): .transferred
            case (8, letters > 1 ? 1 : 0, 5): .atHome
            case (5, letters > 1 ? 1 : 0, 1): .teachersChild
            default: nil
            }
        }

        private mutating func admit(entry: Int, letter: Int, seat number: Int, year: Int) -> Int {
            let grade = year - entry + 1
            let special = seat(grade: grade, letter: letter, seat: number)
            let family = family(special, entry: entry)
            if special != nil { families[family].isClosed = true }
            families[family].entries.append(entry)

            let sex: Sex = random.chance(0.5) ? .male : .female
            var name = Names.name(sex, surname: families[family].surname, father: families[family].father, &random)
            name.middle = Names.middle(families[family].father, sex)
            let arrived = Day(entry, 4, 1) + random.below(60)
            pupils.append(
                Pupil(
                    id: ID(at: arrived.at(minutes: 600), &random), name: name, sex: sex,
                    born: Day(entry - 7, 1, 1) + (random.below(365) - 60), family: family, entry: entry, letter: letter,
                    ability: max(2.9, 4.05 + 0.5 * random.normal()), diligence: random.unit(),
                    healthGroup: random.pick([1, 2, 2, 2, 2, 3, 3, 4]), sportGroup: sportGroup(special),
                    login: special == .student ? "student" : nil))
            let pupil = pupils.count - 1
            if special == .transferred { transferred = pupil }
            if special == .atHome { atHome = pupil }
            return pupil
        }

        private mutating func sportGroup(_ special: Seat?) -> String {
            if special == .atHome { return "exempt" }
            let draw = random.unit()
            if special != nil || draw < 0.85 { return "main" }
            return draw < 0.95 ? "preparatory" : draw < 0.985 ? "special" : "exempt"
        }

        /// A new family, or one with older children in the school.
        private mutating func family(_ special: Seat?, entry: Int) -> Int {
            if special == .parentsYounger, let family = families.firstIndex(where: { $0.guardians.first?.login != nil })
            {
                return family
            }
            if special == nil, families.count > 40, random.chance(0.09) {
                let family = random.below(families.count)
                if !families[family].isClosed, families[family].entries.allSatisfy({ $0 + 2 <= entry }) {
                    return family
                }
            }
            families.append(found(special, entry: entry))
            return families.count - 1
        }

        private mutating func found(_ special: Seat?, entry: Int) -> Family {
            let surname = random.below(Names.surnames.count)
            let father = random.below(Names.men)
            let since = (Day(entry, 3, 1) + random.below(60)).at(minutes: 700)
            var family = Family(
                surname: surname, father: father,
                address: "г. Екатеринбург, ул. \(random.pick(Self.streets)), д. \(random.within(1...120)), "
                    + "кв. \(random.within(1...180))",
                guardians: [], entries: [])

            let draw = special == nil ? random.unit() : 0.5
            if draw < 0.02 {
                let name = Names.name(
                    .female, surname: random.below(Names.surnames.count), father: random.below(Names.men), &random)
                family.guardians.append(
                    Guardian(
                        id: ID(at: since, &random), name: name, relation: "legal_guardian",
                        basis: "Постановление органа опеки и попечительства № \(random.within(10...900))"))
                return family
            }
            let mother = Names.name(.female, surname: surname, father: random.below(Names.men), &random)
            family.guardians.append(
                Guardian(
                    id: ID(at: since, &random), name: mother, relation: "mother",
                    login: special == .parentsOlder ? "parent" : nil))
            if draw < 0.84 {
                let name = Name(
                    last: Names.last(surname, .male), first: Names.first(man: father),
                    middle: Names.middle(random.below(Names.men), .male))
                family.guardians.append(Guardian(id: ID(at: since, &random), name: name, relation: "father"))
            }
            if special == .withoutAccess {
                family.guardians[1].access = "none"
                family.guardians[1].basis = "Решение суда об ограничении родительских прав № 2-1147"
            }
            if special == .teachersChild { join(&family) }
            return family
        }

        /// Makes a primary school teacher the mother of the family: one person with two roles.
        private mutating func join(_ family: inout Family) {
            guard let teacher = staff.firstIndex(where: { $0.pool == .primary && $0.sex == .female }) else { return }
            staff[teacher] = Employee(
                id: staff[teacher].id,
                name: Name(
                    last: Names.last(family.surname, .female), first: staff[teacher].name.first,
                    middle: staff[teacher].name.middle),
                sex: .female, position: staff[teacher].position, role: "teacher", pool: .primary,
                qualification: staff[teacher].qualification, hired: staff[teacher].hired, isGuardian: true)
            family.guardians[0] = Guardian(
                id: staff[teacher].id, name: staff[teacher].name, relation: "mother", isEmployee: true)
        }

        private static let streets = [
            "Лесная", "Садовая", "Берёзовая", "Заречная", "Полевая", "Школьная", "Солнечная", "Озёрная", "Кедровая",
            "Рябиновая", "Парковая", "Тихая", "Зелёная", "Южная", "Северная",
        ]
    }
}
