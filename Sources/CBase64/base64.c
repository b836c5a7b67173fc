// After W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions", ACM Transactions on the Web
// 12 (3), 2018: the packing by two multiplications and a shuffle. Letters are told by their ranges.
#include "CBase64.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/// All ones where a byte lies from `first` to `last`, both below 128: as signed bytes, others are below every letter.
AVX2 static inline __m256i between(__m256i letters, char first, char last) {
    return _mm256_and_si256(_mm256_cmpgt_epi8(letters, _mm256_set1_epi8(first - 1)),
                            _mm256_cmpgt_epi8(_mm256_set1_epi8(last + 1), letters));
}

AVX2 static size_t decode_with_avx2(const uint8_t *text, size_t count, uint8_t *bytes) {
    const __m256i within_lanes = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1,  //
                                                  2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i across_lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    size_t at = 0;
    // 32 letters give 24 bytes and a store of 32, for which the 16 letters after them have the room.
    for (; count - at >= 48; at += 32, bytes += 24) {
        const __m256i letters = _mm256_loadu_si256((const __m256i *)(text + at));
        const __m256i upper = between(letters, 'A', 'Z'), lower = between(letters, 'a', 'z'),
                      digit = between(letters, '0', '9'), plus = _mm256_cmpeq_epi8(letters, _mm256_set1_epi8('+')),
                      slash = _mm256_cmpeq_epi8(letters, _mm256_set1_epi8('/'));
        const __m256i known = _mm256_or_si256(_mm256_or_si256(upper, lower),
                                              _mm256_or_si256(digit, _mm256_or_si256(plus, slash)));
        if (_mm256_movemask_epi8(known) != -1) break;
        // From a letter to its number, 0 to 63.
        const __m256i distance = _mm256_or_si256(
            _mm256_or_si256(_mm256_and_si256(upper, _mm256_set1_epi8(0 - 'A')),
                            _mm256_and_si256(lower, _mm256_set1_epi8(26 - 'a'))),
            _mm256_or_si256(_mm256_and_si256(digit, _mm256_set1_epi8(52 - '0')),
                            _mm256_or_si256(_mm256_and_si256(plus, _mm256_set1_epi8(62 - '+')),
                                            _mm256_and_si256(slash, _mm256_set1_epi8(63 - '/')))));
        const __m256i numbers = _mm256_add_epi8(letters, distance);
        // Two numbers to 12 bits, two of those to 24, whose bytes then stand in the wrong order.
        const __m256i pairs = _mm256_maddubs_epi16(numbers, _mm256_set1_epi32(0x01400140));
        const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
        const __m256i packed =
            _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(fours, within_lanes), across_lanes);
        _mm256_storeu_si256((__m256i *)bytes, packed);
    }
    return at;
}

size_t base64_decode_letters(const uint8_t *text, size_t count, uint8_t *bytes) {
    return __builtin_cpu_supports("avx2") ? decode_with_avx2(text, count, bytes) : 0;
}

#else

size_t base64_decode_letters(const uint8_t *text, size_t count, uint8_t *bytes) {
    (void)text, (void)count, (void)bytes;
    return 0;
}

#endif
