import ArgumentParser

/// Flags of all commands that need settings.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A JSON file of settings.", discussion: "Or LYCEUM_CONFIG.", valueName: "path"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The directory with Migrations/, Templates/ and openapi.yaml.",
            discussion: "Or LYCEUM_RESOURCES_DIRECTORY.",
            valueName: "path"))
    var resources: String?

    private var flags: [String: String?] { ["resources.directory": resources] }

    func load() async throws -> Settings { try await load(flags: [:]) }

    /// Warns of variables that nothing reads; most of them are misspelt.
    func load(flags: [String: String?]) async throws -> Settings {
        for warning in Settings.warnings() { complain("Warning: \(warning)") }
        return try await Settings.load(config: config, flags: flags.merging(self.flags) { $1 })
    }
}

/// Additional flags of commands that serve.
struct ListenOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The address to listen on.", discussion: "Or LYCEUM_LISTEN_HOST.", valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp("The port to listen on; 0 picks a free one.", discussion: "Or LYCEUM_LISTEN_PORT."))
    var port: Int?

    @Option(help: ArgumentHelp("The number of cores to use.", discussion: "Or LYCEUM_CORES.", valueName: "n"))
    var cores: Int?

    @Option(help: ArgumentHelp("The URL that clients use.", discussion: "Or LYCEUM_PUBLIC_URL.", valueName: "url"))
    var publicURL: String?

    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp(
            "A PEM file with the server's certificate and chain.", discussion: "Or LYCEUM_TLS_CERTIFICATE.",
            valueName: "path"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp(
            "A PEM file with the certificate's private key.", discussion: "Or LYCEUM_TLS_KEY.", valueName: "path"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical.", discussion: "Or LYCEUM_LOG_LEVEL.",
            valueName: "level"))
    var logLevel: String?

    func load(_ options: SettingsOptions) async throws -> Settings {
        let flags: [String: String?] = [
            "listen.host": host, "listen.port": port.map { String($0) }, "cores": cores.map { String($0) },
            "public.url": publicURL, "log.level": logLevel, "tls.certificate": certificate, "tls.key": key,
        ]
        return try await options.load(flags: flags)
    }
}
