import Crypto
import Diary
import Postgres
import Web

/// An import as the owner of the database for `lyceum import`; it does the same as `POST /v1/imports`.
package struct OwnerImport {
    private let connection: BlockingConnection
    private let school: String
    private let files: [ImportFile]
    private let faults: [ImportFault]

    /// - Parameters:
    ///   - school: the school's code.
    ///   - kind: the kind of the file; nil for an archive of several files.
    package init(_ connection: BlockingConnection, school: String, _ kind: ImportKind?, _ bytes: [UInt8]) {
        var identifiers = UUIDv7()
        self.connection = connection
        self.school = school
        if let kind {
            files = [ImportFile(kind, bytes) { identifiers.next() }]
            faults = []
        } else {
            let archive = ImportArchive(bytes) { identifiers.next() }
            files = archive.files
            faults = archive.faults
        }
    }

    /// - Parameter progress: called with the number of finished steps and of all steps.
    /// - Throws: `ImportRefusal`, `OwnerRefusal`, or `BlockingConnection.Failure`.
    package func run(
        _ options: ImportOptions, progress: (_ done: Int, _ steps: Int) -> Void
    ) throws -> [ImportReport] {
        var choreography = ImportChoreography(files, faults: faults, options)
        return try connection.transaction {
            let id = try enter()
            var calls = try choreography.next([])
            while !calls.isEmpty {
                var done = choreography.done
                var answers: [[[String?]]]? = []
                do {
                    for call in calls {
                        if call.isStep {
                            progress(done, choreography.steps)
                            done += 1
                        }
                        answers?.append(try connection.query(call.statement.sql, call.texts(school: id)).rows)
                    }
                } catch let failure as BlockingConnection.Failure {
                    guard choreography.mayFail, failure.sqlState != nil else { throw failure }
                    answers = nil
                }
                calls = try choreography.next(answers)
            }
            progress(choreography.steps, choreography.steps)
            return choreography.reports
        }
    }

    private func enter() throws -> String {
        let row = try connection.query("SELECT id, time_zone FROM schools WHERE code = $1", [school]).rows.first
        guard let id = row?[0], let zone = row?[1], let number = Int(id) else { throw OwnerRefusal.noSchool(school) }
        try connection.explain("command line: import")
        try connection.enter(school: number, timeZone: zone)
        return id
    }
}

extension ImportCall {
    fileprivate func texts(school: String) -> [String?] {
        switch parameters {
        case .none: []
        case .school: [school]
        case .rows(let rows): [school, rows]
        }
    }
}
