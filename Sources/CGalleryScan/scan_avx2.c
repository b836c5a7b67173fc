#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/// sum(codes * nibbles) of eight rows; `bytes` points at their dwords in the first group.
AVX2 static inline __attribute__((always_inline)) __m256i eight_sums(const uint8_t *bytes, int32_t groups,
                                                                     const struct gallery_probe *probe) {
    const __m256i nibble = _mm256_set1_epi8(15), ones = _mm256_set1_epi16(1);
    __m256i sums = _mm256_setzero_si256();
    for (int32_t first = 0; first < groups; first += 4) {
        const int32_t end = first + 4 < groups ? first + 4 : groups;
        // Four groups add eight products of pairs, each at most 2 * 15 * 127: 30,480 fits in 16 bits.
        __m256i narrow = _mm256_setzero_si256();
        for (int32_t g = first; g < end; ++g) {
            int32_t one, other;
            __builtin_memcpy(&one, probe->codes + 8 * g, 4);
            __builtin_memcpy(&other, probe->codes + 8 * g + 4, 4);
            const __m256i both = _mm256_load_si256((const __m256i *)(bytes + 64 * g));
            const __m256i lower = _mm256_and_si256(both, nibble);
            const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(both, 4), nibble);
            narrow = _mm256_add_epi16(narrow, _mm256_maddubs_epi16(lower, _mm256_set1_epi32(one)));
            narrow = _mm256_add_epi16(narrow, _mm256_maddubs_epi16(upper, _mm256_set1_epi32(other)));
        }
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(narrow, ones));
    }
    return sums;
}

/// Which of eight rows reach the threshold, by their sums and what belongs to the reading.
AVX2 static inline __attribute__((always_inline)) uint32_t survivors(__m256i sums, int32_t offset, float scale,
                                                                     const float *steps, const float *errors,
                                                                     const struct gallery_probe *probe) {
    const __m256i doubled = _mm256_sub_epi32(_mm256_add_epi32(sums, sums), _mm256_set1_epi32(offset));
    const __m256 product = _mm256_mul_ps(_mm256_mul_ps(_mm256_load_ps(steps), _mm256_cvtepi32_ps(doubled)),
                                         _mm256_set1_ps(scale));
    const __m256 spread = _mm256_mul_ps(_mm256_load_ps(errors), _mm256_set1_ps(probe->spread));
    const __m256 bound = _mm256_add_ps(product, spread);
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(probe->threshold), _CMP_GE_OQ));
}

AVX2 void gallery_scan_with_avx2(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                 int32_t probe_count, uint32_t *masks) {
    const int32_t groups = rows->groups;
    for (int32_t pair = 0; pair < rows->pairs; ++pair) {
        for (int32_t p = 0; p < probe_count; ++p) {
            const struct gallery_probe *probe = &probes[p];
            uint32_t mask = 0;
            for (int32_t part = 0; part < 4; ++part) {
                const int64_t offset = (2 * (int64_t)pair + part / 2) * 64 * groups + 32 * (part % 2);
                const int64_t row = 32 * (int64_t)pair + 8 * part;
                const __m256i high = eight_sums(rows->high + offset, groups, probe);
                uint32_t left = survivors(high, probe->offset, probe->scale, rows->steps + row,
                                          rows->coarse_errors + row, probe);
                if (left && rows->low) {
                    const __m256i low = eight_sums(rows->low + offset, groups, probe);
                    left &= survivors(_mm256_add_epi32(_mm256_slli_epi32(high, 4), low), 17 * probe->offset,
                                      probe->scale / 16, rows->steps + row, rows->fine_errors + row, probe);
                }
                mask |= left << (8 * part);
            }
            masks[(int64_t)p * rows->pairs + pair] = mask;
        }
    }
}

AVX2 void gallery_refine_with_avx2(const uint8_t *high, const uint8_t *low, const float *errors, int32_t groups,
                                   const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums) {
    refine_rows(high, low, errors, groups, probe, positions, count, sums);
}
#endif
