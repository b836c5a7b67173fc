// swift-tools-version: 6.2
import PackageDescription

/// The compiler holds the picture in Documentation/Architecture.md: imports are internal unless they say otherwise,
/// so that no C, SQL or HTTP type can leak into a public signature by accident.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "countenance",
    platforms: [.macOS(.v15)],
    products: [
        .library(
            name: "Countenance",
            targets: [
                "FaceRecognition", "ImageCodecs", "OpenVINOInference", "SQLiteStorage", "GalleryExchange", "Evaluation",
                "PolicyFile", "TransparencyLog",
            ]
        ),
        .executable(name: "countenance", targets: ["countenance"]),
        // For the benchmark and the fuzzer that look at it alone.
        .library(name: "CBase64", targets: ["CBase64"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    ],
    targets: [
        // The whole story: no C library, no HTTP, no SQL, no files.
        .target(
            name: "FaceRecognition",
            dependencies: ["CGalleryScan", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        // A log that can't be quietly changed, and what checks one: it knows nothing of faces.
        .target(
            name: "TransparencyLog", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        // Our own C: the search's inner loops, one for each instruction set.
        .target(name: "CGalleryScan"),
        // And the edge's: a photograph's way out of base64.
        .target(name: "CBase64"),
        // The adapters. Each knows FaceRecognition; none knows another.
        .target(name: "ImageCodecs", dependencies: ["FaceRecognition", "CVips"], swiftSettings: settings),
        .target(
            name: "OpenVINOInference",
            dependencies: ["FaceRecognition", "COpenVINO", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        .target(
            name: "SQLiteStorage",
            dependencies: [
                "FaceRecognition", "TransparencyLog", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GalleryExchange",
            dependencies: ["FaceRecognition", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        // The edge: Rekognition's words, signatures and HTTP. It knows neither storage nor networks.
        .target(
            name: "RekognitionAPI",
            dependencies: [
                "CBase64", "FaceRecognition", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"), .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(name: "Evaluation", dependencies: ["FaceRecognition"], swiftSettings: settings),
        // Policies as YAML.
        .target(
            name: "PolicyFile",
            dependencies: [
                "FaceRecognition", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        // The one place that joins everything.
        .executableTarget(
            name: "countenance",
            dependencies: [
                "FaceRecognition", "ImageCodecs", "OpenVINOInference", "SQLiteStorage", "GalleryExchange", "Evaluation",
                "PolicyFile", "RekognitionAPI", "TransparencyLog",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // One C target per C library, holding only what Swift cannot call itself.
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"])]),
        .systemLibrary(name: "COpenVINO", pkgConfig: "countenance-openvino"),

        .target(
            name: "FaceTestSupport", dependencies: ["FaceRecognition"], path: "Tests/FaceTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "FaceRecognitionTests", dependencies: ["CGalleryScan", "FaceRecognition", "FaceTestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TransparencyLogTests", dependencies: ["TransparencyLog", "FaceTestSupport"], swiftSettings: settings
        ),
        .testTarget(
            name: "ImageCodecsTests", dependencies: ["CVips", "ImageCodecs", "FaceRecognition", "FaceTestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "OpenVINOInferenceTests",
            dependencies: [
                "OpenVINOInference", "ImageCodecs", "FaceRecognition", "FaceTestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [.copy("Vectors")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SQLiteStorageTests",
            dependencies: [
                "SQLiteStorage", "FaceRecognition", "FaceTestSupport", "TransparencyLog",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [.copy("Databases")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GalleryExchangeTests",
            dependencies: [
                "GalleryExchange", "FaceRecognition", "FaceTestSupport", .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: settings
        ),
        .testTarget(
            name: "PolicyFileTests", dependencies: ["PolicyFile", "FaceRecognition", "FaceTestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EvaluationTests", dependencies: ["Evaluation", "FaceRecognition", "FaceTestSupport"],
            resources: [.copy("Vectors")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RekognitionAPITests",
            dependencies: [
                "RekognitionAPI", "FaceRecognition", "FaceTestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            resources: [.copy("Vectors")],
            swiftSettings: settings
        ),
        .testTarget(name: "EndToEndTests", dependencies: ["FaceTestSupport"], swiftSettings: settings),
    ]
)
