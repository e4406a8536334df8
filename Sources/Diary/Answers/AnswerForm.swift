import HTTP1
import Web

/// The forms in which something can be had, as a client chooses among them.
package protocol AnswerForm: RawRepresentable<String>, CaseIterable {
    var mediaType: String { get }
}

extension AnswerForm {
    /// The form that `format` names, otherwise the one that `Accept` prefers.
    ///
    /// - Throws: `not_acceptable`, with the forms that there are.
    package init(_ query: inout QueryReader, _ request: Request) throws {
        let forms = Array(Self.allCases)
        if let name = query.option("format", of: forms.map { $0.rawValue }), let form = Self(rawValue: name) {
            self = form
            return
        }
        let types = forms.map { $0.mediaType }
        guard let type = MediaRange.best(of: types, for: request.head["Accept"]),
            let form = forms.first(where: { $0.mediaType == type })
        else {
            let list = types.joined(separator: ", ")
            throw Problem(.notAcceptable, detail: Text(ru: "Есть \(list).", en: "The forms are \(list)."))
        }
        self = form
    }
}
