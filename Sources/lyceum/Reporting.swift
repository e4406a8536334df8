import ArgumentParser
import Contract
import Crypto
import Diary
import DiaryServer
import Glibc
import Postgres
import Reactor
import TLS

/// The exit codes of `lyceum --help`.
enum Exit {
    static let pending = ExitCode(1)
    static let refused = ExitCode(2)
    static let database = ExitCode(3)
    static let settings = ExitCode(78)
}

/// Runs a command's work; errors go to standard error as sentences, and become exit codes.
func reportingErrors(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as SettingsError {
        complain(error.description)
        throw Exit.settings
    } catch let error as InstalledFilesError {
        complain(error.description)
        throw Exit.settings
    } catch let error as CertificateError {
        complain(error.description)
        throw Exit.settings
    } catch let error as MigrationError {
        complain(error.description)
        throw error.isDatabases ? Exit.database : Exit.refused
    } catch let error as BlockingConnection.Failure {
        complain("The database says: \(error)")
        throw Exit.database
    } catch let error as TokenKeysError {
        complain("LYCEUM_TOKEN_KEYS: \(error)")
        throw Exit.settings
    } catch let error as SystemError {
        complain(error.description)
        throw Exit.refused
    } catch let error as StartChecks.Failure {
        complain(error.description)
        throw Exit.refused
    } catch let error as OwnerRefusal {
        complain(error.description)
        throw Exit.refused
    } catch let error as OpenAPIError {
        complain(error.description)
        throw Exit.refused
    } catch let error as ContractError {
        complain(error.description)
        throw Exit.refused
    }
}

/// Writes a line to standard error.
func complain(_ text: String) {
    let line = "lyceum: \(text)\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
}

extension MigrationError {
    /// The database's fault, not the files'.
    fileprivate var isDatabases: Bool {
        switch self {
        case .failed, .functions, .interrupted, .busy: true
        default: false
        }
    }
}
