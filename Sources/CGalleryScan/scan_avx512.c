#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

/// Bytes ahead: two pairs of blocks at 128 components.
enum { prefetch_distance = 4096 };

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

AVX512 static inline __attribute__((always_inline)) uint32_t survivors(__m512i sums, const float *steps,
                                                                       const float *errors,
                                                                       const struct gallery_probe *probe) {
    const __m512i doubled = _mm512_sub_epi32(_mm512_add_epi32(sums, sums), _mm512_set1_epi32(probe->offset));
    const __m512 product = _mm512_mul_ps(_mm512_mul_ps(_mm512_load_ps(steps), _mm512_cvtepi32_ps(doubled)),
                                         _mm512_set1_ps(probe->scale));
    const __m512 spread = _mm512_mul_ps(_mm512_load_ps(errors), _mm512_set1_ps(probe->spread));
    const __m512 bound = _mm512_add_ps(product, spread);
    return _mm512_cmp_ps_mask(bound, _mm512_set1_ps(probe->threshold), _CMP_GE_OQ);
}

/// `count` is a constant where this is inlined, so that the sums stay in registers: 16 for 8 probes.
AVX512 static inline __attribute__((always_inline)) void scan(const uint8_t *high, const float *steps,
                                                              const float *errors, int32_t groups, int32_t pairs,
                                                              const struct gallery_probe *probes, const int32_t count,
                                                              uint32_t *masks) {
    const __m512i nibble = _mm512_set1_epi8(15);
    for (int32_t pair = 0; pair < pairs; ++pair, steps += 32, errors += 32) {
        const uint8_t *first = high + 2 * (int64_t)pair * 64 * groups, *second = first + 64 * groups;
        __m512i sums[GALLERY_SCAN_MAXIMUM_PROBES][2];
        for (int32_t p = 0; p < count; ++p) sums[p][0] = sums[p][1] = _mm512_setzero_si512();
        for (int32_t g = 0; g < groups; ++g) {
            if (count == 1) {
                // One probe is done with the memory faster than the processor fetches ahead by itself, which stops at
                // each page's end. Past the end of the segment this reads nothing and faults nowhere.
                _mm_prefetch((const char *)(first + 64 * g + prefetch_distance), _MM_HINT_T0);
                _mm_prefetch((const char *)(second + 64 * g + prefetch_distance), _MM_HINT_T0);
            }
            const __m512i a = _mm512_load_si512(first + 64 * g), b = _mm512_load_si512(second + 64 * g);
            const __m512i lower_a = _mm512_and_si512(a, nibble), lower_b = _mm512_and_si512(b, nibble);
            const __m512i upper_a = _mm512_and_si512(_mm512_srli_epi16(a, 4), nibble);
            const __m512i upper_b = _mm512_and_si512(_mm512_srli_epi16(b, 4), nibble);
            for (int32_t p = 0; p < count; ++p) {
                int32_t one, other;
                __builtin_memcpy(&one, probes[p].codes + 8 * g, 4);
                __builtin_memcpy(&other, probes[p].codes + 8 * g + 4, 4);
                const __m512i codes = _mm512_set1_epi32(one), more = _mm512_set1_epi32(other);
                sums[p][0] = _mm512_dpbusd_epi32(sums[p][0], lower_a, codes);
                sums[p][1] = _mm512_dpbusd_epi32(sums[p][1], lower_b, codes);
                sums[p][0] = _mm512_dpbusd_epi32(sums[p][0], upper_a, more);
                sums[p][1] = _mm512_dpbusd_epi32(sums[p][1], upper_b, more);
            }
        }
        for (int32_t p = 0; p < count; ++p) {
            masks[(int64_t)p * pairs + pair] = survivors(sums[p][0], steps, errors, &probes[p]) |
                                               survivors(sums[p][1], steps + 16, errors + 16, &probes[p]) << 16;
        }
    }
}

AVX512 void gallery_scan_with_avx512(const uint8_t *high, const float *steps, const float *errors, int32_t groups,
                                     int32_t pairs, const struct gallery_probe *probes, int32_t probe_count,
                                     uint32_t *masks) {
    switch (probe_count) {
#define CASE(n) \
    case n: scan(high, steps, errors, groups, pairs, probes, n, masks); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
    }
}
#endif
