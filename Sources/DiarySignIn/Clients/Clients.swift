import Diary
import Web

/// The clients that a school admits: apps that people sign in to, and integrations that sign in by themselves. See
/// docs/apps.md.
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
                field: "redirect_uris", code: "only_of_apps",
                ru: "Приложению нужен хотя бы один адрес возврата, интеграции — ни одного.",
                en: "An app needs at least one redirect URI; an integration must have none."),
            "clients_scopes": .init(
                field: "scopes", code: "not_of_this_kind",
                ru: "Укажите хотя бы одну: приложению — person или person.read, интеграции — остальные.",
                en: "Give at least one scope: person or person.read to an app, the others to an integration."),
        ])

    @Sendable private static func redirectFault(_ text: String) -> String? {
        RedirectURI(text) == nil ? "invalid_redirect_uri" : nil
    }

    private static let scopes =
        PersonScope.allCases.map { $0.rawValue } + ProgramScope.allCases.map { $0.rawValue }
}
