import FaceRecognition
import Logging
import ServiceLifecycle

/// Removes expired faces while the service runs. No search finds them from the moment they expire; this wipes them out.
struct Purging: Service, CustomStringConvertible {
    var description: String { "the removal of expired faces" }
    let session: Session
    let logger: Logger
    static let pause = Duration.seconds(60)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    // More may be left than go in one change.
                    while try await session.purgeSome() > 0 {}
                } catch {
                    let reason = (error as? RecognitionError)?.code.rawValue ?? "\(type(of: error))"
                    logger.error("expired faces could not be removed", metadata: ["code": "\(reason)"])
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }
}
