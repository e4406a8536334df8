// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 language mode, and async functions that stay on their caller's core (docs/decisions/0002).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Targets that face C, the only ones that touch pointers: each use is marked `unsafe`.
let pointers: [SwiftSetting] = settings + [.strictMemorySafety()]

extension Target {
    /// An area of the diary: nouns that belong together, over the kernel.
    static func area(_ name: String, _ more: [Dependency] = []) -> Target {
        .target(
            name: name, dependencies: ["Diary", "Web", "HTTP1", "Postgres", "Crypto", "JSON", "Reactor"] + more,
            swiftSettings: settings)
    }

    /// Tests of an area, against a server over a database of their own.
    static func areaTests(_ name: String, _ more: [Dependency] = []) -> Target {
        .testTarget(
            name: name,
            dependencies: [
                "DiaryTestSupport", "DiaryServer", "Diary", "Web", "HTTP1", "Postgres", "Crypto", "JSON", "Reactor",
                "TestSupport", "TestTools",
            ] + more,
            swiftSettings: settings)
    }
}

let package = Package(
    name: "lyceum",
    products: [.executable(name: "lyceum", targets: ["lyceum"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["JSON"]),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // C libraries: a module map and a shim each.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .systemLibrary(name: "CXlsxWriter", pkgConfig: "xlsxwriter", providers: [.apt(["libxlsxwriter-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Bytes in, values out.
        .target(name: "HTTP1", swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),

        // Face C.
        .target(name: "Reactor", dependencies: ["CLinux"], swiftSettings: pointers),
        .target(name: "TLS", dependencies: ["Reactor", "COpenSSL"], swiftSettings: pointers),
        .target(name: "Compression", dependencies: ["CZlib", "CZip"], swiftSettings: pointers),
        .target(name: "Spreadsheet", dependencies: ["Reactor", "CXlsxWriter"], swiftSettings: pointers),
        .target(name: "Crypto", dependencies: ["COpenSSL"], swiftSettings: pointers),
        .target(name: "Postgres", dependencies: ["Reactor", "JSON", "CPostgres"], swiftSettings: pointers),
        .target(name: "Transfer", dependencies: ["Reactor", "HTTP1", "CCurl"], swiftSettings: pointers),

        // Pictures and PDF, of values and of HTML.
        .target(name: "Printing", dependencies: ["Reactor"], swiftSettings: settings),

        // HTML from templates.
        .target(
            name: "Markup", dependencies: [.product(name: "Mustache", package: "swift-mustache")],
            swiftSettings: settings),

        // openapi.yaml from its parts, at set-up and in tests.
        .target(name: "Contract", dependencies: [.product(name: "Yams", package: "Yams")], swiftSettings: settings),

        // Web and Postgres never see each other.
        .target(
            name: "Web", dependencies: ["HTTP1", "TLS", "JSON", "Reactor", "Compression"], swiftSettings: settings),

        // The kernel, which names no noun, and the areas, which see the kernel and never each other.
        .target(
            name: "Diary",
            dependencies: ["Web", "HTTP1", "Postgres", "Crypto", "JSON", "Reactor"], swiftSettings: settings),
        .area("DiarySignIn", ["Markup"]),
        .area("DiarySchool", ["DiaryTemplate"]),
        .area("DiaryPeople", ["Compression"]),
        .area("DiaryJournal"),
        .area("DiaryExchange", ["Compression", "Spreadsheet"]),
        .area("DiaryTalk", ["Transfer"]),
        .area("DiaryPaper", ["Markup", "Printing", "Spreadsheet"]),
        .area("DiaryDemo", ["DiaryTemplate"]),
        // What a new school begins with: data for `lyceum school create` and for the demo school.
        .target(name: "DiaryTemplate", dependencies: ["Diary"], swiftSettings: settings),
        .target(
            name: "DiaryServer",
            dependencies: [
                "Diary", "DiarySignIn", "DiarySchool", "DiaryPeople", "DiaryJournal", "DiaryExchange", "DiaryTalk",
                "DiaryPaper", "Web", "HTTP1", "TLS", "Postgres", "Transfer", "Crypto", "JSON", "Reactor",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "lyceum",
            dependencies: [
                "DiaryServer", "DiarySignIn", "DiarySchool", "DiaryExchange", "DiaryTalk", "DiaryPaper", "DiaryDemo",
                "Diary", "Web", "HTTP1", "TLS", "JSON", "Compression", "Crypto", "Postgres", "Printing", "Transfer",
                "Reactor", "Contract",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),

        // Tests.
        .target(name: "TestTools", dependencies: ["Reactor"], path: "Tests/TestTools", swiftSettings: settings),
        .target(name: "TestSupport", dependencies: ["Postgres"], path: "Tests/TestSupport", swiftSettings: settings),
        .executableTarget(
            name: "echo-server", dependencies: ["Web", "HTTP1", "Reactor", "Postgres"], path: "Tests/EchoServer",
            swiftSettings: settings),
        .testTarget(name: "HTTP1Tests", dependencies: ["HTTP1"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(name: "ContractTests", dependencies: ["Contract", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "CryptoTests", dependencies: ["Crypto"], swiftSettings: settings),
        .testTarget(name: "CompressionTests", dependencies: ["Compression", "CZlib"], swiftSettings: settings),
        .testTarget(
            name: "SpreadsheetTests", dependencies: ["Spreadsheet", "Reactor", "TestTools"], swiftSettings: settings),
        .testTarget(
            name: "PrintingTests", dependencies: ["Printing", "Reactor", "TestTools", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor", "TestTools"], swiftSettings: settings),
        .testTarget(
            name: "TLSTests", dependencies: ["TLS", "Web", "HTTP1", "JSON", "Reactor", "COpenSSL", "TestTools"],
            swiftSettings: settings),
        .testTarget(
            name: "TransferTests", dependencies: ["Transfer", "HTTP1", "Reactor", "CCurl", "TestTools"],
            swiftSettings: settings),
        .testTarget(
            name: "WebTests",
            dependencies: ["Web", "HTTP1", "JSON", "Reactor", "Compression", "CZlib", "TestTools"],
            swiftSettings: settings),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestSupport", "TestTools", "JSON", "Reactor"],
            swiftSettings: settings
        ),
        .target(
            name: "DiaryTestSupport",
            dependencies: [
                "DiaryServer", "DiarySignIn", "DiarySchool", "DiaryExchange", "DiaryTalk", "DiaryPaper", "DiaryDemo",
                "Diary", "Web", "HTTP1", "JSON", "Crypto", "Postgres", "Printing", "Transfer", "Reactor", "TestSupport",
                "TestTools",
            ],
            path: "Tests/DiaryTestSupport", swiftSettings: settings),
        .areaTests("DiaryTests"),
        .areaTests("DiarySignInTests", ["DiarySignIn"]),
        .areaTests("DiarySchoolTests", ["DiarySchool", "DiaryTemplate"]),
        .areaTests("DiaryPeopleTests", ["DiaryPeople", "Compression"]),
        .areaTests("DiaryJournalTests", ["DiaryJournal"]),
        .areaTests("DiaryExchangeTests", ["DiaryExchange", "DiarySchool", "Compression", "Spreadsheet"]),
        .areaTests("DiaryTalkTests", ["DiaryTalk", "Transfer"]),
        .areaTests("DiaryPaperTests", ["DiaryPaper", "DiaryDemo", "Printing"]),
        .areaTests("DiaryDemoTests", ["DiaryDemo", "DiaryTemplate"]),
        .areaTests(
            "DiaryServerTests",
            [
                "DiarySignIn", "DiarySchool", "DiaryPeople", "DiaryJournal", "DiaryExchange", "DiaryTalk", "DiaryPaper",
                "Compression",
                .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "LyceumTests", dependencies: ["lyceum", "HTTP1", "Compression", "TestSupport", "TestTools"],
            swiftSettings: settings),
        // The real executable over a PostgreSQL of their own, and what is done to both.
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "lyceum", "DiaryServer", "DiaryDemo", "Diary", "JSON", "Crypto", "Postgres", "Reactor", "TestSupport",
                "TestTools", "CZlib",
            ],
            swiftSettings: settings),
    ]
)
