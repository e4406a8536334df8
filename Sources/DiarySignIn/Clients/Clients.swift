import Diary
import Web

/// Programs of others that the school lets in: apps that people sign in to, and integrations that sign in by themselves.
/// See docs/apps.md.
package enum Clients {
    package static let resource = Resource(
        path: "clients",
        noun: "Client",
        readers: .administrators.ownApps,
        writers: .administrators.ownApps,
        fields: [
            ResourceField("kind", .word(["app", "integration"])).fixed,
            ResourceField("name", .text(maximum: 100)),
            ResourceField("client_id", .text(maximum: 100)).readOnly.selected(
                as: "'c_' || t.school_id || '_' || replace(t.id::text, '-', '')"),
            ResourceField("redirect_uris", .texts(maximumCount: 10, maximum: RedirectURI.longest, fault: redirectFault))
                .initially("[]"),
            ResourceField("scopes", .words(scopes)),
            ResourceField("state", .word(["active", "blocked"])).initially("\"active\""),
            ResourceField("requests_per_minute", .integer(1...100_000)).nullable,
            ResourceField("last_used_at", .date).readOnly,
            .externalID,
        ],
        order: ["name"],
        refusals: [
            "clients_redirect_uris": .init(
                field: "redirect_uris", code: "only_of_apps", ru: "Адрес возврата есть у приложения, и только у него.",
                en: "An app has one at least, and an integration has none."),
            "clients_scopes": .init(
                field: "scopes", code: "not_of_this_kind",
                ru: "Приложению — person или person.read, интеграции — остальные; хотя бы одно.",
                en: "An app has person or person.read, an integration the others, and each has one at least."),
        ])

    @Sendable private static func redirectFault(_ text: String) -> String? {
        RedirectURI(text) == nil ? "invalid_redirect_uri" : nil
    }

    private static let scopes =
        PersonScope.allCases.map { $0.rawValue } + ProgramScope.allCases.map { $0.rawValue }
}
