import Crypto

extension Settings {
    /// - Throws: `SettingsError` when the text has no valid keys.
    func loadArchiveKeys() throws -> ArchiveKeys? {
        guard let archiveKeys else { return nil }
        do {
            return ArchiveKeys(try TokenKeys(configuration: archiveKeys))
        } catch {
            let origin = entries.first { $0.key == "archive.keys" }?.origin ?? ""
            throw SettingsError.wrong("archive.keys", origin: origin, "can't be used: \(error)")
        }
    }
}
