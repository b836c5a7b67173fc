#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/// Which nibbles are added up: those of packed high nibbles, or the high or the low ones of unpacked codes.
enum nibbles { packed, upper, lower };

/// The nibbles of eight rows' components 0...3 (`half` 0) or 4...7 (1) of a group; `bytes` points at the rows' dwords.
AVX2 static inline __attribute__((always_inline)) __m256i nibbles_of(const uint8_t *bytes, const int32_t half,
                                                                     const enum nibbles which) {
    const __m256i both = _mm256_load_si256((const __m256i *)(bytes + (which == packed ? 0 : 64 * half)));
    const bool is_upper = which == packed ? half == 1 : which == upper;
    return _mm256_and_si256(is_upper ? _mm256_srli_epi16(both, 4) : both, _mm256_set1_epi8(15));
}

/// sum(codes * nibbles) of eight rows; `bytes` points at their dwords in the first group.
AVX2 static inline __attribute__((always_inline)) __m256i eight_sums(const uint8_t *bytes, int32_t groups,
                                                                     const struct gallery_probe *probe,
                                                                     const enum nibbles which) {
    const int32_t stride = which == packed ? 64 : 128;
    __m256i sums = _mm256_setzero_si256();
    for (int32_t first = 0; first < groups; first += 4) {
        const int32_t end = first + 4 < groups ? first + 4 : groups;
        // Four groups add eight products of pairs, each at most 2 * 15 * 127: 30,480 fits in 16 bits.
        __m256i narrow = _mm256_setzero_si256();
        for (int32_t g = first; g < end; ++g) {
            for (int32_t half = 0; half < 2; ++half) {
                int32_t codes;
                __builtin_memcpy(&codes, probe->codes + 8 * g + 4 * half, 4);
                const __m256i nibbles = nibbles_of(bytes + stride * g, half, which);
                narrow = _mm256_add_epi16(narrow, _mm256_maddubs_epi16(nibbles, _mm256_set1_epi32(codes)));
            }
        }
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(narrow, _mm256_set1_epi16(1)));
    }
    return sums;
}

/// The bounds of eight rows, by their sums and what belongs to the reading.
AVX2 static inline __attribute__((always_inline)) __m256 bounds_of(__m256i sums, int32_t offset, float scale,
                                                                   const float *steps, const float *errors,
                                                                   float spread) {
    const __m256i doubled = _mm256_sub_epi32(_mm256_add_epi32(sums, sums), _mm256_set1_epi32(offset));
    const __m256 product = _mm256_mul_ps(_mm256_mul_ps(_mm256_load_ps(steps), _mm256_cvtepi32_ps(doubled)),
                                         _mm256_set1_ps(scale));
    return _mm256_add_ps(product, _mm256_mul_ps(_mm256_load_ps(errors), _mm256_set1_ps(spread)));
}

AVX2 static inline __attribute__((always_inline)) uint32_t reaching(__m256 bounds, float threshold) {
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(bounds, _mm256_set1_ps(threshold), _CMP_GE_OQ));
}

/// Compares the high nibbles, or whole codes unpacked: a constant where this is inlined.
AVX2 static inline __attribute__((always_inline)) void scan(const struct gallery_rows *rows,
                                                            const struct gallery_probe *probes, int32_t probe_count,
                                                            const bool unpacked,
                                                            struct gallery_survivors *survivors) {
    const int32_t groups = rows->groups, width = unpacked ? 128 : 64;
    for (int32_t p = 0; p < probe_count; ++p) survivors[p].count = 0;
    for (int32_t row = 0; row < 32 * rows->pairs; row += 8) {
        const uint8_t *bytes = rows->codes + (int64_t)(row / 16) * width * groups + row % 16 * 4;
        const float *steps = rows->steps + row;
        for (int32_t p = 0; p < probe_count; ++p) {
            const struct gallery_probe *probe = &probes[p];
            const __m256i high = eight_sums(bytes, groups, probe, unpacked ? upper : packed);
            __m256 bounds = bounds_of(high, probe->offset, probe->scale, steps, rows->coarse_errors + row,
                                      probe->spread);
            uint32_t left = reaching(bounds, probe->threshold);
            if (!left) continue;
            if (unpacked) {
                const __m256i low = eight_sums(bytes, groups, probe, lower);
                bounds = bounds_of(_mm256_add_epi32(_mm256_slli_epi32(high, 4), low), 17 * probe->offset,
                                   probe->scale / 16, steps, rows->fine_errors + row, probe->spread);
                left &= reaching(bounds, probe->threshold);
            }
            float each[8];
            _mm256_storeu_ps(each, bounds);
            for (; left; left &= left - 1) {
                const int32_t i = __builtin_ctz(left);
                add_survivor(&survivors[p], row + i, each[i]);
            }
        }
    }
}

AVX2 void gallery_scan_with_avx2(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                 int32_t probe_count, struct gallery_survivors *survivors) {
    scan(rows, probes, probe_count, false, survivors);
}

AVX2 void gallery_scan_unpacked_with_avx2(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                          int32_t probe_count, struct gallery_survivors *survivors) {
    scan(rows, probes, probe_count, true, survivors);
}

AVX2 void gallery_unpack_with_avx2(const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs,
                                   uint8_t *codes) {
    unpack_blocks(high, low, groups, pairs, codes);
}

AVX2 void gallery_refine_with_avx2(const uint8_t *high, const uint8_t *low, const float *errors, int32_t groups,
                                   const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums) {
    refine_rows(high, low, errors, groups, probe, positions, count, sums);
}
#endif
