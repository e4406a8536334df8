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
    static let usage = ExitCode(64)
    static let settings = ExitCode(78)
}

/// Runs a command's work. Errors become messages on standard error and exit codes.
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
        throw error.exitCode
    } catch let error as BlockingConnection.Failure {
        complain("The database refused: \(error)")
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

/// Asks at the terminal, on standard error. False when there is no terminal.
///
/// - Throws: `Exit.refused` when the answer is not yes.
func asks(_ question: String) throws -> Bool {
    guard isatty(STDIN_FILENO) == 1 else { return false }
    fflush(nil)
    _ = write(STDERR_FILENO, question, question.utf8.count)
    if readLine() != "yes" {
        complain("Nothing was changed.")
        throw Exit.refused
    }
    return true
}

extension MigrationError {
    fileprivate var exitCode: ExitCode {
        switch self {
        case .stopped(let signal, _, _, _, _), .abandoned(let signal): ExitCode(128 + signal)
        // The cause is the database, not the files.
        case .failed, .functions, .interrupted, .busy: Exit.database
        default: Exit.refused
        }
    }
}
