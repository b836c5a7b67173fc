// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nobody who builds or tests Countenance builds this.
let package = Package(
    name: "countenance-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "countenance", path: "..")],
    targets: [
        .executableTarget(name: "base64-decoding", dependencies: [.product(name: "CBase64", package: "countenance")]),
        .executableTarget(name: "comparison-survey", dependencies: [.product(name: "Countenance", package: "countenance")]),
        .executableTarget(name: "gallery-search", dependencies: [.product(name: "Countenance", package: "countenance")]),
        .executableTarget(name: "policy-decision", dependencies: [.product(name: "Countenance", package: "countenance")]),
    ]
)
