/// Why an owner's command changed nothing.
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
            case .codeTaken(let code): "The school \(code) already exists: `lyceum school list` shows all schools."
            case .unknownTimeZone(let name):
                "\(name) is not a time zone. Give a name from the IANA database, such as Europe/Moscow."
            case .noSchool(let code): "There is no school \(code): `lyceum school list` shows all schools."
            case .loginTaken(let login): "The login \(login) is taken: choose another one."
            case .noUser(let login, let school): "Nobody at \(school) has the login \(login)."
            case .notStaff(let login):
                "\(login) is not staff: students and guardians get their codes from the class teacher (A2)."
            case .blocked(let login): "\(login) is blocked or depersonalised; a new code would not change that."
            }
        return reason + " Nothing was changed."
    }
}
