import Crypto
import Postgres

/// Loads rows of one school in the owner's name.
package final class SchoolLoader {
    package let connection: BlockingConnection
    package let school: Int
    /// The number of rows per table, in the order of loading.
    package private(set) var counts: [(table: String, rows: Int)] = []
    private var identifiers = UUIDv7()

    package init(_ connection: BlockingConnection, school: Int) {
        self.connection = connection
        self.school = school
    }

    /// Writes one row per element: `school_id`, then the values that `write` writes for `columns`.
    package func copy<Rows: Sequence>(
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

    /// Adds rows that derive from others: an `INSERT INTO … SELECT` whose `$1` is the school.
    package func derive(_ table: String, _ statement: String, _ parameters: [String] = []) throws {
        add(table, try connection.query(statement, [String(school)] + parameters).affected)
    }

    package func newID() -> String { identifiers.next() }

    private func add(_ table: String, _ rows: Int) {
        if let index = counts.firstIndex(where: { $0.table == table }) {
            counts[index].rows += rows
        } else {
            counts.append((table, rows))
        }
    }
}

extension CopyWriter {
    package mutating func field(_ day: Day) { field(raw: day.append(to:)) }

    package mutating func field(_ day: Day?) {
        if let day { field(day) } else { null() }
    }

    /// A time of day.
    package mutating func field(minutes: Int) {
        field { buffer in
            Day.append(minutes / 60, digits: 2, to: &buffer)
            buffer.append(UInt8(ascii: ":"))
            Day.append(minutes % 60, digits: 2, to: &buffer)
        }
    }

    /// A number with two decimal places.
    package mutating func field(hundredths: Int) {
        field { buffer in
            CopyWriter.append(hundredths / 100, to: &buffer)
            buffer.append(UInt8(ascii: "."))
            Day.append(hundredths % 100, digits: 2, to: &buffer)
        }
    }

    /// An array of numbers.
    package mutating func field(_ numbers: [Int]) {
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
