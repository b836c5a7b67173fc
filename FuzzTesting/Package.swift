// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses Countenance builds it. `FuzzTesting/run` does, with libFuzzer and
// AddressSanitizer in every Swift module. Only public API is called: what a stranger's bytes can reach. The service's
// edge has none; its files are linked into the fuzzers that look at them.
let targets = [
    "FuzzImageDecoding", "FuzzIndexPiece", "FuzzJSON", "FuzzManifestEntry", "FuzzPairProtocol", "FuzzPolicy",
    "FuzzProof", "FuzzRecord", "FuzzSignature", "FuzzTarget", "FuzzTemplate",
]

let package = Package(
    name: "FuzzTesting",
    platforms: [.macOS(.v15)],
    products: targets.map { .executable(name: $0, targets: [$0]) },
    dependencies: [
        .package(name: "countenance", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [.target(name: "FuzzSupport")]
        + targets.map {
            .executableTarget(
                name: $0,
                dependencies: [
                    "FuzzSupport", .product(name: "Countenance", package: "countenance"),
                    .product(name: "CBase64", package: "countenance"),
                    .product(name: "Crypto", package: "swift-crypto"),
                ],
                // As the edge's files are built in their own package.
                swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")])
        }
)
