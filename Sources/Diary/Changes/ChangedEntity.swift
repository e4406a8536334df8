import Postgres
import Web

/// How the feeds tell of one kind of rows: who hears of them, in which circles, and what a row looks like. The areas declare
/// theirs; the kernel names none.
package struct ChangedEntity: Sendable {
    /// The rows with these ids (`uuid[]`) that the caller sees now, each with its `id`.
    package typealias Rows = @Sendable (_ caller: Caller, _ ids: Parameter) -> Query

    /// By which the log names it.
    package let name: String
    /// Who reads such rows at all. Heads, deputy heads, administrators and integrations among them hear of the whole school.
    let access: Access
    /// In which circles teachers hear of them.
    let circles: [String]
    let rows: Rows
    /// In which circles the family of a student hears of them.
    package let familyCircles: [String]
    /// Of the student whom `StudentGate` let through.
    let familyRows: Rows?

    package init(
        _ name: String, access: Access, circles: [String], rows: @escaping Rows, familyCircles: [String] = [],
        familyRows: Rows? = nil
    ) {
        self.name = name
        self.access = access
        self.circles = circles
        self.rows = rows
        self.familyCircles = familyCircles
        self.familyRows = familyRows ?? (familyCircles.isEmpty ? nil : rows)
    }

    /// Whether the caller hears of all rows of the school.
    func isHeardWhole(by caller: Caller) -> Bool {
        if caller.isIntegration { return !access.scopes.isDisjoint(with: caller.scopes) }
        return isOpen(to: caller.roles.intersection([.administrator, .head, .deputyHead]))
    }

    /// Whether the caller hears of rows in circles.
    func isHeardInCircles(by caller: Caller) -> Bool {
        !caller.isIntegration && isOpen(to: caller.roles.intersection([.teacher, .classTeacher]))
    }

    private func isOpen(to roles: Set<Role>) -> Bool {
        if access.isForOwnApps { return false }
        return switch access.people {
        case .anybody, .signedIn: !roles.isEmpty
        case .roles(let readers): !readers.isDisjoint(with: roles)
        }
    }
}

extension Resource {
    /// - Parameter circles: see `ChangedEntity`.
    package func changed(in circles: [String], families: [String] = []) -> ChangedEntity {
        let statement = statements.some
        return ChangedEntity(
            entity, access: readers, circles: circles,
            rows: { caller, ids in statement(.integer(caller.school.id), ids) }, familyCircles: families)
    }
}
