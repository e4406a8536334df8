/// Why an owner's command changed nothing.
package enum OwnerRefusal: Error, Equatable, CustomStringConvertible {
    case codeTaken(String)
    case unknownTimeZone(String)
    case noSchool(String)
    case loginTaken(String)
    /// - Parameters:
    ///   - others: login and roles of each.
    ///   - login: of the first one.
    case namesakes(String, school: String, others: [String], login: String?)
    case noUser(String, school: String)
    case notStaff(String)
    case blocked(String)

    package var description: String {
        let reason =
            switch self {
            case .codeTaken(let code): "There is already a school \(code); `lyceum school list` shows all schools."
            case .unknownTimeZone(let name):
                "\(name) is not a time zone. Give a name from the IANA database, such as Europe/Moscow."
            case .noSchool(let code): "There is no school \(code); `lyceum school list` shows all schools."
            case .loginTaken(let login): "The login \(login) is taken: choose another one."
            case .namesakes(let name, let school, let others, let login):
                "\(school) already has \(name) (\(others.joined(separator: "; "))). For a new code for the same person, run "
                    + "`lyceum user reset --school \(school) \(login ?? "LOGIN") --reason …`; for another person of this name, "
                    + "add --namesake."
            case .noUser(let login, let school): "Nobody at \(school) has the login \(login)."
            case .notStaff(let login):
                "\(login) is not a member of staff: students and guardians get their codes from the class teacher (A2)."
            case .blocked(let login):
                "\(login) is blocked, or their data was erased; a new code would not change that."
            }
        return reason + " Nothing was changed."
    }
}
