import Glibc

/// A command's progress, on one line of standard error when that is a terminal.
struct ProgressBar {
    let isShown = isatty(STDERR_FILENO) == 1
    private static let width = 30

    /// - Parameter what: what is being done, such as the name of a file.
    func show(_ done: Int, of steps: Int, _ what: String = "") {
        let filled = done * Self.width / max(1, steps)
        write(
            "\r\u{1B}[K[" + String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
                + "] \(done)/\(steps)" + (what.isEmpty ? "" : " \(what)"))
    }

    /// Clears the line for the next output.
    func clear() { write("\r\u{1B}[K") }

    private func write(_ text: String) {
        if isShown { _ = Glibc.write(STDERR_FILENO, text, text.utf8.count) }
    }
}
