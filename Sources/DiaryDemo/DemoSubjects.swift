import DiaryTemplate

extension Demo {
    /// The subjects, in the order of registers and report cards.
    enum Subject: Int, CaseIterable {
        case russian, reading, literature, english, mathematics, algebra, analysis, geometry, statistics, informatics
        case world, history, social, geography, biology, physics, chemistry, ethics, culture, art, music, labour
        case sport, safety, project, elective, talks, robotics, chess, theatre

        /// The groups of teachers by what they teach.
        enum Pool: Int, CaseIterable {
            case primary, russian, mathematics, english, informatics, history, geography, biology, chemistry, physics
            case music, art, labour, safety, sport
        }

        /// The style of homework and works.
        enum Style {
            case language, reading, numbers, foreign, science, humanities, creative, sport, talk
        }

        struct Entry {
            let name: String
            let short: String
            let area: String
            let pool: Pool
            let style: Style
        }

        var entry: Entry { Self.entries[rawValue] }

        /// Whether control works are written.
        var hasControls: Bool {
            switch self {
            case .russian, .english, .mathematics, .algebra, .analysis, .geometry, .informatics, .world, .history,
                .social,
                .geography, .biology, .physics, .chemistry:
                true
            default: false
            }
        }

        /// How much its marks exceed those of other subjects.
        var ease: Double {
            switch entry.style {
            case .sport, .creative: 0.45
            case .humanities, .reading: 0.1
            default: 0
            }
        }

        /// Whether two parts of the class are taught at the same time.
        enum Split {
            case halves, sexes
        }

        func split(grade: Int) -> Split? {
            switch self {
            case .english, .informatics: .halves
            case .labour: grade >= 5 ? .sexes : nil
            default: nil
            }
        }

        /// Who teaches it in a grade: in primary school mostly the class's own teacher.
        func pool(grade: Int) -> Pool {
            switch self {
            case .russian, .mathematics, .art, .labour, .ethics: grade <= 4 ? .primary : entry.pool
            default: entry.pool
            }
        }

        private static let entries: [Entry] = [
            Entry(.russian, .russian, .language), Entry(.reading, .primary, .reading),
            Entry(.literature, .russian, .reading), Entry(.english, .english, .foreign),
            Entry(.mathematics, .mathematics, .numbers), Entry(.algebra, .mathematics, .numbers),
            Entry(.analysis, .mathematics, .numbers), Entry(.geometry, .mathematics, .numbers),
            Entry(.statistics, .mathematics, .numbers), Entry(.informatics, .informatics, .science),
            Entry(.world, .primary, .science), Entry(.history, .history, .humanities),
            Entry(.social, .history, .humanities), Entry(.geography, .geography, .humanities),
            Entry(.biology, .biology, .science), Entry(.physics, .physics, .numbers),
            Entry(.chemistry, .chemistry, .science), Entry(.ethics, .primary, .talk),
            Entry(.culture, .art, .humanities), Entry(.art, .art, .creative), Entry(.music, .music, .creative),
            Entry(.labour, .labour, .creative), Entry(.sport, .sport, .sport), Entry(.safety, .safety, .humanities),
            Entry(.project, .informatics, .talk),
            Entry(
                name: "Практикум по подготовке к экзамену", short: "Практикум", area: "Курсы по выбору",
                pool: .mathematics, style: .talk),
            Entry(name: "Разговоры о важном", short: "РоВ", area: extra, pool: .primary, style: .talk),
            Entry(name: "Робототехника", short: "Робот.", area: extra, pool: .informatics, style: .talk),
            Entry(name: "Шахматы", short: "Шахматы", area: extra, pool: .safety, style: .talk),
            Entry(name: "Театральная студия", short: "Театр", area: extra, pool: .music, style: .talk),
        ]

        private static let extra = "Внеурочная деятельность"
    }

    /// Hours a week by grade: the maximum for a five-day week, from 21 in grade 1 to 34 in grade 11. Grade 6 has one
    /// hour less: with the conversation on Monday, no day has more than six lessons.
    enum Curriculum {
        static func hours(grade: Int, technical: Bool) -> [(subject: Subject, hours: Int)] {
            switch grade {
            case 1:
                [
                    (.russian, 5), (.reading, 4), (.mathematics, 4), (.world, 2), (.art, 1), (.music, 1), (.labour, 1),
                    (.sport, 3),
                ]
            case 2, 3:
                [
                    (.russian, 5), (.reading, 4), (.english, 2), (.mathematics, 4), (.world, 2), (.art, 1), (.music, 1),
                    (.labour, 1), (.sport, 3),
                ]
            case 4:
                [
                    (.russian, 5), (.reading, 4), (.english, 2), (.mathematics, 4), (.world, 2), (.ethics, 1),
                    (.art, 1),
                    (.music, 1), (.labour, 1), (.sport, 2),
                ]
            case 5:
                [
                    (.russian, 5), (.literature, 3), (.english, 3), (.mathematics, 5), (.informatics, 1), (.history, 3),
                    (.geography, 1), (.biology, 1), (.culture, 1), (.art, 1), (.music, 1), (.labour, 2), (.sport, 2),
                ]
            case 6:
                [
                    (.russian, 6), (.literature, 3), (.english, 3), (.mathematics, 5), (.history, 3), (.social, 1),
                    (.geography, 1), (.biology, 1), (.art, 1), (.music, 1), (.labour, 2), (.sport, 2),
                ]
            case 7:
                [
                    (.russian, 4), (.literature, 2), (.english, 3), (.algebra, 4), (.geometry, 2), (.statistics, 1),
                    (.informatics, 1), (.history, 2), (.social, 1), (.geography, 2), (.physics, 2), (.biology, 2),
                    (.art, 1),
                    (.music, 1), (.labour, 2), (.sport, 2),
                ]
            case 8:
                [
                    (.russian, 3), (.literature, 2), (.english, 3), (.algebra, 4), (.geometry, 2), (.statistics, 1),
                    (.informatics, 1), (.history, 2), (.social, 1), (.geography, 2), (.physics, 2), (.chemistry, 2),
                    (.biology, 2), (.music, 1), (.labour, 1), (.sport, 3), (.safety, 1),
                ]
            case 9:
                [
                    (.russian, 3), (.literature, 3), (.english, 3), (.algebra, 4), (.geometry, 2), (.statistics, 1),
                    (.informatics, 1), (.history, 2), (.social, 1), (.geography, 2), (.physics, 3), (.chemistry, 2),
                    (.biology, 2), (.labour, 1), (.sport, 2), (.safety, 1),
                ]
            default: senior(technical: technical) + [(grade == 10 ? .project : .elective, 1)]
            }
        }

        private static func senior(technical: Bool) -> [(subject: Subject, hours: Int)] {
            let common: [(subject: Subject, hours: Int)] = [
                (.russian, 2), (.english, 3), (.statistics, 1), (.geography, 1), (.biology, 1), (.chemistry, 1),
                (.sport, 2),
                (.safety, 1),
            ]
            return technical
                ? common + [
                    (.literature, 3), (.analysis, 4), (.geometry, 3), (.informatics, 2), (.physics, 5), (.history, 2),
                    (.social, 2),
                ]
                : common + [
                    (.literature, 5), (.analysis, 3), (.geometry, 2), (.informatics, 1), (.physics, 2), (.history, 4),
                    (.social, 4),
                ]
        }

        /// The subjects of the student who is taught at home.
        static let home: [(subject: Subject, hours: Int)] = [
            (.russian, 2), (.literature, 1), (.algebra, 2), (.english, 1), (.history, 1), (.geography, 1),
            (.physics, 1),
            (.chemistry, 1),
        ]
    }
}

extension Demo.Subject.Entry {
    fileprivate init(_ subject: RussianTemplate.Subject, _ pool: Demo.Subject.Pool, _ style: Demo.Subject.Style) {
        let (name, short, area) = subject.entry
        self.init(name: name, short: short, area: area, pool: pool, style: style)
    }
}
