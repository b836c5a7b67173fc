public import Foundation

/// Names a request that its caller may send twice, so that it is done once.
public struct RequestToken: Sendable, Hashable {
    public init(_ token: String, caller: String, request: Data) {}
}
