import ArgumentParser
import Crypto
import Foundation

struct ExportVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check an archive: its files, its sums and its signature.",
        discussion: """
            Checks that each file which SHA256SUMS names is there with its hash, that there are no other files, and that \
            SHA256SUMS is signed with one of the keys in LYCEUM_ARCHIVE_KEYS. Without a key only the files are checked, and \
            the output says so. Needs no database.

            EXAMPLES:
              lyceum export verify /var/archives/lyceum29-2025
              lyceum export verify /var/archives/lyceum29-2025 --json

            EXIT CODES:
              0   everything that was checked is right
              2   something is not, or there is no archive in the directory
              64  wrong use of the command line
              78  a setting is wrong
            """)

    @Argument(help: ArgumentHelp("The directory of the archive.", valueName: "directory"))
    var directory: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        try await reportingErrors {
            let keys = try await settings.load().loadArchiveKeys()
            let verification: ArchiveVerification
            do {
                verification = try ArchiveVerification(of: directory, keys)
            } catch let failure as ArchiveVerification.Failure {
                complain(failure.description)
                throw Exit.refused
            }
            try show(verification)
            guard verification.faults.isEmpty else { throw Exit.refused }
        }
    }

    private func show(_ verification: ArchiveVerification) throws {
        if json { return try printJSON(verification) }
        guard verification.faults.isEmpty else {
            for fault in verification.faults { complain(fault.description) }
            complain("\(directory) is not as it was written (faults: \(verification.faults.count)).")
            return
        }
        print("The \(verification.files) files are as \(ArchiveSums.file) has them, and there are no others.")
        if let key = verification.key {
            print(
                "\(ArchiveSums.file) is signed with the key \(key): nobody without this key has changed anything since."
            )
        } else {
            print(
                verification.isSigned
                    ? "The signature was not checked, as LYCEUM_ARCHIVE_KEYS is not set." : "The archive is not signed."
            )
            print("This does not show who made the archive: whoever changes a file can compute its sum, too.")
        }
    }
}
