import ArgumentParser
import Diary
import DiaryServer
import HTTP1
import Web

struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Print every route: method, path, who may call it, scopes that let a program in, operationId.",
        discussion: """
            EXAMPLES:
              lyceum routes
              lyceum routes --json
            """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let rows = Routes.all.map { route in
            RouteRow(
                method: route.method.rawValue, path: route.path, access: route.access.description,
                scopes: route.access.scopes.map { $0.rawValue }.sorted(), operationId: route.operation)
        }
        if json {
            try printJSON(rows)
        } else {
            printTable(
                [["METHOD", "PATH", "ACCESS", "SCOPES", "OPERATION"]]
                    + rows.map { [$0.method, $0.path, $0.access, $0.scopes.joined(separator: " "), $0.operationId] })
        }
    }

    private struct RouteRow: Encodable {
        let method: String
        let path: String
        let access: String
        let scopes: [String]
        let operationId: String
    }
}
