import Postgres
import Web

/// How the feeds report one kind of rows: who gets them, from which circles, and what a row looks like. The areas
/// declare their entities; the kernel names none.
package struct ChangedEntity: Sendable {
    /// The rows with these ids (`uuid[]`) that the caller sees now, each with its `id`.
    package typealias Rows = @Sendable (_ caller: Caller, _ ids: Parameter) -> Query

    /// The name in the log of changes.
    package let name: String
    /// Who may read such rows. Of these, heads, deputy heads, administrators and integrations get the rows of the whole
    /// school.
    let access: Access
    /// The circles from which teachers get them.
    let circles: [String]
    let rows: Rows
    /// The circles from which the family of a student gets them; empty if it gets none.
    package let familyCircles: [String]
    /// The rows that the family of the student sees whom `StudentGate` has stored in a setting.
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

    /// Whether the caller gets all rows of the school.
    func isReadWhole(by caller: Caller) -> Bool {
        if caller.isIntegration { return isRead(with: caller.scopes) }
        return isOpen(to: caller.roles.intersection([.administrator, .head, .deputyHead]))
    }

    /// Whether an integration with these scopes gets the rows, which are always those of the whole school.
    func isRead(with scopes: Set<ProgramScope>) -> Bool { !access.scopes.isDisjoint(with: scopes) }

    /// Whether the caller gets rows from a teacher's circles.
    func isReadInCircles(by caller: Caller) -> Bool {
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
    /// - Parameters:
    ///   - circles: the circles from which teachers get the rows.
    ///   - families: the circles from which the family of a student gets them.
    ///   - access: if the list has another one than the single row.
    package func changed(
        in circles: [String], families: [String] = [], for access: Access? = nil
    ) -> ChangedEntity {
        let statement = statements.some
        return ChangedEntity(
            entity, access: access ?? readers, circles: circles,
            rows: { caller, ids in statement(.integer(caller.school.id), ids) }, familyCircles: families)
    }
}
