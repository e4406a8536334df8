/// The initial data of a Russian school. `lyceum school create --template ru` and the demo school use it.
///
/// Names and hours come from the federal educational programmes and from practice, not from the regulation on the
/// diary. A school changes whatever differs. The days of a year are in RussianCalendar.swift.
package enum RussianTemplate {
    /// Subjects of the federal curriculum, grades 1 to 11, in the order of registers and report cards.
    package enum Subject: CaseIterable {
        case russian, native, reading, nativeReading, literature, nativeLiterature
        case english, german, french, secondLanguage
        case mathematics, algebra, analysis, geometry, statistics, informatics
        case world, history, social, geography, biology, physics, chemistry, ethics, culture
        case art, music, labour, sport, safety, project

        package var entry: (name: String, short: String, area: String) {
            switch self {
            case .russian: ("Русский язык", "Рус. яз.", Area.philology)
            case .native: ("Родной язык", "Род. яз.", Area.native)
            case .reading: ("Литературное чтение", "Лит. чт.", Area.philology)
            case .nativeReading: ("Литературное чтение на родном языке", "Лит. чт. род.", Area.native)
            case .literature: ("Литература", "Лит-ра", Area.philology)
            case .nativeLiterature: ("Родная литература", "Род. лит.", Area.native)
            case .english: ("Английский язык", "Англ. яз.", Area.foreign)
            case .german: ("Немецкий язык", "Нем. яз.", Area.foreign)
            case .french: ("Французский язык", "Франц. яз.", Area.foreign)
            case .secondLanguage: ("Второй иностранный язык", "2-й ин. яз.", Area.foreign)
            case .mathematics: ("Математика", "Матем.", Area.exact)
            case .algebra: ("Алгебра", "Алгебра", Area.exact)
            case .analysis: ("Алгебра и начала математического анализа", "Алг. и нач.", Area.exact)
            case .geometry: ("Геометрия", "Геом.", Area.exact)
            case .statistics: ("Вероятность и статистика", "ВиС", Area.exact)
            case .informatics: ("Информатика", "Инф.", Area.exact)
            case .world: ("Окружающий мир", "Окр. мир", Area.nature)
            case .history: ("История", "История", Area.society)
            case .social: ("Обществознание", "Общ.", Area.society)
            case .geography: ("География", "Геогр.", Area.society)
            case .biology: ("Биология", "Биол.", Area.nature)
            case .physics: ("Физика", "Физика", Area.nature)
            case .chemistry: ("Химия", "Химия", Area.nature)
            case .ethics: ("Основы религиозных культур и светской этики", "ОРКСЭ", Area.morals)
            case .culture: ("Основы духовно-нравственной культуры народов России", "ОДНКНР", Area.morals)
            case .art: ("Изобразительное искусство", "ИЗО", Area.arts)
            case .music: ("Музыка", "Музыка", Area.arts)
            case .labour: ("Труд (технология)", "Труд", "Технология")
            case .sport: ("Физическая культура", "Физ-ра", Area.body)
            case .safety: ("Основы безопасности и защиты Родины", "ОБЗР", Area.body)
            case .project: ("Индивидуальный проект", "Проект", "Проект")
            }
        }

        /// K2: its teachers see their students' health groups.
        package var isPhysical: Bool { self == .sport }
    }

    /// Subject areas (предметные области) that several subjects share.
    private enum Area {
        static let philology = "Русский язык и литература"
        static let native = "Родной язык и родная литература"
        static let foreign = "Иностранные языки"
        static let exact = "Математика и информатика"
        static let nature = "Естественно-научные предметы"
        static let society = "Общественно-научные предметы"
        static let morals = "Духовно-нравственная культура"
        static let arts = "Искусство"
        static let body = "Физическая культура и безопасность"
    }

    /// Kinds of work. Weights are in hundredths.
    package enum Category: Int, CaseIterable {
        case answer, independent, control, homework, project, dictation, essay, laboratory, test, practice

        package var entry: (name: String, short: String, weight: Int) {
            switch self {
            case .answer: ("Ответ на уроке", "ОТВ", 100)
            case .independent: ("Самостоятельная работа", "СР", 150)
            case .control: ("Контрольная работа", "КР", 300)
            case .homework: ("Домашняя работа", "ДР", 100)
            case .project: ("Проект", "ПР", 200)
            case .dictation: ("Диктант", "ДИК", 200)
            case .essay: ("Сочинение, изложение", "СОЧ", 200)
            case .laboratory: ("Лабораторная работа", "ЛР", 150)
            case .test: ("Тест", "ТСТ", 150)
            case .practice: ("Практическая работа", "ПРК", 150)
            }
        }

        /// M9: the whole group, 30 minutes or more.
        package var isControl: Bool { self == .control }
    }

    /// Labels of attendance (T1).
    package enum AttendanceCode: Int, CaseIterable {
        case absent, ill, excused, unexcused, late, away

        package var entry: (code: String, meaning: String, name: String) {
            switch self {
            case .absent: ("Н", "absent", "Отсутствие")
            case .ill: ("Б", "ill", "Болезнь")
            case .excused: ("УП", "excused", "Уважительная причина")
            case .unexcused: ("НП", "unexcused", "Неуважительная причина")
            case .late: ("ОП", "late", "Опоздание")
            case .away: ("ОТ", "absent", "Отсутствие на отдельном уроке")
            }
        }

        /// Whether a record that gives only the meaning gets this label.
        package var isDefault: Bool { self != .away }
    }

    /// Labels of the fixed codes of marks (M2).
    package static let codeLabels = [
        "pass": "зач", "fail": "незач", "exempt": "осв", "owed": "точка", "not_assessed": "н/а",
    ]

    /// A bell schedule. Times are minutes after midnight.
    package struct Bells {
        package let name: String
        package let shift: Int
        package let grades: [Int]
        package let starts: [Int]
        package let minutes: Int

        package init(name: String, shift: Int, grades: [Int], starts: [Int], minutes: Int) {
            self.name = name
            self.shift = shift
            self.grades = grades
            self.starts = starts
            self.minutes = minutes
        }

        package func interval(slot: Int) -> Range<Int> { starts[slot - 1]..<(starts[slot - 1] + minutes) }
    }

    /// Two shifts, and a schedule for grade 1, which is in the first shift.
    ///
    /// They keep the sanitary rules: no lesson before 8:00 or after 19:00, breaks of ten minutes and two of twenty, half
    /// an hour between the shifts, and a pause of forty minutes for grade 1. Lessons of forty minutes leave room for all
    /// of this beside seven lessons in the first shift.
    package static let bells = [
        Bells(
            name: "Первая смена", shift: 1, grades: Array(2...11), starts: [480, 530, 590, 650, 700, 750, 800],
            minutes: 40),
        Bells(
            name: "Вторая смена", shift: 2, grades: Array(2...11), starts: [870, 920, 980, 1040, 1090], minutes: 40),
        Bells(name: "Первые классы", shift: 1, grades: [1], starts: [480, 530, 610, 660, 710], minutes: 40),
    ]
}
