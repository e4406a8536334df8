import Configuration
import FoundationEssentials
import HTTP1
import Postgres
import TLS
import Web

/// An error in the settings, with the way to correct it. Never contains a secret.
enum SettingsError: Error, Equatable, CustomStringConvertible {
    case missing(String)
    /// The first setting is missing, and the second one is of no use without it.
    case needed(String, by: String)
    case wrong(String, origin: String, String)
    case file(String, String)

    var description: String {
        switch self {
        case .missing(let key): "\(key) is not set. \(Self.advice(key))"
        case .needed(let key, let other): "\(key) is not set, but \(other) needs it. \(Self.advice(key))"
        case .wrong(let key, let origin, let problem): "\(key) (from \(origin)) \(problem)."
        case .file(let path, let problem): "The settings file \(path) \(problem)\(problem.hasSuffix("?") ? "" : ".")"
        }
    }
}

extension SettingsError {
    private static func advice(_ key: String) -> String {
        "Set \(Settings.variable(key)) in the environment, or \(key) in the file given with --config."
    }
}

/// The layers of settings, searched in order. Records where each setting was found.
struct Lookup {
    private let layers: [Layer]
    private(set) var entries: [Settings.Entry] = []

    static let keys = [
        "database.url", "owner.database.url", "listen.host", "listen.port", "cores", "database.readers",
        "database.writers", "database.leased", "database.queue.limit", "database.queue.timeout", "token.keys",
        "secrets.keys", "archive.keys", "tls.certificate", "tls.key", "proxies.trusted", "connections.core",
        "connections.total",
        "connections.address", "bodies.memory", "answers.memory",
        "shutdown.delay", "public.url", "log.level", "log.requests", "log.probes", "rate.requests", "rate.signins",
        "rate.window", "cors.origins",
        "compression.minimum", "server.timing", "admin.host", "admin.port", "background.enabled",
        "background.rhythm", "background.concurrency", "changes.keep", "outbox.allowed_networks", "outbox.plain_http",
        "outbox.authorities", "passwords.breached", "reports.python", "resources.directory", "push.vapid_key",
        "push.subject", "mail.url",
        "mail.user", "mail.password", "mail.from", "mail.link", "mail.interval",
    ]

    init(layers: [Layer]) { self.layers = layers }

    mutating func string(_ key: String) throws(SettingsError) -> String? {
        let found = try find(key, .string)
        note(key, found?.value, found?.origin)
        return found?.value
    }

    mutating func string(
        _ key: String, oneOf allowed: [String]? = nil, default fallback: String
    ) throws(SettingsError) -> String {
        let found = try find(key, .string)
        if let found, let allowed, !allowed.contains(found.value) {
            throw .wrong(key, origin: found.origin, "must be one of \(allowed.joined(separator: ", "))")
        }
        note(key, found?.value ?? fallback, found?.origin ?? "default")
        return found?.value ?? fallback
    }

    mutating func int(
        _ key: String, in range: ClosedRange<Int>, default fallback: Int
    ) throws(SettingsError) -> Int {
        let found = try find(key, .int)
        note(key, found?.value ?? String(fallback), found?.origin ?? "default")
        guard let found else { return fallback }
        guard let number = Int(found.value), range.contains(number) else {
            throw .wrong(key, origin: found.origin, "must be between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// Addresses and blocks of addresses, separated by commas.
    mutating func blocks(_ key: String) throws(SettingsError) -> [AddressBlock] {
        let found = try find(key, .string)
        note(key, found?.value, found?.origin)
        guard let found else { return [] }
        var blocks: [AddressBlock] = []
        for part in found.value.split(separator: ",") {
            let text = part.filter { $0 != " " }
            guard let block = AddressBlock(text) else {
                throw .wrong(
                    key, origin: found.origin, "has \(text), which is neither an address nor a block like 10.0.0.0/8")
            }
            blocks.append(block)
        }
        return blocks
    }

    /// The path of a file with certificates of authorities.
    mutating func authorities(_ key: String) throws(SettingsError) -> String? {
        let found = try find(key, .string)
        note(key, found?.value, found?.origin)
        guard let found else { return nil }
        guard let content = FileManager.default.contents(atPath: found.value) else {
            throw .wrong(key, origin: found.origin, "names \(found.value), which can't be read")
        }
        guard TrustedAuthorities.count(inPEM: Array(content)) > 0 else {
            throw .wrong(key, origin: found.origin, "names \(found.value), which has no certificate in PEM form")
        }
        return found.value
    }

    /// A certificate needs a key, and a key needs a certificate.
    mutating func tls() throws(SettingsError) -> Settings.TLSFiles? {
        let certificate = try string("tls.certificate")
        let key = try string("tls.key")
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return Settings.TLSFiles(certificate: certificate, key: key)
        case (nil, _?): throw .missing("tls.certificate")
        case (_?, nil): throw .missing("tls.key")
        }
    }

    mutating func int(_ key: String, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        guard try find(key, .int) != nil else {
            note(key, nil, nil)
            return nil
        }
        return try int(key, in: range, default: 0)
    }

    mutating func bool(_ key: String, default fallback: Bool) throws(SettingsError) -> Bool {
        let found = try find(key, .bool)
        if let found, Bool(found.value) == nil {
            throw .wrong(key, origin: found.origin, "must be true or false")
        }
        note(key, found?.value ?? String(fallback), found?.origin ?? "default")
        return found.flatMap { Bool($0.value) } ?? fallback
    }

    /// The origins of pages on other hosts.
    mutating func origins(_ key: String) throws(SettingsError) -> CORS? {
        guard let found = try find(key, .string) else {
            note(key, nil, nil)
            return nil
        }
        note(key, found.value, found.origin)
        do {
            return try CORS(found.value)
        } catch {
            throw .wrong(
                key, origin: found.origin,
                "must be origins like https://app.example.org, separated by commas, or *; this is not one: \(error.origin)"
            )
        }
    }

    mutating func secret(_ key: String) throws(SettingsError) -> String? {
        let found = try find(key, .string)
        note(key, found.map { _ in "***" }, found?.origin)
        return found?.value
    }

    /// The URL of a database, shown without its password.
    mutating func url(_ key: String) throws(SettingsError) -> String? {
        guard let found = try find(key, .string) else {
            note(key, nil, nil)
            return nil
        }
        guard let url = try? ConnectionURL(found.value) else {
            throw .wrong(key, origin: found.origin, "must look like postgresql://user:password@host:5432/database")
        }
        note(key, url.masked, found.origin)
        return found.value
    }

    private mutating func note(_ key: String, _ value: String?, _ origin: String?) {
        entries.append(Settings.Entry(key: key, value: value, origin: origin ?? "not set"))
    }

    private func find(_ key: String, _ type: ConfigType) throws(SettingsError) -> (value: String, origin: String)? {
        for layer in layers {
            let value: ConfigValue?
            do {
                value = try layer.provider.value(forKey: AbsoluteConfigKey(ConfigKey(key)), type: type).value
            } catch {
                let kind = type == .int ? "a whole number" : type == .bool ? "true or false" : "text"
                throw .wrong(key, origin: layer.origin(key), "must be \(kind)")
            }
            switch value?.content {
            case .string(let text): return (text, layer.origin(key))
            case .bool(let value): return (String(value), layer.origin(key))
            case .int(let number): return (String(number), layer.origin(key))
            default: continue
            }
        }
        return nil
    }
}

/// One source of settings.
struct Layer {
    let provider: any ConfigProvider
    let origin: @Sendable (_ key: String) -> String

    /// Values of flags by key. Numbers are text, as in the environment.
    init(flags: [String: String]) {
        provider = EnvironmentVariablesProvider(
            environmentVariables: Dictionary(
                uniqueKeysWithValues: flags.map { ($0.key.replacing(".", with: "_").uppercased(), $0.value) }))
        origin = { _ in "command line" }
    }

    init(environment: [String: String]) {
        provider = EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "lyceum")
        origin = { Settings.variable($0) }
    }

    /// A JSON file. An unknown key is an error, because the setting would silently have no effect.
    init(file path: String) async throws(SettingsError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .file(path, "can't be read") }
        let keys: Keys
        do {
            keys = try JSONDecoder().decode(Keys.self, from: data)
            let location = InMemoryProvider(
                name: "path", values: ["filePath": ConfigValue(.string(path), isSecret: false)])
            provider = try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: location))
        } catch {
            throw .file(path, "is not a JSON object of objects, strings, numbers and true or false")
        }
        for key in keys.paths where !Lookup.keys.contains(key) {
            let hint = Suggestions.nearest(to: key, in: Lookup.keys).map { "did you mean \($0)?" }
            throw .file(path, "has the unknown key \(key); \(hint ?? "`lyceum config` lists all keys")")
        }
        origin = { _ in path }
    }
}

/// The paths of all leaves of a JSON object.
private struct Keys: Decodable {
    var paths: [String] = []

    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        guard let container = try? decoder.container(keyedBy: Key.self) else { return }
        for key in container.allKeys {
            let inner = try container.decode(Keys.self, forKey: key).paths
            paths += inner.isEmpty ? [key.stringValue] : inner.map { "\(key.stringValue).\($0)" }
        }
    }
}
