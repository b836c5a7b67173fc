#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/// Eight rows' sums and the bound's test. `bytes` points at the rows' dwords in the first group.
AVX2 static inline __attribute__((always_inline)) uint32_t eight_rows(const uint8_t *bytes, const float *steps,
                                                                      const float *errors, int32_t groups,
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
    const __m256i doubled = _mm256_sub_epi32(_mm256_add_epi32(sums, sums), _mm256_set1_epi32(probe->offset));
    const __m256 product = _mm256_mul_ps(_mm256_mul_ps(_mm256_load_ps(steps), _mm256_cvtepi32_ps(doubled)),
                                         _mm256_set1_ps(probe->scale));
    const __m256 spread = _mm256_mul_ps(_mm256_load_ps(errors), _mm256_set1_ps(probe->spread));
    const __m256 bound = _mm256_add_ps(product, spread);
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(bound, _mm256_set1_ps(probe->threshold), _CMP_GE_OQ));
}

AVX2 void gallery_scan_with_avx2(const uint8_t *high, const float *steps, const float *errors, int32_t groups,
                                 int32_t pairs, const struct gallery_probe *probes, int32_t probe_count,
                                 uint32_t *masks) {
    for (int32_t pair = 0; pair < pairs; ++pair) {
        for (int32_t p = 0; p < probe_count; ++p) {
            uint32_t mask = 0;
            for (int32_t part = 0; part < 4; ++part) {
                const uint8_t *bytes = high + (2 * (int64_t)pair + part / 2) * 64 * groups + 32 * (part % 2);
                const int64_t row = 32 * (int64_t)pair + 8 * part;
                mask |= eight_rows(bytes, steps + row, errors + row, groups, &probes[p]) << (8 * part);
            }
            masks[(int64_t)p * pairs + pair] = mask;
        }
    }
}

AVX2 void gallery_refine_with_avx2(const uint8_t *high, const uint8_t *low, const float *errors, int32_t groups,
                                   const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums) {
    refine_rows(high, low, errors, groups, probe, positions, count, sums);
}
#endif
