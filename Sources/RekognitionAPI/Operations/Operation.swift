/// The operations of Rekognition's API that are offered.
enum Operation: String, CaseIterable, Sendable {
    case createCollection = "CreateCollection"
    case describeCollection = "DescribeCollection"
    case listCollections = "ListCollections"
    case deleteCollection = "DeleteCollection"
    case tagResource = "TagResource"
    case untagResource = "UntagResource"
    case listTagsForResource = "ListTagsForResource"

    case detectFaces = "DetectFaces"
    case compareFaces = "CompareFaces"
    case indexFaces = "IndexFaces"
    case listFaces = "ListFaces"
    case deleteFaces = "DeleteFaces"
    case searchFaces = "SearchFaces"
    case searchFacesByImage = "SearchFacesByImage"

    case createUser = "CreateUser"
    case deleteUser = "DeleteUser"
    case listUsers = "ListUsers"
    case associateFaces = "AssociateFaces"
    case disassociateFaces = "DisassociateFaces"
    case searchUsers = "SearchUsers"
    case searchUsersByImage = "SearchUsersByImage"

    /// What `X-Amz-Target` begins with, before the operation's name.
    private static let targetPrefix = "RekognitionService."

    /// Reads `X-Amz-Target`.
    /// - Throws: `UnknownOperationException` for what Rekognition has not either, `AccessDeniedException` for what it has
    ///   and Countenance does not offer.
    init(target: String?) throws {
        guard let target, target.hasPrefix(Self.targetPrefix) else {
            throw ServiceError(
                .unknownOperation, "The header X-Amz-Target names no operation of RekognitionService; see Rekognition's API.")
        }
        let name = String(target.dropFirst(Self.targetPrefix.count))
        if let operation = Operation(rawValue: name) {
            self = operation
            return
        }
        guard let reason = NotOffered.reason(for: name) else {
            throw ServiceError(.unknownOperation, "RekognitionService has no operation of that name.")
        }
        throw ServiceError(.accessDenied, "\(name): \(reason)")
    }
}

/// Rekognition's other operations, and why they are not here.
enum NotOffered {
    /// - Returns: a sentence; nil for what Rekognition has not either.
    static func reason(for name: String) -> String? {
        switch name {
        case "CreateStreamProcessor", "DeleteStreamProcessor", "DescribeStreamProcessor", "ListStreamProcessors",
            "StartStreamProcessor", "StopStreamProcessor", "UpdateStreamProcessor":
            "Countenance does not watch live video, and will not."
        case "RecognizeCelebrities", "GetCelebrityInfo", "StartCelebrityRecognition", "GetCelebrityRecognition":
            "Countenance knows nobody whom its operator has not enrolled, and will not."
        case "StartPersonTracking", "GetPersonTracking":
            "Countenance does not follow people through video, and will not."
        case "StartFaceDetection", "GetFaceDetection", "StartFaceSearch", "GetFaceSearch":
            "Countenance does not offer stored video yet; take single pictures from it and use DetectFaces or SearchFacesByImage."
        case "CreateFaceLivenessSession", "GetFaceLivenessSessionResults":
            "Countenance does not offer liveness checks: it cannot tell a face from a picture of one."
        case "DetectLabels", "StartLabelDetection", "GetLabelDetection", "DetectText", "StartTextDetection",
            "GetTextDetection", "DetectModerationLabels", "StartContentModeration", "GetContentModeration",
            "DetectProtectiveEquipment", "StartSegmentDetection", "GetSegmentDetection", "StartMediaAnalysisJob",
            "GetMediaAnalysisJob", "ListMediaAnalysisJobs":
            "Countenance recognises faces and offers nothing else."
        case "CopyProjectVersion", "CreateDataset", "CreateProject", "CreateProjectVersion", "DeleteDataset",
            "DeleteProject", "DeleteProjectPolicy", "DeleteProjectVersion", "DescribeDataset", "DescribeProjectVersions",
            "DescribeProjects", "DetectCustomLabels", "DistributeDatasetEntries", "ListDatasetEntries",
            "ListDatasetLabels", "ListProjectPolicies", "PutProjectPolicy", "StartProjectVersion", "StopProjectVersion",
            "UpdateDatasetEntries":
            "Countenance does not offer custom labels: it recognises faces and offers nothing else."
        default: nil
        }
    }
}
