/// Why a command of the owner changed nothing.
package enum OwnerRefusal: Error, Equatable, CustomStringConvertible {
    case codeTaken(String)
    case unknownTimeZone(String)
    case noSchool(String)
    case loginTaken(String)
    case noUser(String, school: String)
    case notStaff(String)
    case blocked(String)

    package var description: String {
        let reason =
            switch self {
            case .codeTaken(let code): "There is a school \(code) already: `lyceum school list` shows all."
            case .unknownTimeZone(let name):
                "\(name) is no time zone. Give the name that the IANA database has, such as Europe/Moscow."
            case .noSchool(let code): "There is no school \(code): `lyceum school list` shows all."
            case .loginTaken(let login): "The login \(login) is taken: choose another one."
            case .noUser(let login, let school): "Nobody at \(school) has the login \(login)."
            case .notStaff(let login):
                "\(login) is not of the staff: pupils and guardians get their codes from the class teacher (A2)."
            case .blocked(let login): "\(login) is blocked or depersonalised, and a new code would not change that."
            }
        return reason + " Nothing was changed."
    }
}
