import DiaryTestSupport
import Glibc
import JSON

/// What a program reads from an export.
struct ExportReader {
    let client: TestClient

    struct Table {
        let watermark: String
        let columns: [String]
        /// CSV: the cells of each row.
        let rows: [[String]]

        subscript(_ row: Int, _ column: String) -> String { rows[row][columns.firstIndex(of: column)!] }

        func column(_ name: String) -> [String] {
            let index = columns.firstIndex(of: name)!
            return rows.map { $0[index] }
        }
    }

    func answer(_ path: String, headers: [(String, String)] = []) throws -> TestClient.Answer {
        let answer = try client.get("/v1/exports/\(path)", headers: headers)
        guard answer.status == 200 else { throw TestFailure("\(path): \(answer.status) \(answer.text)") }
        return answer
    }

    func table(_ path: String) throws -> Table {
        let answer = try answer(path)
        let records = try Self.records(answer.body)
        guard let watermark = answer["Lyceum-Watermark"], let head = records.first else {
            throw TestFailure("no watermark or no head")
        }
        guard answer.trailers.first?.value == String(records.count - 1) else {
            throw TestFailure("Lyceum-Rows is \(answer.trailers), but there are \(records.count - 1) rows")
        }
        return Table(watermark: watermark, columns: head, rows: Array(records.dropFirst()))
    }

    /// The lines as JSON.
    func lines(_ path: String) throws -> [JSONValue] {
        try Self.lines(answer(path + (path.contains("?") ? "&" : "?") + "format=ndjson").body).map {
            try JSONValue(parsing: Array($0))
        }
    }

    static func lines(_ content: [UInt8]) -> [ArraySlice<UInt8>] { content.split(separator: 10) }

    /// RFC 4180, strictly: CRLF, quotes only around a whole field and doubled inside.
    static func records(_ content: [UInt8]) throws -> [[String]] {
        var records: [[String]] = []
        var open = ""
        for line in String(decoding: content, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        {
            // A quoted field goes on in the next line.
            let whole = open.isEmpty ? String(line) : open + "\r\n" + line
            if !whole.utf8.contains(0x22) {
                records.append(whole.split(separator: ",", omittingEmptySubsequences: false).map { String($0) })
            } else if whole.utf8.count(where: { $0 == 0x22 }) % 2 == 1 {
                open = whole
                continue
            } else {
                records.append(try fields(Array(whole.utf8)))
            }
            open = ""
        }
        guard open.isEmpty, records.last == [""] else { throw TestFailure("the last row has no end") }
        guard !records.contains(where: { $0.contains { $0.utf8.contains(0x0D) } }) else {
            throw TestFailure("not CRLF")
        }
        return records.dropLast()
    }

    /// The fields of a line with quotes.
    private static func fields(_ line: [UInt8]) throws -> [String] {
        var fields: [String] = []
        var index = 0
        while true {
            var field: [UInt8] = []
            if index < line.count, line[index] == 0x22 {
                index += 1
                while index < line.count, line[index] != 0x22 || index + 1 < line.count && line[index + 1] == 0x22 {
                    if line[index] == 0x22 { index += 1 }
                    field.append(line[index])
                    index += 1
                }
                index += 1
            } else {
                while index < line.count, line[index] != 0x2C {
                    guard line[index] != 0x22 else { throw TestFailure("a quote inside a field") }
                    field.append(line[index])
                    index += 1
                }
            }
            fields.append(String(decoding: field, as: UTF8.self))
            guard index < line.count else { return fields }
            guard line[index] == 0x2C else { throw TestFailure("text behind a quoted field") }
            index += 1
        }
    }

    /// Reads some of the content, and closes the connection in the middle.
    ///
    /// - Returns: the watermark, and the content that has arrived, at least `count` bytes of it.
    func broken(_ path: String, after count: Int) throws -> (watermark: String, content: [UInt8]) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = client.port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestFailure("connect: errno \(errno)") }
        let head = "GET /v1/exports/\(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(client.token!)\r\n\r\n"
        guard send(descriptor, head, head.utf8.count, Int32(MSG_NOSIGNAL)) == head.utf8.count else {
            throw TestFailure("send: errno \(errno)")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count < count + 4096 {
            let received = recv(descriptor, &buffer, buffer.count, 0)
            guard received > 0 else { throw TestFailure("the answer has ended after \(bytes.count) bytes") }
            bytes += buffer[..<received]
        }
        let end = bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) }!
        let fields = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let watermark = fields.first(where: { $0.hasPrefix("Lyceum-Watermark: ") }) else {
            throw TestFailure("no watermark: \(fields)")
        }
        return (String(watermark.dropFirst(18)), Self.unchunked(bytes[(end + 4)...]))
    }

    private static func unchunked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var rest = bytes
        var content: [UInt8] = []
        while let end = rest.firstIndex(of: 10),
            let size = Int(String(decoding: rest[rest.startIndex..<(end - 1)], as: UTF8.self), radix: 16), size > 0
        {
            rest = rest[(end + 1)...]
            content += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return content
    }

    /// A copy of an export as a program keeps it: the rows by id.
    struct Copy: Equatable {
        private(set) var rows: [String: [String]] = [:]

        mutating func apply(_ table: Table) {
            for row in table.rows {
                if row.last == "true" { rows[row[0]] = nil } else { rows[row[0]] = row }
            }
        }
    }

    func copy(_ path: String) throws -> Copy {
        var copy = Copy()
        copy.apply(try table(path))
        return copy
    }
}
