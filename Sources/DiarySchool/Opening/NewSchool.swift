import Diary
import DiaryTemplate
import JSON
import Postgres

/// The school that `lyceum school create` creates in the owner's name: a tenant with its settings, and the data of a
/// template.
package struct NewSchool: Sendable {
    /// Initial data for a school.
    package enum Template: String, Sendable, CaseIterable {
        case russian = "ru"
    }

    package struct Opened: Sendable {
        package let id: Int
        package let academicYear: AcademicYear?
        /// The number of rows per table.
        package let rows: [(table: String, rows: Int)]
    }

    package struct AcademicYear: Sendable, Encodable {
        package let name: String
        package let startsOn: String
        package let endsOn: String

        enum CodingKeys: String, CodingKey {
            case name
            case startsOn = "starts_on"
            case endsOn = "ends_on"
        }
    }

    private let code: String
    private let name: String
    private let timeZone: String
    private let template: Template?
    private let year: Int?

    package static let years = 2000...2099

    /// - Parameters:
    ///   - code: see `isCode`.
    ///   - year: the year in which the template's academic year begins; nil: that of the current academic year, or from
    ///     June of the next one.
    package init(code: String, name: String, timeZone: String, template: Template?, year: Int?) {
        self.code = code
        self.name = name
        self.timeZone = timeZone
        self.template = template
        self.year = year
    }

    /// 1 to 63 characters of a-z, 0-9 and -, not beginning with -.
    package static func isCode(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Creates everything in one transaction.
    ///
    /// - Throws: `OwnerRefusal`, or `BlockingConnection.Failure`.
    package func open(_ connection: BlockingConnection) throws -> Opened {
        try connection.transaction {
            try checkTimeZone(connection)
            try connection.explain("command line")
            let answer = try connection.query(
                """
                INSERT INTO schools (code, name, time_zone) VALUES ($1, $2, $3)
                ON CONFLICT (code) DO NOTHING RETURNING id
                """, [code, name, timeZone])
            guard let id = answer.first.flatMap({ Int($0) }) else { throw OwnerRefusal.codeTaken(code) }
            try connection.enter(school: id, timeZone: timeZone)
            try connection.query(
                """
                SELECT lyceum.record_audit(
                    'insert', 'schools', NULL,
                    jsonb_build_object('code', $1::text, 'name', $2::text, 'time_zone', $3::text, 'template', $4::text))
                """, [code, name, timeZone, template?.rawValue])
            switch template {
            case .russian: return try fill(SchoolLoader(connection, school: id))
            case nil: return Opened(id: id, academicYear: nil, rows: [])
            }
        }
    }

    /// PostgreSQL also accepts abbreviations and formulas as time zones; a school needs the name of a place.
    private func checkTimeZone(_ connection: BlockingConnection) throws {
        let known = try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_timezone_names WHERE name = $1 AND name ~ '^([A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+|UTC)$'
            )
            """, [timeZone])
        guard known.first == "t" else { throw OwnerRefusal.unknownTimeZone(timeZone) }
    }

    private func fill(_ loader: SchoolLoader) throws -> Opened {
        guard let today = try loader.connection.query("SELECT lyceum.today()").first.flatMap({ Day($0) }) else {
            preconditionFailure("lyceum.today() is a date")
        }
        let start = year ?? RussianTemplate.Calendar.year(of: today)
        let calendar = RussianTemplate.Calendar(year: start)
        let name = "\(start)/\(start + 1)"
        try loader.load(calendar, name: name, isOpen: calendar.starts <= today)
        try loader.loadCatalogues()
        return Opened(
            id: loader.school,
            academicYear: AcademicYear(name: name, startsOn: calendar.starts.text, endsOn: calendar.ends.text),
            rows: loader.counts)
    }
}

extension SchoolLoader {
    fileprivate func load(_ calendar: RussianTemplate.Calendar, name: String, isOpen: Bool) throws {
        let year = newID()
        try copy("academic_years", "id, name, starts_on, ends_on, second_half_starts_on, state", [calendar]) {
            $0.field(year)
            $0.field(name)
            $0.field($1.starts)
            $0.field($1.ends)
            $0.field($1.secondHalf)
            $0.field(isOpen ? "open" : "planned")
        }
        try copy(
            "terms", "id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels",
            calendar.terms
        ) {
            $0.field(newID())
            $0.field(year)
            $0.field($1.kind)
            $0.field($1.ordinal)
            $0.field($1.name)
            $0.field($1.starts)
            $0.field($1.ends)
            $0.field($1.closes)
            $0.field($1.grades)
        }
        try copy("holidays", "id, academic_year_id, name, starts_on, ends_on, grade_levels", calendar.holidays) {
            $0.field(newID())
            $0.field(year)
            $0.field($1.name)
            $0.field($1.starts)
            $0.field($1.ends)
            if let grades = $1.grades { $0.field(grades) } else { $0.null() }
        }
        let schedules = RussianTemplate.bells.map { (id: newID(), bells: $0) }
        try copy("bell_schedules", "id, academic_year_id, name, shift, grade_levels", schedules) {
            $0.field($1.id)
            $0.field(year)
            $0.field($1.bells.name)
            $0.field($1.bells.shift)
            $0.field($1.bells.grades)
        }
        let slots = schedules.flatMap { schedule in
            (1...schedule.bells.starts.count).map { (schedule.id, $0, schedule.bells.interval(slot: $0)) }
        }
        try copy("bell_slots", "bell_schedule_id, slot, starts_at, ends_at", slots) {
            $0.field($1.0)
            $0.field($1.1)
            $0.field(minutes: $1.2.lowerBound)
            $0.field(minutes: $1.2.upperBound)
        }
    }

    fileprivate func loadCatalogues() throws {
        try copy(
            "subjects", "id, name, short_name, area, position, is_physical",
            RussianTemplate.Subject.allCases.enumerated()
        ) {
            let entry = $1.element.entry
            $0.field(newID())
            $0.field(entry.name)
            $0.field(entry.short)
            $0.field(entry.area)
            $0.field($1.offset + 1)
            $0.field($1.element.isPhysical)
        }
        try copy(
            "categories", "id, name, short_name, weight, is_control, position", RussianTemplate.Category.allCases
        ) {
            let entry = $1.entry
            $0.field(newID())
            $0.field(entry.name)
            $0.field(entry.short)
            $0.field(hundredths: entry.weight)
            $0.field($1.isControl)
            $0.field($1.rawValue + 1)
        }
        try copy(
            "attendance_codes", "id, code, meaning, name, is_default, position", RussianTemplate.AttendanceCode.allCases
        ) {
            let entry = $1.entry
            $0.field(newID())
            $0.field(entry.code)
            $0.field(entry.meaning)
            $0.field(entry.name)
            $0.field($1.isDefault)
            $0.field($1.rawValue + 1)
        }
        var labels = JSONWriter()
        labels.beginObject()
        for (code, label) in RussianTemplate.codeLabels {
            labels.key(code)
            labels.string(label)
        }
        labels.endObject()
        try connection.query(
            "UPDATE school_settings SET code_labels = $2::jsonb WHERE school_id = $1",
            [String(school), String(decoding: labels.bytes, as: UTF8.self)])
    }
}
