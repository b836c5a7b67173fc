#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

/// Bytes ahead: two pairs of blocks at 128 components.
enum { prefetch_distance = 4096 };

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

/// Which of 16 rows reach the threshold, by their sums and what belongs to the reading.
AVX512 static inline __attribute__((always_inline)) uint32_t survivors(__m512i sums, int32_t offset, float scale,
                                                                       const float *steps, const float *errors,
                                                                       const struct gallery_probe *probe) {
    const __m512i doubled = _mm512_sub_epi32(_mm512_add_epi32(sums, sums), _mm512_set1_epi32(offset));
    const __m512 product = _mm512_mul_ps(_mm512_mul_ps(_mm512_load_ps(steps), _mm512_cvtepi32_ps(doubled)),
                                         _mm512_set1_ps(scale));
    const __m512 spread = _mm512_mul_ps(_mm512_load_ps(errors), _mm512_set1_ps(probe->spread));
    const __m512 bound = _mm512_add_ps(product, spread);
    return _mm512_cmp_ps_mask(bound, _mm512_set1_ps(probe->threshold), _CMP_GE_OQ);
}

/// sum(codes * nibbles) of a pair of blocks for each probe. `count` is a constant where this is inlined, so that the
/// sums stay in registers: 16 for 8 probes.
AVX512 static inline __attribute__((always_inline)) void add_up(const uint8_t *first, int32_t groups,
                                                                const struct gallery_probe *probes,
                                                                const int32_t count, const bool fetch,
                                                                __m512i sums[][2]) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const uint8_t *second = first + 64 * groups;
    for (int32_t p = 0; p < count; ++p) sums[p][0] = sums[p][1] = _mm512_setzero_si512();
    for (int32_t g = 0; g < groups; ++g) {
        if (fetch) {
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
}

/// The rows of a pair whose middle bound reaches the threshold.
AVX512 static inline __attribute__((always_inline)) uint32_t narrowed(const __m512i high[2], const __m512i low[2],
                                                                      const struct gallery_rows *rows, int64_t row,
                                                                      const struct gallery_probe *probe) {
    uint32_t left = 0;
    for (int32_t half = 0; half < 2; ++half, row += 16) {
        const __m512i sums = _mm512_add_epi32(_mm512_slli_epi32(high[half], 4), low[half]);
        left |= survivors(sums, 17 * probe->offset, probe->scale / 16, rows->steps + row, rows->fine_errors + row,
                          probe)
                << (16 * half);
    }
    return left;
}

AVX512 static inline __attribute__((always_inline)) void scan(const struct gallery_rows *rows,
                                                              const struct gallery_probe *probes, const int32_t count,
                                                              uint32_t *masks) {
    const int32_t groups = rows->groups;
    for (int32_t pair = 0; pair < rows->pairs; ++pair) {
        const int64_t row = 32 * (int64_t)pair, offset = 2 * (int64_t)pair * 64 * groups;
        __m512i high[GALLERY_SCAN_MAXIMUM_PROBES][2];
        // One probe is done with the memory faster than the processor fetches ahead by itself, which stops at each
        // page's end. Past the end of the segment this reads nothing and faults nowhere.
        add_up(rows->high + offset, groups, probes, count, count == 1, high);
        int32_t left = 0;
        for (int32_t p = 0; p < count; ++p) {
            const struct gallery_probe *probe = &probes[p];
            const float *steps = rows->steps + row, *errors = rows->coarse_errors + row;
            const uint32_t mask = survivors(high[p][0], probe->offset, probe->scale, steps, errors, probe) |
                                  survivors(high[p][1], probe->offset, probe->scale, steps + 16, errors + 16, probe)
                                      << 16;
            masks[(int64_t)p * rows->pairs + pair] = mask;
            left += mask != 0;
        }
        if (!left || !rows->low) continue;
        __m512i low[GALLERY_SCAN_MAXIMUM_PROBES][2];
        // All probes together cost about as much as three of them one by one.
        const bool together = left > 2;
        if (together) add_up(rows->low + offset, groups, probes, count, false, low);
        for (int32_t p = 0; p < count; ++p) {
            uint32_t *mask = &masks[(int64_t)p * rows->pairs + pair];
            if (!*mask) continue;
            if (!together) add_up(rows->low + offset, groups, &probes[p], 1, false, &low[p]);
            *mask &= narrowed(high[p], low[p], rows, row, &probes[p]);
        }
    }
}

AVX512 void gallery_scan_with_avx512(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                     int32_t probe_count, uint32_t *masks) {
    switch (probe_count) {
#define CASE(n) \
    case n: scan(rows, probes, n, masks); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
    }
}

/// Writes the 16 x 16 dwords that lie at `from`, `stride` bytes a row, column by column; only `columns` of them.
AVX512 static inline __attribute__((always_inline)) void transpose(const uint8_t *from, int64_t stride,
                                                                   int32_t columns, uint8_t *to) {
    const __mmask16 there = (__mmask16)((1u << columns) - 1);
    __m512i a[16], b[16];
    for (int32_t i = 0; i < 16; ++i) a[i] = _mm512_maskz_loadu_epi32(there, from + i * stride);
    // Twice within the 128-bit lanes, then twice whole lanes: afterwards register i holds column i.
    for (int32_t i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (int32_t i = 0; i < 16; i += 4) {
        a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (int32_t i = 0; i < 4; ++i) {
        b[i] = _mm512_shuffle_i32x4(a[i], a[4 + i], 0x88);
        b[4 + i] = _mm512_shuffle_i32x4(a[i], a[4 + i], 0xdd);
        b[8 + i] = _mm512_shuffle_i32x4(a[8 + i], a[12 + i], 0x88);
        b[12 + i] = _mm512_shuffle_i32x4(a[8 + i], a[12 + i], 0xdd);
    }
    for (int32_t i = 0; i < 4; ++i) {
        a[i] = _mm512_shuffle_i32x4(b[i], b[8 + i], 0x88);
        a[8 + i] = _mm512_shuffle_i32x4(b[i], b[8 + i], 0xdd);
        a[4 + i] = _mm512_shuffle_i32x4(b[4 + i], b[12 + i], 0x88);
        a[12 + i] = _mm512_shuffle_i32x4(b[4 + i], b[12 + i], 0xdd);
    }
    for (int32_t i = 0; i < columns; ++i) _mm512_store_si512(to + 64 * i, a[i]);
}

AVX512 void gallery_interleave_with_avx512(const uint8_t *low, int32_t groups, int32_t pairs, uint8_t *blocks) {
    for (int32_t block = 0; block < 2 * pairs; ++block, low += 64 * groups, blocks += 64 * groups) {
        int32_t g = 0;
        for (; g + 16 <= groups; g += 16) transpose(low + 4 * g, 4 * groups, 16, blocks + 64 * g);
        if (g < groups) transpose(low + 4 * g, 4 * groups, groups - g, blocks + 64 * g);
    }
}
#endif
