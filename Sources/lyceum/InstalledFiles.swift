import Compression
import DiaryPaper
import FoundationEssentials

/// The files that are installed with the program: `Migrations/`, `Templates/`, `api-pages/`, openapi.yaml,
/// openapi.json.
///
/// They are in the directory that the settings name; else beside the executable or in a directory above it (so
/// `.build/release/lyceum` finds its checkout); else in /usr/share/lyceum.
struct InstalledFiles {
    private let places: [String]

    init(settings: Settings) { self.init(directory: settings.resourcesDirectory) }

    init(directory: String?, executable: String = Self.executable) {
        if let directory {
            places = [directory]
        } else {
            places = Self.parents(of: executable) + ["/usr/share/lyceum"]
        }
    }

    func migrations() throws(InstalledFilesError) -> String { try find("Migrations", directory: true) }

    /// The directory of the parts of openapi.yaml; only in a checkout.
    func openAPIParts() throws(InstalledFilesError) -> String { try find("openapi", directory: true) }

    func openAPIYAML() throws(InstalledFilesError) -> String { try find("openapi.yaml", directory: false) }

    /// Created by `lyceum openapi json`.
    func openAPIJSON() throws(InstalledFilesError) -> String { try find("openapi.json", directory: false) }

    /// A file of the HTML pages.
    func template(_ name: String) throws -> String {
        let path = try find("Templates", directory: true) + "/" + name
        guard let text = String(validating: try contents(path), as: UTF8.self) else {
            throw InstalledFilesError(name: path, places: [])
        }
        return text
    }

    /// The page of reports and its style.
    func reportPages() throws -> HTMLForm {
        try HTMLForm(page: template("reports/report.mustache"), style: template("reports/report.css"))
    }

    /// The path of the program that makes PDF.
    func printer() throws(InstalledFilesError) -> String { try find("Templates", directory: true) + "/print.py" }

    /// Swagger UI and Redoc from `script/api-pages`, if they are installed, and our own script and style for them; by
    /// name.
    func apiPages() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        if let directory = try? find("api-pages", directory: true) {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where !name.hasSuffix(".gz") {
                let file = try compressible("\(directory)/\(name)")
                files[name] = file.content
                files[name + ".gz"] = file.gzip
            }
        }
        for name in ["api-pages.js", "api-pages.css"] { files[name] = Array(try template(name).utf8) }
        return files
    }

    func contents(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InstalledFilesError(name: path, places: [])
        }
        return Array(data)
    }

    /// A file, and the file beside it that has the same in gzip; nil if there is none, or one of another content.
    func compressible(_ path: String) throws -> (content: [UInt8], gzip: [UInt8]?) {
        let content = try contents(path)
        let gzip = (try? contents(path + ".gz")).flatMap { GzipEncoder.isOf(content, $0) ? $0 : nil }
        return (content, gzip)
    }

    private func find(_ name: String, directory: Bool) throws(InstalledFilesError) -> String {
        for place in places {
            let path = place == "/" ? "/" + name : place + "/" + name
            var isDirectory = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory == directory {
                return path
            }
        }
        throw InstalledFilesError(name: name, places: places)
    }

    private static func parents(of path: String) -> [String] {
        var places: [String] = []
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            places.append(rest.isEmpty ? "/" : String(rest))
        }
        return places
    }

    /// The real path of this program, with links resolved.
    private static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    }
}

struct InstalledFilesError: Error, Equatable, CustomStringConvertible {
    var name: String
    var places: [String]

    var description: String {
        if places.isEmpty { return "Can't read \(name)." }
        let hint = name == "openapi.json" ? "Create it with `lyceum openapi json`, or set" : "Set"
        return "Can't find \(name) in \(places.joined(separator: ", ")). "
            + "\(hint) --resources or LYCEUM_RESOURCES_DIRECTORY to the directory that contains it."
    }
}
