/// A part of a person's name as it is stored.
package enum PersonName {
    /// Without blanks at its ends, and with one space for each run of blanks inside. Forms and spreadsheets leave them,
    /// U+00A0 among them, and they would make two names of one.
    package static func tidied(_ text: String) -> String {
        text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }.joined(separator: " ")
    }
}
