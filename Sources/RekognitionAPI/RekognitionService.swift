import FaceRecognition

/// Placeholder until the service is written.
enum RekognitionService {}
