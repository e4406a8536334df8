import Diary

/// Orders of the school and protocols of its council (Y2). Only managers read them: a text may name students of any
/// class.
package enum Orders {
    package static let resource = Resource(
        path: "orders",
        noun: "Order",
        readers: .managers,
        fields: [
            ResourceField(
                "kind",
                .word(["admission", "transfer", "expulsion", "promotion", "study_form", "council_protocol", "other"])
            ).fixed,
            ResourceField("number", .text(maximum: 50)),
            ResourceField("issued_on", .date),
            ResourceField("text", .text(maximum: 5000)),
            ResourceField("signatory", .text(maximum: 200)),
            .externalID,
        ],
        order: ["issued_on"])
}
