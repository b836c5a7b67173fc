// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that nobody who uses Countenance builds it. `FuzzTesting/run` does, with libFuzzer and
// AddressSanitizer in every Swift module. Only public API is called: what a stranger's bytes can reach.
let targets = [
    "FuzzImageDecoding", "FuzzIndexPiece", "FuzzManifestEntry", "FuzzPairProtocol", "FuzzRecord", "FuzzTemplate",
]

let package = Package(
    name: "FuzzTesting",
    platforms: [.macOS(.v15)],
    products: targets.map { .executable(name: $0, targets: [$0]) },
    dependencies: [.package(name: "countenance", path: "..")],
    targets: [.target(name: "FuzzSupport")]
        + targets.map {
            .executableTarget(
                name: $0, dependencies: ["FuzzSupport", .product(name: "Countenance", package: "countenance")])
        }
)
