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

    @Test("Many at once, each on several threads, all come to an end")
    func manyAtOnce() {
        let sums = onThreads(8, count: 64) { number in onThreads(4, count: 20) { $0 * number }.reduce(0, +) }
        #expect(sums == (0..<64).map { 190 * $0 })
    }
}
