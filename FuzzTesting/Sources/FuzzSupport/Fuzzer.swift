import Foundation

/// libFuzzer's driver, in the form that a program with a main function of its own calls
/// (https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library). SwiftPM gives every executable one.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Tries `test` on whatever libFuzzer thinks up, as the command line has it; ends the process.
public func fuzz(_ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> Never {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runDriver(&count, &arguments, test))
}
