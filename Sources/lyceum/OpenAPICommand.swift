import ArgumentParser
import Compression
import Contract
import Diary
import FoundationEssentials

struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Build and check the API's contract, openapi.yaml.",
        discussion: """
            EXAMPLES:
              lyceum openapi bundle
              lyceum openapi check
              lyceum openapi json

            EXIT CODES: 0 done, 1 check: openapi.yaml is out of date, 2 a part is wrong or a file can't be written, 78 a \
            file is missing
            """,
        subcommands: [Bundle.self, Check.self, JSON.self])
}

extension OpenAPICommand {
    struct Bundle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build openapi.yaml from the parts in openapi/.",
            discussion: """
                People edit the parts; openapi.yaml is built from them and committed, too. The same parts give the same \
                bytes.

                EXAMPLES:
                  lyceum openapi bundle
                  lyceum openapi bundle --output - | less

                EXIT CODES: 0 done, 2 a part is wrong or openapi.yaml can't be written, 78 there is no openapi/
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(
            name: .shortAndLong, help: "The file to write; - is standard output. Default: openapi.yaml beside openapi/."
        )
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
            abstract: "Check that openapi.yaml matches the parts in openapi/.",
            discussion: """
                EXAMPLES:
                  lyceum openapi check

                EXIT CODES: 0 it matches, 1 it is out of date (run `lyceum openapi bundle`), 2 a part is wrong, 78 there is \
                no openapi/ or no openapi.yaml
                """)

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let installed = try InstalledFiles(settings: await settings.load())
                let bundle = try Contract.bundle(try installed.openAPIParts())
                let path = try installed.openAPIYAML()
                guard Array(bundle.utf8) == (try installed.contents(path)) else {
                    complain(
                        "\(path) is out of date: it differs from the parts in openapi/. Run `lyceum openapi bundle`."
                    )
                    throw Exit.pending
                }
            }
        }
    }

    struct JSON: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build openapi.json from openapi.yaml.",
            discussion: """
                Run it at set-up: the server needs openapi.json. Keys keep their order, and the same YAML gives the same \
                bytes. Without --output it also writes both documents in gzip, so that the server does not compress them \
                at each start.

                EXAMPLES:
                  lyceum openapi json
                  lyceum openapi json --output /tmp/openapi.json
                  lyceum openapi json --output - | python3 -m json.tool

                EXIT CODES: 0 done, 2 openapi.yaml is wrong or openapi.json can't be written, 78 there is no openapi.yaml
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(
            name: .shortAndLong,
            help: "The file to write; - is standard output. Default: openapi.json beside openapi.yaml.")
        var output: String?

        func run() async throws {
            try await reportingErrors {
                let path = try InstalledFiles(settings: await settings.load()).openAPIYAML()
                guard let data = FileManager.default.contents(atPath: path),
                    let yaml = String(validating: data, as: UTF8.self)
                else { throw OpenAPIError("Can't read \(path) as UTF-8.") }
                let json = try openAPIJSON(yaml: yaml)
                if let output { return try write(json, to: output) }
                let target = String(path.dropLast(4)) + "json"
                try write(json, to: target)
                for (text, file) in [(yaml, path), (json, target)] {
                    try write(GzipEncoder(level: 9).encode(Array(text.utf8)), to: file + ".gz")
                }
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
    try write(Array(text.utf8), to: target)
}

private func write(_ bytes: [UInt8], to file: String) throws(OpenAPIError) {
    do {
        try Data(bytes).write(to: URL(filePath: file), options: .atomic)
    } catch {
        throw OpenAPIError("Can't write \(file).")
    }
}
