import ArgumentParser
import Diary
import FoundationEssentials

struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Work with the API's contract, openapi.yaml.",
        subcommands: [JSON.self])
}

extension OpenAPICommand {
    struct JSON: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make openapi.json from openapi.yaml.",
            discussion: """
                Done at set-up, so that the server doesn't read YAML. Keys keep their order, and the same YAML gives \
                the same bytes.

                EXAMPLES:
                  lyceum openapi json
                  lyceum openapi json --output /tmp/openapi.json
                  lyceum openapi json --output - | python3 -m json.tool

                EXIT CODES: 0 done, 2 openapi.yaml is not right or openapi.json can't be written, 78 no openapi.yaml
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(name: .shortAndLong, help: "Where to write; - is standard output. Default: beside openapi.yaml.")
        var output: String?

        func run() async throws {
            try await reportingErrors {
                let path = try InstalledFiles(settings: await settings.load()).openAPIYAML()
                guard let data = FileManager.default.contents(atPath: path),
                    let yaml = String(validating: data, as: UTF8.self)
                else { throw OpenAPIError("\(path) can't be read as UTF-8.") }
                let json = try openAPIJSON(yaml: yaml)
                if output == "-" {
                    print(json, terminator: "")
                    return
                }
                let target = output ?? String(path.dropLast(4)) + "json"
                do {
                    try Data(json.utf8).write(to: URL(filePath: target), options: .atomic)
                } catch {
                    throw OpenAPIError("\(target) can't be written.")
                }
            }
        }
    }
}
