import Postgres

extension Demo {
    /// Loads the rows of one school as the owner.
    final class Loader {
        let connection: BlockingConnection
        let school: Int
        private(set) var counts: [(table: String, rows: Int)] = []

        init(_ connection: BlockingConnection, school: Int) {
            self.connection = connection
            self.school = school
        }

        /// Tables a demo fills, parents before children.
        static let tables = [
            "users", "user_roles", "staff", "students", "guardians", "guardianships", "academic_years", "terms",
            "holidays", "bell_schedules", "bell_slots", "rooms", "subjects", "categories", "attendance_codes", "groups",
            "classes", "class_teachers", "enrollments", "group_members", "sections", "section_teachers",
            "curriculum_plans", "plan_units", "plan_topics", "timetable_entries", "lessons", "substitutions",
            "line_items", "marks", "mark_history", "attendance", "attendance_history", "homework", "homework_students",
            "homework_completions", "feedback", "conduct_notes", "final_marks", "final_mark_history",
        ]

        /// Row-by-row rules and histories are off while `body` loads; what they keep is checked by the caller after it.
        func withoutTriggers(_ body: () throws -> Void) throws {
            for table in Self.tables { try connection.execute("ALTER TABLE \(table) DISABLE TRIGGER USER") }
            try body()
            // A table with events in wait can't be altered.
            try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in Self.tables { try connection.execute("ALTER TABLE \(table) ENABLE TRIGGER USER") }
        }

        /// A row per element: `school_id` and what `write` writes for `columns`.
        func copy<Rows: Sequence>(
            _ table: String, _ columns: String, _ rows: Rows, _ write: (inout CopyWriter, Rows.Element) -> Void
        ) throws {
            let statement = "COPY \(table) (school_id, \(columns)) FROM STDIN"
            let count = try connection.copyIn(statement) { writer in
                for row in rows {
                    writer.field(school)
                    write(&writer, row)
                    try writer.endRow()
                }
            }
            add(table, count)
        }

        /// Rows that follow from others: an `INSERT INTO … SELECT` whose `$1` is the school.
        func derive(_ table: String, _ statement: String, _ parameters: [String] = []) throws {
            add(table, try connection.query(statement, [String(school)] + parameters).affected)
        }

        func add(_ table: String, _ rows: Int) {
            if let index = counts.firstIndex(where: { $0.table == table }) {
                counts[index].rows += rows
            } else {
                counts.append((table, rows))
            }
        }
    }
}

extension CopyWriter {
    mutating func field(_ id: Demo.ID) { field(raw: id.append(to:)) }
    mutating func field(_ day: Demo.Day) { field(raw: day.append(to:)) }
    mutating func field(_ moment: Demo.Moment) { field(raw: moment.append(to:)) }

    mutating func field(_ id: Demo.ID?) {
        if let id { field(id) } else { null() }
    }

    mutating func field(_ day: Demo.Day?) {
        if let day { field(day) } else { null() }
    }

    mutating func field(_ moment: Demo.Moment?) {
        if let moment { field(moment) } else { null() }
    }

    /// A time of day.
    mutating func field(minutes: Int) {
        field { Demo.Moment.append(time: minutes * 60, to: &$0) }
    }

    /// A number with two digits after the point.
    mutating func field(hundredths: Int) {
        field { buffer in
            CopyWriter.append(hundredths / 100, to: &buffer)
            buffer.append(UInt8(ascii: "."))
            Demo.Day.append(hundredths % 100, digits: 2, to: &buffer)
        }
    }

    /// An array of numbers.
    mutating func field(_ numbers: [Int]) {
        field { buffer in
            buffer.append(UInt8(ascii: "{"))
            for (index, number) in numbers.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                CopyWriter.append(number, to: &buffer)
            }
            buffer.append(UInt8(ascii: "}"))
        }
    }
}
