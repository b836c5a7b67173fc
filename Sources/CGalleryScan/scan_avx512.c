#include "kernels.h"

#if GALLERY_SCAN_X86
#include <immintrin.h>

/// Bytes ahead: two pairs of blocks at 128 components.
enum { prefetch_distance = 4096 };

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

/// Adds those of 16 rows that reach the threshold and are among `asked`, by their sums.
AVX512 static inline __attribute__((always_inline)) void add_survivors(__m512i sums, const float *steps,
                                                                       const float *errors,
                                                                       const struct gallery_probe *probe,
                                                                       __mmask16 asked, int32_t row,
                                                                       struct gallery_survivors *survivors) {
    const __m512i doubled = _mm512_sub_epi32(_mm512_add_epi32(sums, sums), _mm512_set1_epi32(probe->offset));
    const __m512 product = _mm512_mul_ps(_mm512_mul_ps(_mm512_load_ps(steps), _mm512_cvtepi32_ps(doubled)),
                                         _mm512_set1_ps(probe->scale));
    const __m512 bounds =
        _mm512_add_ps(product, _mm512_mul_ps(_mm512_load_ps(errors), _mm512_set1_ps(probe->spread)));
    const __mmask16 left =
        _mm512_mask_cmp_ps_mask(asked, bounds, _mm512_set1_ps(probe->threshold), _CMP_GE_OQ);
    if (!left) return;
    const __m512i rows = _mm512_add_epi32(
        _mm512_set1_epi32(row), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    // Whole registers are written: compressing into memory is slow on some processors.
    _mm512_storeu_si512(survivors->rows + survivors->count, _mm512_maskz_compress_epi32(left, rows));
    _mm512_storeu_ps(survivors->bounds + survivors->count, _mm512_maskz_compress_ps(left, bounds));
    survivors->count += __builtin_popcount(left);
}

/// 32 bits of a probe's codes, sixteen times.
AVX512 static inline __attribute__((always_inline)) __m512i four_codes(const int8_t *codes) {
    int32_t four;
    __builtin_memcpy(&four, codes, 4);
    return _mm512_set1_epi32(four);
}

/// Compares the high nibbles, or whole codes unpacked. `count` and `unpacked` are constants where this is inlined, so
/// that the sums stay in registers: 16 for 8 probes.
AVX512 static inline __attribute__((always_inline)) void scan(const struct gallery_rows *rows,
                                                              const struct gallery_probe *given, const int32_t count,
                                                              const bool unpacked,
                                                              struct gallery_survivors *survivors) {
    // As the reading has them; and here nothing that is written can be one of them, which the compiler wants to know.
    struct gallery_probe probes[GALLERY_SCAN_MAXIMUM_PROBES];
    for (int32_t p = 0; p < count; ++p) {
        probes[p] = given[p];
        if (unpacked) probes[p].offset *= 17, probes[p].scale /= 16;
        survivors[p].count = 0;
    }
    const __m512i nibble = _mm512_set1_epi8(15);
    const int32_t groups = rows->groups, width = unpacked ? 128 : 64;
    const float *all_errors = unpacked ? rows->fine_errors : rows->coarse_errors;
    for (int32_t pair = 0; pair < rows->pairs; ++pair) {
        const uint8_t *first = rows->codes + 2 * (int64_t)pair * width * groups, *second = first + width * groups;
        __m512i sums[GALLERY_SCAN_MAXIMUM_PROBES][2];
        for (int32_t p = 0; p < count; ++p) sums[p][0] = sums[p][1] = _mm512_setzero_si512();
        for (int32_t g = 0; g < groups; ++g, first += width, second += width) {
            // One probe is done with the memory faster than the processor fetches ahead by itself, which stops at each
            // page's end. Past the end of the segment this reads nothing and faults nowhere.
            if (count == 1 && !unpacked) {
                _mm_prefetch((const char *)(first + prefetch_distance), _MM_HINT_T0);
                _mm_prefetch((const char *)(second + prefetch_distance), _MM_HINT_T0);
            }
            // Components 0...3 and 4...7 of the group.
            __m512i a = _mm512_load_si512(first), b = _mm512_load_si512(second), more_a, more_b;
            if (unpacked) {
                more_a = _mm512_load_si512(first + 64), more_b = _mm512_load_si512(second + 64);
            } else {
                more_a = _mm512_and_si512(_mm512_srli_epi16(a, 4), nibble), a = _mm512_and_si512(a, nibble);
                more_b = _mm512_and_si512(_mm512_srli_epi16(b, 4), nibble), b = _mm512_and_si512(b, nibble);
            }
            for (int32_t p = 0; p < count; ++p) {
                const __m512i codes = four_codes(probes[p].codes + 8 * g);
                const __m512i more = four_codes(probes[p].codes + 8 * g + 4);
                sums[p][0] = _mm512_dpbusd_epi32(sums[p][0], a, codes);
                sums[p][1] = _mm512_dpbusd_epi32(sums[p][1], b, codes);
                sums[p][0] = _mm512_dpbusd_epi32(sums[p][0], more_a, more);
                sums[p][1] = _mm512_dpbusd_epi32(sums[p][1], more_b, more);
            }
        }
        for (int32_t half = 0; half < 2; ++half) {
            const int32_t row = 32 * pair + 16 * half;
            // Of a removed row only the coarse bound is none.
            const __m512 coarse = _mm512_load_ps(rows->coarse_errors + row);
            const __mmask16 asked = unpacked ? _mm512_cmp_ps_mask(coarse, _mm512_setzero_ps(), _CMP_GE_OQ) : 0xffff;
            for (int32_t p = 0; p < count; ++p) {
                add_survivors(sums[p][half], rows->steps + row, all_errors + row, &probes[p], asked, row,
                              &survivors[p]);
            }
        }
    }
}

AVX512 void gallery_scan_with_avx512(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                     int32_t probe_count, struct gallery_survivors *survivors) {
    switch (probe_count) {
#define CASE(n) \
    case n: scan(rows, probes, n, false, survivors); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
    }
}

AVX512 void gallery_scan_unpacked_with_avx512(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                              int32_t probe_count, struct gallery_survivors *survivors) {
    switch (probe_count) {
#define CASE(n) \
    case n: scan(rows, probes, n, true, survivors); break;
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
    }
}

/// The 16 x 16 dwords that lie at `from`, `stride` bytes a row, column by column; only `columns` of them.
AVX512 static inline __attribute__((always_inline)) void transpose(const uint8_t *from, int64_t stride,
                                                                   int32_t columns, __m512i a[16]) {
    const __mmask16 there = (__mmask16)((1u << columns) - 1);
    __m512i b[16];
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
}

/// Some groups of a block: at most 16.
AVX512 static inline __attribute__((always_inline)) void unpack(const uint8_t *high, const uint8_t *low, int64_t stride,
                                                                int32_t groups, uint8_t *codes) {
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i lower[16];
    transpose(low, stride, groups, lower);
    for (int32_t g = 0; g < groups; ++g) {
        const __m512i h = _mm512_load_si512(high + 64 * g), l = lower[g];
        // In each byte the bits of the first operand where the mask is set, those of the second elsewhere.
        const __m512i first = _mm512_ternarylogic_epi32(nibble, l, _mm512_slli_epi16(h, 4), 0xca);
        const __m512i last = _mm512_ternarylogic_epi32(nibble, _mm512_srli_epi16(l, 4), h, 0xca);
        _mm512_store_si512(codes + 128 * g, first);
        _mm512_store_si512(codes + 128 * g + 64, last);
    }
}

AVX512 void gallery_unpack_with_avx512(const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs,
                                       uint8_t *codes) {
    for (int32_t block = 0; block < 2 * pairs; ++block, low += 64 * groups) {
        for (int32_t g = 0; g < groups; g += 16) {
            const int32_t some = groups - g < 16 ? groups - g : 16;
            // Whole sixteens are a loop of their own, unrolled.
            if (some == 16) unpack(high, low + 4 * g, 4 * groups, 16, codes);
            else unpack(high, low + 4 * g, 4 * groups, some, codes);
            high += 64 * some, codes += 128 * some;
        }
    }
}
#endif
