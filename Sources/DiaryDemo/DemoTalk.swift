import Diary

extension Demo {
    /// What the school and families have told each other in the last seven days of the current year: announcements,
    /// threads of class teachers with families, contacts with families without an account, and consultations.
    struct Talk {
        struct Announcement {
            let id: ID
            let by: ID
            let title: String
            let text: String
            let audience: [String]
            let asks: Bool
            let starts: Moment
            /// Each person once, with a student for guardians.
            var reached: [(person: ID, student: ID?)]
            var receipts: [(person: ID, read: Moment, acknowledged: Moment?)] = []
        }

        struct Message {
            let id: ID
            let by: ID
            let text: String
            let written: Moment
        }

        struct Thread {
            let id: ID
            let subject: String
            let student: ID
            let teacher: ID
            let guardian: ID
            var messages: [Message]
            /// When the guardian read the first message, and the teacher the answer.
            var readByGuardian: Moment?
            var readByTeacher: Moment?
        }

        struct Contact {
            let id: ID
            let student: ID
            let guardian: ID?
            let day: Day
            let means: String
            let isReached: Bool
            let text: String
            let by: ID
            let made: Moment
        }

        struct Consultation {
            let id: ID
            let asker: ID?
            let visitor: (name: String, phone: String)?
            let category: String
            let subject: String
            let messages: [(id: ID, kind: String, text: String, by: ID, at: Moment)]
            var answered: Moment? { messages.last { $0.kind == "answer" }?.at }
        }

        let journal: Journal
        var announcements: [Announcement] = []
        var threads: [Thread] = []
        var contacts: [Contact] = []
        var consultations: [Consultation] = []

        private var year: Year { journal.year }
        private var people: People { year.people }
        /// The week ends with the last evening before today.
        private var last: Moment { journal.latest }
        var first: Moment { last.after(minutes: -7 * 1440) }
        private var staff: (head: ID, deputy: ID, administrator: ID) {
            (
                people.staff[people.employee(login: "head")].id, people.staff[people.employee(login: "deputy")].id,
                people.staff[people.employee(login: "admin")].id
            )
        }

        init(_ journal: Journal) {
            self.journal = journal
            guard journal.year.isCurrent, !journal.year.isOver else { return }
            announceToSchool()
            for number in journal.year.classes.indices { talk(of: number) }
            consult()
        }

        // MARK: The school

        private mutating func announceToSchool() {
            var random = year.stream(95)
            let starts = first.after(minutes: 1440 + random.within(60...300))
            var reached = people.staff.map { (person: $0.id, student: ID?.none) }.filter { $0.person != staff.head }
            for schoolClass in year.classes.indices {
                reached += guardians(of: schoolClass) + students(of: schoolClass)
            }
            announce(
                by: staff.head, "День открытых дверей",
                "В субботу в 11:00 ждём будущих первоклассников и их родителей. Уроки в этот день идут по расписанию.",
                ["guardians/school", "staff/school", "students/school"], asks: false, at: starts, to: reached, &random)
        }

        // MARK: A class

        private mutating func talk(of number: Int) {
            var random = year.stream(96, number)
            let schoolClass = year.classes[number]
            let teacher = people.staff[schoolClass.teacher]
            let isShown = teacher.login == "teacher"
            if isShown || random.chance(0.7) {
                let (title, text, asks) = random.pick(Self.announcements)
                announce(
                    by: teacher.id, title, text, ["guardians/class/\(schoolClass.id.text)"], asks: asks,
                    at: evening(random.below(5), &random), to: guardians(of: number), &random)
            }
            var families = year.groups[schoolClass.group].members.filter { $0.holds(on: year.today) }.map(\.pupil)
            random.shuffle(&families)
            if isShown { families.sort { isOfLogin($0) && !isOfLogin($1) } }
            for pupil in families.prefix(3) { write(to: pupil, from: teacher.id, &random) }
            for pupil in families.dropFirst(3).filter({ !isActive($0) }).prefix(5) {
                call(pupil, by: teacher.id, &random)
            }
        }

        private mutating func write(to pupil: Int, from teacher: ID, _ random: inout Random) {
            let family = people.families[people.pupils[pupil].family]
            guard let guardian = family.guardians.first(where: { $0.access == "full" }), guardian.id != teacher else {
                return
            }
            let (subject, text, answer) = random.pick(Self.letters)
            let written = evening(random.below(4), &random)
            var thread = Thread(
                id: ID(at: written, &random), subject: subject, student: people.pupils[pupil].id, teacher: teacher,
                guardian: guardian.id,
                messages: [Message(id: ID(at: written, &random), by: teacher, text: text, written: written)])
            if guardian.isActive, random.chance(guardian.login == nil ? 0.7 : 1) {
                let read = written.after(minutes: random.within(5...600))
                thread.readByGuardian = read
                if random.chance(guardian.login == nil ? 0.5 : 1) {
                    let answered = read.after(minutes: random.within(1...20))
                    thread.messages.append(
                        Message(id: ID(at: answered, &random), by: guardian.id, text: answer, written: answered))
                    thread.readByTeacher = answered.after(minutes: random.within(5...300))
                }
            }
            threads.append(thread)
        }

        private mutating func call(_ pupil: Int, by teacher: ID, _ random: inout Random) {
            let family = people.families[people.pupils[pupil].family]
            let made = evening(random.below(6), &random)
            let means = random.pick(["phone", "phone", "phone", "meeting", "slip"])
            let guardian = means == "slip" ? nil : family.guardians.first { $0.access == "full" }?.id
            contacts.append(
                Contact(
                    id: ID(at: made, &random), student: people.pupils[pupil].id, guardian: guardian,
                    day: Day(number: (made.seconds + Moment.offset) / 86_400), means: means,
                    isReached: means != "phone" || random.chance(0.75), text: random.pick(Self.calls), by: teacher,
                    made: made))
        }

        // MARK: Consultations

        private mutating func consult() {
            var random = year.stream(97)
            let opened = evening(0, &random)
            let answered = opened.after(minutes: 15 * 60)
            if let parent = people.families.flatMap({ $0.guardians }).first(where: { $0.login == "parent" }) {
                ask(
                    parent.id, nil, "access", "Второй телефон",
                    [
                        ("question", "Можно ли пользоваться дневником с двух телефонов?", parent.id, opened),
                        ("answer", "Да, с тем же логином и паролем.", staff.administrator, answered),
                    ], &random)
            }
            let teacher = people.staff[people.employee(login: "teacher")].id
            ask(
                teacher, nil, "timetable", "Кабинет для консультации",
                [("question", "Где можно провести консультацию во вторник?", teacher, opened.after(minutes: 1440))],
                &random)
            ask(
                nil, ("Петрова Мария Ивановна", "+7 000 123-45-67"), "access", "Не подходит код",
                [("question", "Код с листка не принимается.", staff.administrator, opened.after(minutes: 2 * 1440))],
                &random)
        }

        private mutating func ask(
            _ asker: ID?, _ visitor: (name: String, phone: String)?, _ category: String, _ subject: String,
            _ texts: [(kind: String, text: String, by: ID, at: Moment)], _ random: inout Random
        ) {
            consultations.append(
                Consultation(
                    id: ID(at: texts[0].at, &random), asker: asker, visitor: visitor, category: category,
                    subject: subject,
                    messages: texts.map { (ID(at: $0.at, &random), $0.kind, $0.text, $0.by, $0.at) }))
        }

        // MARK: Whom and when

        private mutating func announce(
            by author: ID, _ title: String, _ text: String, _ audience: [String], asks: Bool, at starts: Moment,
            to reached: [(person: ID, student: ID?)], _ random: inout Random
        ) {
            var announcement = Announcement(
                id: ID(at: starts, &random), by: author, title: title, text: text, audience: audience, asks: asks,
                starts: starts, reached: [])
            var told: Set<ID> = [author]
            for reached in reached where told.insert(reached.person).inserted { announcement.reached.append(reached) }
            for (person, _) in announcement.reached where active.contains(person) && random.chance(0.75) {
                let read = starts.after(minutes: random.within(3...900))
                announcement.receipts.append(
                    (person, read, asks && random.chance(0.8) ? read + random.within(5...90) : nil))
            }
            announcements.append(announcement)
        }

        /// People who sign in.
        private var active: Set<ID> {
            var active = Set(people.staff.filter { $0.login != nil }.map(\.id))
            active.formUnion(people.pupils.filter { $0.login != nil }.map(\.id))
            for family in people.families { active.formUnion(family.guardians.filter { $0.isActive }.map(\.id)) }
            return active
        }

        private func members(of schoolClass: Int) -> [Int] {
            year.groups[year.classes[schoolClass].group].members.filter { $0.holds(on: year.today) }.map(\.pupil)
        }

        private func students(of schoolClass: Int) -> [(person: ID, student: ID?)] {
            members(of: schoolClass).map { (people.pupils[$0].id, people.pupils[$0].id) }
        }

        private func guardians(of schoolClass: Int) -> [(person: ID, student: ID?)] {
            members(of: schoolClass).flatMap { pupil in
                people.families[people.pupils[pupil].family].guardians.filter { $0.access == "full" }.map {
                    ($0.id, people.pupils[pupil].id)
                }
            }
        }

        private func isActive(_ pupil: Int) -> Bool {
            people.families[people.pupils[pupil].family].guardians.contains { $0.isActive && $0.access == "full" }
        }

        private func isOfLogin(_ pupil: Int) -> Bool {
            people.families[people.pupils[pupil].family].guardians.contains { $0.login != nil }
        }

        /// Late in the afternoon of a day of the week, in time for an answer before its end.
        private func evening(_ day: Int, _ random: inout Random) -> Moment {
            let minutes: Int = day * 1440 - random.within(120...420)
            return first.after(minutes: minutes)
        }

        private static let announcements: [(String, String, Bool)] = [
            ("Родительское собрание", "Собрание в четверг в 18:00. Подтвердите, пожалуйста, что прочли.", true),
            ("Экскурсия в музей", "В пятницу после уроков едем в музей, сбор у входа в 14:30.", false),
            ("Сменная обувь", "Напоминаю о сменной обуви: на улице сыро.", false),
            ("Согласие на экскурсию", "Сдайте до среды. Подтвердите, пожалуйста, что прочли.", true),
        ]

        private static let letters: [(String, String, String)] = [
            (
                "Домашние задания", "Добрый день! На этой неделе не сданы несколько заданий.",
                "Спасибо, сегодня всё доделаем."
            ),
            ("Справка после болезни", "Добрый день! Принесите справку за прошлую неделю.", "Принесём завтра утром."),
            ("Олимпиада", "Добрый день! Вы согласны на участие в олимпиаде?", "Да, согласны, спасибо!"),
            (
                "Поведение на уроках", "Добрый день! Поговорите дома о разговорах на уроках.",
                "Поговорили, обещает стараться."
            ),
        ]

        private static let calls = [
            "Родительское собрание в четверг", "Пропуски без справки", "Отметки за неделю", "Экскурсия в пятницу",
            "Сменная обувь",
        ]
    }
}

extension Demo.Moment {
    func after(minutes: Int) -> Demo.Moment { self + minutes * 60 }
}

extension Demo.ID {
    var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
