import ArgumentParser
import Contract
import Diary
import FoundationEssentials

struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Work with the API's contract, openapi.yaml.",
        subcommands: [Bundle.self, Check.self, JSON.self])
}

extension OpenAPICommand {
    struct Bundle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make openapi.yaml from the parts in openapi/.",
            discussion: """
                The parts are what people write; openapi.yaml is kept beside them, whole, for whoever reads it. The same \
                parts give the same bytes.

                EXAMPLES:
                  lyceum openapi bundle
                  lyceum openapi bundle --output - | less

                EXIT CODES: 0 done, 2 a part is not right or openapi.yaml can't be written, 78 no openapi/
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(name: .shortAndLong, help: "Where to write; - is standard output. Default: beside openapi/.")
        var output: String?

        func run() async throws {
            try await reportingErrors {
                let parts = try InstalledFiles(settings: await settings.load()).openAPIParts()
                try write(try Contract.bundle(parts), to: output ?? parts + ".yaml")
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare openapi.yaml with what the parts in openapi/ give.",
            discussion: """
                EXIT CODES: 0 they agree, 1 they don't: `lyceum openapi bundle` makes it anew, 2 a part is not right, \
                78 no openapi/ or no openapi.yaml
                """)

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let installed = try InstalledFiles(settings: await settings.load())
                let bundle = try Contract.bundle(try installed.openAPIParts())
                let path = try installed.openAPIYAML()
                guard Array(bundle.utf8) == (try installed.contents(path)) else {
                    complain(
                        "\(path) is not what the parts in openapi/ give. Make it anew with `lyceum openapi bundle`.")
                    throw Exit.pending
                }
            }
        }
    }

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
                try write(try openAPIJSON(yaml: yaml), to: output ?? String(path.dropLast(4)) + "json")
            }
        }
    }
}

/// Writes a document to a file, or to standard output.
private func write(_ text: String, to target: String) throws(OpenAPIError) {
    if target == "-" {
        print(text, terminator: "")
        return
    }
    do {
        try Data(text.utf8).write(to: URL(filePath: target), options: .atomic)
    } catch {
        throw OpenAPIError("\(target) can't be written.")
    }
}
