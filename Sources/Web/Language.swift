import HTTP1

/// The languages in which problems are written.
package enum Language: String, Sendable, CaseIterable {
    case russian = "ru"
    case english = "en"

    /// The best match for `Accept-Language` (RFC 9110 section 12.5.4); Russian if neither language is requested.
    package init(acceptLanguage: String?) {
        let best = acceptLanguage.flatMap { AcceptLanguage($0).best(of: Language.allCases.map { $0.rawValue }) }
        self = best.flatMap { Language(rawValue: $0) } ?? .russian
    }
}

/// A sentence in both languages.
package struct Text: Sendable, Hashable {
    package let russian: String
    package let english: String

    package init(ru russian: String, en english: String) {
        self.russian = russian
        self.english = english
    }

    package subscript(language: Language) -> String {
        switch language {
        case .russian: russian
        case .english: english
        }
    }
}
