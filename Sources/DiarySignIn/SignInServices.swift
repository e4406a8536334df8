import Crypto
import Diary
import Reactor
import Synchronization
import Web

/// The services that sign-in needs in addition to the kernel's. All cores share them.
package final class SignInServices: Sendable {
    let refreshTokens: RefreshTokens
    let formTokens: FormTokens
    let tickets: EnrolmentTickets
    let passwords: PasswordThreads
    /// Passwords that nobody may choose; nil: there is no list.
    let breachedPasswords: BreachedPasswords?
    let pages: Pages
    let printing: SlipPrinting

    package init(
        _ settings: Services.Settings, breachedPasswords: BreachedPasswords?, passwords: PasswordThreads, pages: Pages,
        printing: SlipPrinting
    ) throws {
        refreshTokens = try RefreshTokens(settings.tokenKeys)
        formTokens = try FormTokens(settings.tokenKeys)
        tickets = EnrolmentTickets(keys: settings.tokenKeys, now: settings.now)
        self.breachedPasswords = breachedPasswords
        self.passwords = passwords
        self.pages = pages
        self.printing = printing
    }
}

/// How slips with codes come on paper.
package struct SlipPrinting: Sendable {
    /// Renders the page, beside the cores.
    let rendering: Offload
    /// Makes a PDF of a page, for the caller with this `owner`.
    let pdf: @Sendable (_ page: [UInt8], _ owner: String) async throws -> [UInt8]
    private let places = Places()
    /// Where families and staff sign in; nil: the server's own address.
    let address: String?

    package init(
        rendering: Offload, address: String?,
        pdf: @escaping @Sendable (_ page: [UInt8], _ owner: String) async throws -> [UInt8]
    ) {
        self.rendering = rendering
        self.address = address
        self.pdf = pdf
    }

    /// Runs a transaction that may wait for a PDF. Each has a leased connection as long as it waits, so there are few of
    /// them, on all cores together.
    ///
    /// - Throws: `overloaded` if there is no place.
    func reserving<Value>(_ form: CodeForm, _ body: () async throws -> Value) async throws -> Value {
        guard form == .pdf else { return try await body() }
        guard places.take() else { throw Problem(.overloaded, headers: [("Retry-After", "5")]) }
        defer { places.give() }
        return try await body()
    }

    private final class Places: Sendable {
        private let free = Mutex(2)

        func take() -> Bool {
            free.withLock { free in
                guard free > 0 else { return false }
                free -= 1
                return true
            }
        }

        func give() { free.withLock { $0 += 1 } }
    }
}

extension Services {
    var signIn: SignInServices { area() }
}
