// What the paths share. Each of scan_avx2.c and scan_avx512.c is empty on processors of another family.
#ifndef COUNTENANCE_KERNELS_H
#define COUNTENANCE_KERNELS_H

#include "CGalleryScan.h"

// No fused multiplication and addition: every path rounds at the same places, so that all give the same bits.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define GALLERY_SCAN_X86 1
#else
#define GALLERY_SCAN_X86 0
#endif

typedef void scan_function(const struct gallery_rows *rows, const struct gallery_probe *probes, int32_t probe_count,
                           struct gallery_survivors *survivors);

typedef void refine_function(const uint8_t *high, const uint8_t *low, const float *errors, int32_t groups,
                             const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums);

typedef void unpack_function(const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs, uint8_t *codes);

scan_function gallery_scan_with_plain_c;
scan_function gallery_scan_unpacked_with_plain_c;
unpack_function gallery_unpack_with_plain_c;
refine_function gallery_refine_with_plain_c;
#if GALLERY_SCAN_X86
scan_function gallery_scan_with_avx2;
scan_function gallery_scan_unpacked_with_avx2;
scan_function gallery_scan_with_avx512;
scan_function gallery_scan_unpacked_with_avx512;
unpack_function gallery_unpack_with_avx2;
unpack_function gallery_unpack_with_avx512;
refine_function gallery_refine_with_avx2;
#endif

/// Adds a row that survives.
static inline void add_survivor(struct gallery_survivors *survivors, int32_t row, float bound) {
    survivors->rows[survivors->count] = row;
    survivors->bounds[survivors->count++] = bound;
}

/// The whole codes of a row's components 0...3 and 4...7 of a group, from its nibbles.
static inline uint32_t first_four(uint32_t high, uint32_t low) {
    return ((high & 0x0f0f0f0f) << 4) | (low & 0x0f0f0f0f);
}
static inline uint32_t last_four(uint32_t high, uint32_t low) {
    return (high & 0xf0f0f0f0) | ((low >> 4) & 0x0f0f0f0f);
}

/// Unpacks blocks; compiled anew for each instruction set that inlines it.
static inline __attribute__((always_inline)) void unpack_blocks(const uint8_t *high, const uint8_t *low, int32_t groups,
                                                                int32_t pairs, uint8_t *codes) {
    for (int32_t block = 0; block < 2 * pairs; ++block, low += 64 * groups) {
        for (int32_t g = 0; g < groups; ++g, high += 64, codes += 128) {
            uint32_t h[16], l[16], first[16], last[16];
            __builtin_memcpy(h, high, 64);
            for (int32_t row = 0; row < 16; ++row) __builtin_memcpy(&l[row], low + 4 * (row * groups + g), 4);
            for (int32_t row = 0; row < 16; ++row) first[row] = first_four(h[row], l[row]);
            for (int32_t row = 0; row < 16; ++row) last[row] = last_four(h[row], l[row]);
            __builtin_memcpy(codes, first, 64);
            __builtin_memcpy(codes + 64, last, 64);
        }
    }
}

/// The rows' sums; compiled anew for each instruction set that inlines it, whose compiler makes vectors of the loops.
static inline __attribute__((always_inline)) void refine_rows(const uint8_t *high, const uint8_t *low,
                                                              const float *errors, int32_t groups,
                                                              const int16_t *probe, const int32_t *positions,
                                                              int32_t count, int32_t *sums) {
    // Everything is asked of memory before anything is used: the rows lie far apart.
    for (int32_t i = 0; i < count; ++i) {
        const uint8_t *codes = low + (int64_t)positions[i] * 4 * groups;
        for (int32_t byte = 0; byte < 4 * groups; byte += 64) __builtin_prefetch(codes + byte);
        __builtin_prefetch(errors + positions[i]);
    }
    for (int32_t i = 0; i < count; ++i) {
        const int64_t position = positions[i];
        const uint8_t *upper = high + position / 16 * groups * 64 + position % 16 * 4;
        const uint8_t *lower = low + position * 4 * groups;
        // The fine codes in the order of the components, 8 a group.
        uint8_t codes[GALLERY_SCAN_MAXIMUM_DIMENSION];
        for (int32_t g = 0; g < groups; ++g) {
            uint32_t h, l;
            __builtin_memcpy(&h, upper + 64 * g, 4);
            __builtin_memcpy(&l, lower + 4 * g, 4);
            const uint32_t first = first_four(h, l), second = last_four(h, l);
            __builtin_memcpy(codes + 8 * g, &first, 4);
            __builtin_memcpy(codes + 8 * g + 4, &second, 4);
        }
        int32_t sum = 0;
        for (int32_t k = 0; k < 8 * groups; ++k) sum += probe[k] * (int16_t)(2 * codes[k] - 255);
        sums[i] = sum;
    }
}

#endif
