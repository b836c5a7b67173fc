#include "kernels.h"

#if GALLERY_SCAN_X86
#include <float.h>
#include <immintrin.h>
#include <math.h>

/// Bytes ahead: two pairs of blocks at 128 components.
enum { prefetch_distance = 4096 };

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

/// A probe as the loops below use it. A row's x is sum(codes * nibbles) - floor(offset / 2): twice that is the header's
/// u, or v, or one more.
struct reading {
    /// What the sums begin with: - floor(offset / 2).
    int32_t start;
    /// 1 where the offset is odd.
    int32_t odd;
    float scale;
    float spread;
    float threshold;
    /// A row whose bound reaches the threshold has step * x + error * sieve_spread >= sieve_threshold.
    float sieve_spread;
    float sieve_threshold;
};

/// More than all rounding of the bound and of the sieve (Documentation/ExactSearch.md): less than ten roundings, a
/// 2^-24th each, of the threshold and as many of the error's part.
static const float sieve_slack = 2e-6f;

static struct reading reading_of(const struct gallery_probe *probe, const bool unpacked) {
    const int32_t offset = unpacked ? 17 * probe->offset : probe->offset;
    const float scale = unpacked ? probe->scale / 16 : probe->scale;
    struct reading reading = {
        // Shifting rounds down, where dividing rounds towards zero.
        .start = -(offset >> 1), .odd = offset & 1, .scale = scale, .spread = probe->spread,
        .threshold = probe->threshold, .sieve_spread = 1, .sieve_threshold = -INFINITY,
    };
    // Where these are no usual numbers, every row passes the sieve. (The spread is never 0: a removed row's error is
    // -infinity, and 0 times that would be no number.)
    const float spread = probe->spread * (1 + sieve_slack) / (2 * scale);
    const float threshold = (probe->threshold - fabsf(probe->threshold) * sieve_slack - FLT_MIN) / (2 * scale);
    if (scale > FLT_MIN && spread > FLT_MIN && isfinite(spread) && isfinite(threshold)) {
        reading.sieve_spread = spread, reading.sieve_threshold = threshold;
    }
    return reading;
}

/// Adds those of 16 rows that reach the threshold and are among `asked`, by their x.
AVX512 static inline __attribute__((always_inline)) void add_survivors(__m512i x, const float *steps,
                                                                       const float *errors,
                                                                       const struct reading *probe, __mmask16 asked,
                                                                       int32_t row,
                                                                       struct gallery_survivors *survivors) {
    const __m512i doubled = _mm512_sub_epi32(_mm512_add_epi32(x, x), _mm512_set1_epi32(probe->odd));
    const __m512 product = _mm512_mul_ps(_mm512_mul_ps(_mm512_load_ps(steps), _mm512_cvtepi32_ps(doubled)),
                                         _mm512_set1_ps(probe->scale));
    const __m512 bounds =
        _mm512_add_ps(product, _mm512_mul_ps(_mm512_load_ps(errors), _mm512_set1_ps(probe->spread)));
    const __mmask16 left =
        _mm512_mask_cmp_ps_mask(asked, bounds, _mm512_set1_ps(probe->threshold), _CMP_GE_OQ);
    const __m512i rows = _mm512_add_epi32(
        _mm512_set1_epi32(row), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    // Whole registers are written: compressing into memory is slow on some processors. There is room, since no more
    // rows survived than lie before these.
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

#define UNROLLED _Pragma("clang loop unroll(full)")

/// Compares some blocks: of high nibbles, or of whole codes unpacked. `count`, `unpacked` and `blocks` are constants
/// where this is inlined, and all loops over them unrolled, so that the sums stay in registers: 24 for 8 probes and 3
/// blocks, which leaves as many as the codes need.
///
/// - codes: 8 bytes a group and probe, group by group.
AVX512 static inline __attribute__((always_inline)) void scan_blocks(const struct gallery_rows *rows, int32_t first,
                                                                     const int32_t blocks, const int8_t *codes,
                                                                     const struct reading *probes,
                                                                     const int32_t count, const bool unpacked,
                                                                     struct gallery_survivors *survivors) {
    const __m512i nibble = _mm512_set1_epi8(15);
    const int32_t groups = rows->groups, width = unpacked ? 128 : 64;
    const uint8_t *bytes = rows->codes + (int64_t)first * width * groups;
    __m512i sums[GALLERY_SCAN_MAXIMUM_PROBES][3];
    UNROLLED for (int32_t p = 0; p < count; ++p) {
        UNROLLED for (int32_t b = 0; b < blocks; ++b) sums[p][b] = _mm512_set1_epi32(probes[p].start);
    }
    for (int32_t g = 0; g < groups; ++g, bytes += width, codes += 8 * count) {
        // Components 0...3 and 4...7 of the group.
        __m512i halves[3][2];
        UNROLLED for (int32_t b = 0; b < blocks; ++b) {
            const uint8_t *block = bytes + (int64_t)b * width * groups;
            // One probe is done with the memory faster than the processor fetches ahead by itself, which stops at each
            // page's end. Past the end of the segment this reads nothing and faults nowhere.
            if (count == 1 && !unpacked) _mm_prefetch((const char *)(block + prefetch_distance), _MM_HINT_T0);
            const __m512i both = _mm512_load_si512(block);
            halves[b][0] = unpacked ? both : _mm512_and_si512(both, nibble);
            halves[b][1] = unpacked ? _mm512_load_si512(block + 64)
                                    : _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
        }
        UNROLLED for (int32_t half = 0; half < 2; ++half) {
            UNROLLED for (int32_t p = 0; p < count; ++p) {
                const __m512i four = four_codes(codes + 8 * p + 4 * half);
                UNROLLED for (int32_t b = 0; b < blocks; ++b) {
                    sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], halves[b][half], four);
                }
            }
        }
    }
    const float *errors = (unpacked ? rows->fine_errors : rows->coarse_errors) + 16 * first;
    const float *steps = rows->steps + 16 * first, *coarse_errors = rows->coarse_errors + 16 * first;
    UNROLLED for (int32_t p = 0; p < count; ++p) {
        // One question about all blocks: mostly the answer is no.
        __m512 highest;
        UNROLLED for (int32_t b = 0; b < blocks; ++b) {
            const __m512 product = _mm512_mul_ps(_mm512_load_ps(steps + 16 * b), _mm512_cvtepi32_ps(sums[p][b]));
            const __m512 sifted = _mm512_fmadd_ps(_mm512_load_ps(errors + 16 * b),
                                                  _mm512_set1_ps(probes[p].sieve_spread), product);
            highest = b == 0 ? sifted : _mm512_max_ps(highest, sifted);
        }
        if (!_mm512_cmp_ps_mask(highest, _mm512_set1_ps(probes[p].sieve_threshold), _CMP_GE_OQ)) continue;
        UNROLLED for (int32_t b = 0; b < blocks; ++b) {
            // Of a removed row only the coarse bound is none.
            const __mmask16 asked =
                unpacked ? _mm512_cmp_ps_mask(_mm512_load_ps(coarse_errors + 16 * b), _mm512_setzero_ps(), _CMP_GE_OQ)
                         : 0xffff;
            add_survivors(sums[p][b], steps + 16 * b, errors + 16 * b, &probes[p], asked, 16 * (first + b),
                          &survivors[p]);
        }
    }
}

AVX512 static inline __attribute__((always_inline)) void scan(const struct gallery_rows *rows,
                                                              const struct gallery_probe *probes, const int32_t count,
                                                              const bool unpacked,
                                                              struct gallery_survivors *survivors) {
    struct reading readings[GALLERY_SCAN_MAXIMUM_PROBES];
    int8_t codes[GALLERY_SCAN_MAXIMUM_DIMENSION * GALLERY_SCAN_MAXIMUM_PROBES];
    for (int32_t p = 0; p < count; ++p) {
        readings[p] = reading_of(&probes[p], unpacked);
        survivors[p].count = 0;
        for (int32_t g = 0; g < rows->groups; ++g) {
            __builtin_memcpy(codes + 8 * (g * count + p), probes[p].codes + 8 * g, 8);
        }
    }
    const int32_t end = 2 * rows->pairs, most = 3;
    int32_t block = 0;
    for (; block + most <= end; block += most) {
        scan_blocks(rows, block, most, codes, readings, count, unpacked, survivors);
    }
    for (; block < end; ++block) scan_blocks(rows, block, 1, codes, readings, count, unpacked, survivors);
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
