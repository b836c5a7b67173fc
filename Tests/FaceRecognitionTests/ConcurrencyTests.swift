import Foundation
import Synchronization
import Testing

@testable import FaceRecognition

@Suite struct ConcurrencyTests {
    @Test("Each piece is done once, none before the stage before it is through", arguments: [1, 2, 3, 16])
    func stages(threads: Int) {
        for count in [0, 1, 2, 5, 100] {
            let log = Mutex<[(stage: Int, piece: Int, thread: Int)]>([])
            let busy = Mutex(Set<Int>())
            onThreads(
                threads,
                (0..<4).map { stage in
                    Pieces(stage == 2 ? 0 : count) { piece, thread in
                        #expect(busy.withLock { $0.insert(thread).inserted }, "A thread does one piece at a time")
                        if piece % 7 == 0 { usleep(200) }
                        log.withLock { $0.append((stage, piece, thread)) }
                        busy.withLock { _ = $0.remove(thread) }
                    }
                })
            let done = log.withLock { $0 }
            #expect(done.map(\.stage) == done.map(\.stage).sorted())
            for stage in [0, 1, 3] {
                #expect(done.filter { $0.stage == stage }.map(\.piece).sorted() == Array(0..<count))
            }
            #expect(done.allSatisfy { $0.stage != 2 && (0..<threads).contains($0.thread) })
        }
    }

    @Test("The values come in the order of the numbers, whoever is done first", arguments: [1, 2, 5])
    func values(threads: Int) {
        for count in [0, 1, 2, 50] {
            let values = onThreads(threads, count: count) { number -> Int? in
                if number % 5 == 0 { usleep(300) }
                return number % 3 == 0 ? nil : number
            }
            #expect(values == (0..<count).map { $0 % 3 == 0 ? nil : $0 })
        }
    }

    @Test("Many at once, each in stages on several threads, all come to an end", .timeLimit(.minutes(1)))
    func manyAtOnce() async {
        let sums = await withTaskGroup(of: Int.self) { group in
            for number in 0..<16 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        // Not one of a pool's threads, which would come one after the other.
                        Thread {
                            let sum = Atomic<Int>(0)
                            for _ in 0..<100 {
                                onThreads(
                                    4,
                                    (0..<3).map { stage in
                                        Pieces(20) { piece, _ in
                                            sum.add(piece * number * stage, ordering: .relaxed)
                                        }
                                    })
                            }
                            continuation.resume(returning: sum.load(ordering: .relaxed))
                        }.start()
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums.sorted() == (0..<16).map { 57_000 * $0 })
    }
}
