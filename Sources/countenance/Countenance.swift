import ArgumentParser
import FaceRecognition
import Foundation
import TransparencyLog

/// The program. Parses, runs, and turns what went wrong into one sentence and an exit code.
@main
struct Countenance: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "countenance",
        abstract: "Face recognition that knows who may ask.",
        discussion: """
            Examples:
              countenance detect group.jpg
              countenance compare passport.jpg selfie.jpg
              countenance enrol --gallery staff people/
              countenance identify --gallery staff visitor.jpg

            Exit codes: 0 done; 1 nothing found or no match; 2 wrong usage; 3 bad input; 4 refused; 5 a fault of ours; \
            130 or 143 interrupted.
            """,
        version: version,
        subcommands: [
            Detect.self, Compare.self, Enrol.self, Identify.self, GalleryCommand.self, PersonCommand.self, Forget.self,
            PolicyCommand.self, Withdraw.self, Reinstate.self, Serve.self, KeyCommand.self, RecordCommand.self,
            ReportCommand.self, Backup.self, Restore.self, MasterKeyCommand.self, ModelCommand.self, Evaluate.self,
            Doctor.self, Demo.self,
        ])

    static func main() async {
        // A reader that closes the pipe early (`| head`) ends us quietly, as every Unix tool.
        signal(SIGPIPE, SIG_DFL)
        do {
            let command = try parseAsRoot()
            try await Interruption.cancelling {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    var command = command
                    try command.run()
                }
            }
            TrialNote.show()
        } catch {
            let outcome = report(error)
            // That nothing was found is an answer, too, where no sentence said so already.
            if error as? Outcome == .nothingFound { TrialNote.show() }
            Foundation.exit(outcome.rawValue)
        }
    }

    /// Prints what went wrong to standard error, or the help that was asked for to standard output.
    private static func report(_ error: any Error) -> Outcome {
        switch error {
        case let outcome as Outcome:
            return outcome
        case let error as RecognitionError:
            Console.error(error.description)
            return Outcome(error.code)
        case let error as LogError:
            Console.error(error.message.printable)
            return [.diskFull, .unwritable].contains(error.code) ? .fault : .badInput
        case let refusal as Refusal:
            Console.error(refusal.description.printable)
            return .refused
        case is CancellationError:
            Console.error("Interrupted; what was reported as done is done, and the same command goes on from there.")
            return Interruption.outcome
        case let error as DecodingError:
            Console.error("A JSON file cannot be read: \(error.sentence)")
            return .badInput
        default:
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess {
                print(message)
                return .done
            }
            FileHandle.standardError.write(Data((message + "\n").utf8))
            return code == .validationFailure ? .wrongUsage : .fault
        }
    }
}

/// How a command ended: the exit codes, which scripts rely on.
struct Outcome: Error, RawRepresentable, Equatable {
    let rawValue: Int32

    static let done = Outcome(rawValue: 0)
    static let nothingFound = Outcome(rawValue: 1)
    static let wrongUsage = Outcome(rawValue: 2)
    static let badInput = Outcome(rawValue: 3)
    static let refused = Outcome(rawValue: 4)
    static let fault = Outcome(rawValue: 5)

    init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ code: RecognitionError.Code) {
        self =
            switch code {
            case .noFace: .nothingFound
            case .systemUnavailable, .diskFull, .storageUnavailable, .storageCorrupt, .dataDirectoryInUse, .keyMissing,
                .clockWentBack, .fault:
                .fault
            case .keysRefused, .needsPolicy: .refused
            default: .badInput
            }
    }

    /// Ends the command with this outcome, unless it is the good one.
    func end() throws { if self != .done { throw self } }
}

extension DecodingError {
    /// Where in the file, and what is wrong there.
    var sentence: String {
        func place(_ context: Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "at '\(path)': \(context.debugDescription)"
        }
        return switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): place(context)
        case .keyNotFound(let key, let context): "\(place(context)) ('\(key.stringValue)' is missing)"
        @unknown default: "it has not the expected form."
        }
    }
}
