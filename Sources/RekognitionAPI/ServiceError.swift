import FaceRecognition

/// What a client is told when a request fails: one of the names that AWS's clients know, and a sentence.
package struct ServiceError: Error, Sendable, Hashable {
    /// The exceptions of Rekognition's service model, and those that every AWS service with this protocol has.
    package struct Name: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        static let accessDenied = Name(rawValue: "AccessDeniedException")
        static let conflict = Name(rawValue: "ConflictException")
        static let idempotentParameterMismatch = Name(rawValue: "IdempotentParameterMismatchException")
        static let imageTooLarge = Name(rawValue: "ImageTooLargeException")
        static let internalServerError = Name(rawValue: "InternalServerError")
        static let invalidImageFormat = Name(rawValue: "InvalidImageFormatException")
        static let invalidPaginationToken = Name(rawValue: "InvalidPaginationTokenException")
        static let invalidParameter = Name(rawValue: "InvalidParameterException")
        static let invalidS3Object = Name(rawValue: "InvalidS3ObjectException")
        static let limitExceeded = Name(rawValue: "LimitExceededException")
        static let resourceAlreadyExists = Name(rawValue: "ResourceAlreadyExistsException")
        static let resourceNotFound = Name(rawValue: "ResourceNotFoundException")
        static let serviceQuotaExceeded = Name(rawValue: "ServiceQuotaExceededException")
        static let throttling = Name(rawValue: "ThrottlingException")

        // Of the protocol (AWS JSON 1.1), not of Rekognition's model.
        static let serialization = Name(rawValue: "SerializationException")
        static let unknownOperation = Name(rawValue: "UnknownOperationException")
        static let requestTooLarge = Name(rawValue: "RequestEntityTooLargeException")
        static let requestTimeout = Name(rawValue: "RequestTimeoutException")

        /// The HTTP status that goes with it.
        var status: Int {
            switch self {
            case .internalServerError: 500
            case .requestTooLarge: 413
            default: 400
            }
        }
    }

    package let name: Name
    package let message: String

    package init(_ name: Name, _ message: String) {
        self.name = name
        self.message = message
    }

    static func invalid(_ message: String) -> ServiceError { ServiceError(.invalidParameter, message) }
}

extension ServiceError {
    /// The one table from our codes to Rekognition's names.
    init(_ error: RecognitionError) {
        let name: Name =
            switch error.code {
            case .notAnImage, .imageDamaged: .invalidImageFormat
            case .imageTooLarge: .imageTooLarge
            case .unreadableFile: .invalidS3Object
            case .galleryNotFound, .personNotFound: .resourceNotFound
            case .galleryExists: .resourceAlreadyExists
            case .personExists: .conflict
            // Others changed the same things at the same moment, twice: clients wait and ask again.
            case .overtaken: .throttling
            case .tokenMismatch: .idempotentParameterMismatch
            case .personFull, .limitExceeded: .serviceQuotaExceeded
            case .noFace, .invalidValue, .invalidTemplate, .faceNotFound, .faceTaken, .enrolledOtherwise, .modelMismatch,
                .notCalibrated:
                .invalidParameter
            default: .internalServerError
            }
        // What is wrong with this machine is the operator's to read, in the log.
        let message =
            name == .internalServerError
            ? "The service could not do this; its log has the reason under this request's id." : error.message
        self.init(name, message)
    }

    /// A signature's failure has AWS's own name already.
    init(_ error: SignatureError) { self.init(Name(rawValue: error.code.rawValue), error.message) }

    init(_ refusal: Refusal) { self.init(.accessDenied, refusal.description) }
}
