/// A person's role at the school. `class_teacher` is not stored: it follows from the classes that a teacher leads
/// today.
package enum Role: String, Sendable, Hashable, CaseIterable {
    case administrator
    case head
    case deputyHead = "deputy_head"
    case teacher
    case classTeacher = "class_teacher"
    case guardian
    case student
}

/// Who may call a route. The handler's SQL decides which rows the caller sees.
package struct Access: Sendable, Equatable {
    package enum People: Sendable, Equatable {
        /// Everybody, even without a token.
        case anybody
        case signedIn
        /// Signed in with at least one of these roles.
        case roles(Set<Role>)
    }

    package let people: People
    /// An integration needs one of these scopes. When there are none, integrations may not call the route.
    package private(set) var scopes: Set<ProgramScope> = []
    /// Closed to third-party apps, whatever the person has allowed them: passwords, credentials, the clients
    /// themselves.
    package private(set) var isForOwnApps = false

    package static let open = Access(people: .anybody)
    package static let signedIn = Access(people: .signedIn)
    package static func roles(_ roles: Set<Role>) -> Access { Access(people: .roles(roles)) }

    /// Also for integrations with one of these scopes.
    package func programs(_ scopes: ProgramScope...) -> Access {
        var access = self
        access.scopes = Set(scopes)
        return access
    }

    package var ownApps: Access {
        var access = self
        access.isForOwnApps = true
        return access
    }

    package static let staff = Access.roles([.administrator, .head, .deputyHead, .teacher, .classTeacher])
    /// The parts of the set-up that everybody at the school may read, and those that only staff may read.
    package static let setUp = Access.signedIn.programs(.schoolRead)
    package static let setUpOfStaff = Access.staff.programs(.schoolRead)
    package static let administrators = Access.roles([.administrator])
    /// People who maintain the school's set-up and the teachers' workload.
    package static let managers = Access.roles([.administrator, .head, .deputyHead])
    package static let headsOfSchool = Access.roles([.head, .deputyHead])
    /// Those who appoint class teachers, who issue credentials (A2). Apps of others and integrations do not; a trigger on
    /// `class_teachers` enforces it for every statement.
    package static let appointers = Access.managers.ownApps
    /// People who maintain profiles: managers all of them, class teachers those of their class (A4).
    package static let keepersOfProfiles = Access.roles([.administrator, .head, .deputyHead, .classTeacher])
    /// People who may read marks. Administrators run the system and may not (domain: Who does what).
    package static let readersOfMarks = Access.roles([.head, .deputyHead, .teacher, .classTeacher, .guardian, .student])
    package static let readersOfJournals = Access.roles([.head, .deputyHead, .teacher, .classTeacher])
}

extension Access: CustomStringConvertible {
    package var description: String {
        let who =
            switch people {
            case .anybody: "open"
            case .signedIn: "signed in"
            case .roles(let roles): roles.map { $0.rawValue }.sorted().joined(separator: ", ")
            }
        if people == .roles([]) { return "integrations alone" }
        return isForOwnApps ? "\(who); the school's own apps" : who
    }
}
