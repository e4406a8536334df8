import ArgumentParser
import Diary
import DiaryServer
import HTTP1
import Web

struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Print all routes of the API.",
        discussion: """
            For each one: method, path, who may call it, the scopes with which integrations may call it, operationId.

            EXAMPLES:
              lyceum routes
              lyceum routes --json

            EXIT CODES: 0 printed, 64 wrong use of the command line
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
