import ArgumentParser
import FoundationEssentials

/// Suggestions for mistyped words.
enum Suggestions {
    /// The nearest of the words: with at most one edit per three letters, else a word that contains all parts of the
    /// given one.
    static func nearest(to word: String, in words: [String]) -> String? {
        let ranked = words.map { (word: $0, distance: distance(word, $0)) }
        if let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, word.count / 3) {
            return best.word
        }
        let parts = Set(word.split(separator: "_"))
        return words.first { parts.isSubset(of: Set($0.split(separator: "_"))) }
    }

    /// The number of letters to insert, delete, replace or swap with the next one that turns one word into the other
    /// (optimal string alignment).
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var before: [Int] = []
        var last = Array(0...other.count)
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { best = min(best, before[j - 1] + 1) }
                row.append(best)
            }
            (before, last) = (last, row)
        }
        return last[other.count]
    }
}

/// The first word of a command line that is in the place of a command but is not one.
struct UnknownCommand {
    let description: String

    /// - Parameter arguments: the words after the program's name.
    init?(_ arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var path = [root._commandName]
        for argument in arguments {
            let commands = command.configuration.subcommands
            if commands.isEmpty || argument.hasPrefix("-") { return nil }
            if argument == "help", command == root { continue }
            guard let next = commands.first(where: { $0._commandName == argument }) else {
                // The word is an argument of the default command.
                if command.configuration.defaultSubcommand != nil { return nil }
                let names = commands.map { $0._commandName }
                let hint =
                    Suggestions.nearest(to: argument, in: names).map { "Did you mean '\($0)'?" }
                    ?? "The commands are \(names.joined(separator: ", "))."
                let place = path.joined(separator: " ")
                description = """
                    Error: '\(place)' has no command '\(argument)'. \(hint)
                      See '\(place) --help' for more information.

                    """
                return
            }
            command = next
            path.append(argument)
        }
        return nil
    }
}

/// The first option of a command line that its command does not have, when it has one with a similar name.
struct UnknownOption {
    let description: String

    /// - Parameter arguments: the words after the program's name.
    init?(_ arguments: [String], of root: any ParsableCommand.Type) {
        guard let tool = try? JSONDecoder().decode(Tool.self, from: Data(root._dumpHelp().utf8)) else { return nil }
        var command = tool.command
        for argument in arguments.prefix(while: { !$0.hasPrefix("-") }) {
            guard let next = command.subcommands?.first(where: { $0.commandName == argument }) else { break }
            command = next
        }
        let known = (command.arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.name)
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let name = String(argument.dropFirst(2).prefix { $0 != "=" })
            guard !known.contains(name), let meant = Suggestions.nearest(to: name, in: known) else { continue }
            description = """
                Error: Unknown option '--\(name)'. Did you mean '--\(meant)'?
                  Add --help for more information.

                """
            return
        }
        return nil
    }

    /// The needed part of the parser's description of the program.
    private struct Tool: Decodable {
        let command: Command
    }

    private struct Command: Decodable {
        let commandName: String
        let subcommands: [Command]?
        let arguments: [Argument]?
    }

    private struct Argument: Decodable {
        let names: [Name]?
    }

    private struct Name: Decodable {
        let kind: String
        let name: String
    }
}
