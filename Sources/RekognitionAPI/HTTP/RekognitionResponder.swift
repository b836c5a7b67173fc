package import FaceRecognition
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// One HTTP request to one answer: limits, signature, operation, JSON. Every failure becomes one of AWS's exceptions here.
struct RekognitionResponder: HTTPResponder {
    let service: RekognitionService
    let verifier: SigV4Verifier
    /// Whom an access key belongs to; nil for one that is not there any more.
    let owner: @Sendable (String) async throws -> KeyOwner?
    let admission: Admission
    let reader: RequestBodyReader
    let isReady: @Sendable () -> Bool
    let metrics = ServiceMetrics()

    func respond(to request: Request, context: ServiceContext) async throws -> Response {
        let isOperation = request.method == .post && request.uri.path == "/"
        var (response, isRead) = isOperation ? await answer(request, context) : (plain(request), false)
        let hasBody = request.headers[.transferEncoding] != nil || request.headers[.contentLength] ?? "0" != "0"
        if hasBody, !isRead {
            // The HTTP library would read the rest of the body to its end, whatever its length and however long it takes.
            response.headers[.connection] = "close"
            context.channel.closeSoon()
        }
        return response
    }

    /// What is asked without a signature.
    private func plain(_ request: Request) -> Response {
        var response: Response
        switch (request.method, request.uri.path) {
        case (.get, "/health"), (.head, "/health"): response = Response(plain: "alive\n")
        case (.get, "/ready"), (.head, "/ready"):
            response = isReady() ? Response(plain: "ready\n") : Response(plain: "closing\n", status: .serviceUnavailable)
        default:
            let error = ServiceError(.unknownOperation, "Requests to this service are POST requests to /.")
            response = Response(error, id: .random(), status: .notFound)
        }
        if request.method == .head { response.body = ResponseBody() }
        return response
    }

    /// - Returns: also whether the body was read to its end.
    private func answer(_ request: Request, _ context: ServiceContext) async -> (Response, isRead: Bool) {
        let id = UUID.random(), start = ContinuousClock.now
        var trace = Trace()
        let response: Response
        var outcome = "ok"
        do {
            let (answer, body) = try await answer(request, context, id, &trace)
            response = Response(answer, body: body, id: id)
            trace.times = answer.times
        } catch {
            let told = self.told(error, id, context.logger)
            outcome = told.name.rawValue
            response = Response(told, id: id)
        }
        let duration = ContinuousClock.now - start
        // What is not done afterwards: a client that reads no answers has no place any more.
        metrics.inFlight(admission.current)
        Afterwards.run { [trace, outcome] in tell(trace, outcome, duration, id, context.logger) }
        return (response, trace.isRead)
    }

    /// Counts and logs a request that was answered.
    private func tell(_ trace: Trace, _ outcome: String, _ duration: Duration, _ id: UUID, _ logger: Logger) {
        metrics.request(trace.operation, outcome: outcome, took: duration)
        if outcome == "ok" { metrics.stages(trace.times, edge: duration - trace.core) }
        logger.info(
            "request",
            metadata: [
                "request_id": "\(id.lowercased)", "operation": "\(trace.operation?.rawValue ?? "none")",
                "access_key": "\(trace.accessKey ?? "none")", "outcome": "\(outcome)",
                "milliseconds": "\(duration.wholeMicroseconds / 1_000)",
            ])
    }

    /// What is known of a request so far, for the log and the metrics.
    private struct Trace {
        var operation: Operation?
        var accessKey: String?
        /// Whether the body was read to its end.
        var isRead = false
        /// How long the core took, from the permit to its answer.
        var core: Duration = .zero
        var times = StageTimes()
    }

    private func answer(
        _ request: Request, _ context: ServiceContext, _ id: UUID, _ trace: inout Trace
    ) async throws -> (Answer, Data) {
        // What comes from nobody known is not read.
        let claim = try await verifier.claim(
            SignedRequest(
                method: request.method.rawValue, path: request.uri.path, query: request.uri.query ?? "",
                headers: request.signedHeaders))
        let declared = request.headers[.contentLength].flatMap(Int.init)
        var traced = trace
        defer { trace = traced }
        return try await admission.admitting(
            // No more than is ever read: a client may declare any number, and the sum of them must not overflow.
            key: claim.accessKeyID,
            bytes: min(declared ?? RequestBodyReader.maximumBytes, RequestBodyReader.maximumBytes)
        ) {
            metrics.inFlight(admission.current)
            let body = try await reader.read(
                request.body, declared: declared,
                isAwaited: request.headers[.expect]?.lowercased() == "100-continue", on: context.channel)
            traced.isRead = true
            let verified = try await verifier.verify(claim, body: body)
            traced.accessKey = verified.accessKeyID
            guard let owner = try await owner(verified.accessKeyID) else {
                throw ServiceError(.accessDenied, "The access key has been disabled.")
            }
            let operation = try Operation(target: request.headers[.target])
            traced.operation = operation
            let caller = Caller(
                organisation: owner.organisation, key: owner.key, purpose: try request.reference(.purpose),
                caseReference: try request.reference(.caseReference), requestID: id)
            let answer = try await service.answer(operation, body.bytes, from: caller)
            // Before the permit the request was read: JSON, and photographs in base64.
            traced.core = ContinuousClock.now - answer.permit.beginning
            return (answer, try ServiceJSON.encode(answer.body))
        }
    }

    /// What the client is told of an error; what only the operator may read goes to the log.
    private func told(_ error: any Error, _ id: UUID, _ logger: Logger) -> ServiceError {
        switch error {
        case let error as ServiceError: return error
        case let error as SignatureError: return ServiceError(error)
        case let refusal as Refusal: return ServiceError(refusal)
        case let error as RecognitionError:
            let told = ServiceError(error)
            // What a library below said of it, without the sentence's own words about the request.
            if told.name == .internalServerError || !error.detail.isEmpty {
                logger.log(
                    level: told.name == .internalServerError ? .error : .warning, "request failed",
                    metadata: [
                        "request_id": "\(id.lowercased)", "code": "\(error.code.rawValue)",
                        "reason": "\(told.name == .internalServerError ? error.description : error.detail)",
                    ])
            }
            return told
        case is CancellationError:
            return ServiceError(.throttling, "The service is closing; send the request again in a moment.")
        default:
            // Never the error itself: it could hold what a client sent.
            logger.error("request failed", metadata: ["request_id": "\(id.lowercased)", "type": "\(type(of: error))"])
            return ServiceError(
                .internalServerError, "The service could not do this; its log has the reason under this request's id.")
        }
    }
}

extension HTTPField.Name {
    static let target = Self("X-Amz-Target")!
    static let purpose = Self("X-Countenance-Purpose")!
    static let caseReference = Self("X-Countenance-Case")!
    fileprivate static let policy = Self("X-Countenance-Policy")!
    fileprivate static let reviewers = Self("X-Countenance-Reviewers")!
    fileprivate static let requestID = Self("x-amzn-RequestId")!
    fileprivate static let errorType = Self("x-amzn-ErrorType")!
    fileprivate static let threshold = Self("X-Countenance-Threshold")!
    fileprivate static let rule = Self("X-Countenance-Rule")!
    fileprivate static let expected = Self("X-Countenance-Expected-False-Candidates")!
}

/// Whom an access key belongs to.
package struct KeyOwner: Sendable {
    let organisation: String
    let key: AccessRequest.Key

    package init(organisation: String, key: AccessRequest.Key) {
        self.organisation = organisation
        self.key = key
    }
}

extension Request {
    /// A purpose or a case.
    /// - Throws: `InvalidParameterException` for one that is too long, or empty.
    fileprivate func reference(_ name: HTTPField.Name) throws -> String? {
        guard let text = headers[name] else { return nil }
        guard (1...AccessRequest.longestReference).contains(text.utf8.count) else {
            throw ServiceError.invalid("\(name) has 1 to \(AccessRequest.longestReference) bytes.")
        }
        return text
    }

    /// As they came. The first Host header is kept apart from the others by the HTTP library.
    fileprivate var signedHeaders: [(name: String, value: String)] {
        (head.authority.map { [(name: "host", value: $0)] } ?? [])
            + headers.map { (name: $0.name.rawName, value: $0.value) }
    }
}

extension Response {
    private static let json = "application/x-amz-json-1.1"

    fileprivate init(plain text: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    fileprivate init(_ answer: Answer, body: Data, id: UUID) {
        var headers: HTTPFields = [.contentType: Self.json, .requestID: id.lowercased]
        let permit = answer.permit
        headers[.policy] = permit.standing.policy ?? permit.standing.policyName
        headers[.rule] = permit.rule
        headers[.purpose] = permit.request.purpose
        headers[.reviewers] = permit.terms.reviewers == 0 ? nil : "\(permit.terms.reviewers)"
        headers[.threshold] = answer.bounds.map { "\($0.threshold.value)" }
        headers[.expected] = answer.bounds?.expectedFalseCandidates.map { "\($0)" }
        self.init(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    fileprivate init(_ error: ServiceError, id: UUID, status: HTTPResponse.Status? = nil) {
        struct Body: Encodable {
            let __type: String
            let message: String
        }
        let body = try? JSONEncoder().encode(Body(__type: error.name.rawValue, message: error.message))
        self.init(
            status: status ?? .init(code: error.name.status),
            headers: [.contentType: Self.json, .requestID: id.lowercased, .errorType: error.name.rawValue],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body ?? Data())))
    }
}

extension UUID {
    fileprivate var lowercased: String { uuidString.lowercased() }
}

extension Duration {
    fileprivate var wholeMicroseconds: Double {
        (Double(components.seconds) * 1e6 + Double(components.attoseconds) / 1e12).rounded()
    }
}
