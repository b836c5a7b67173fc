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

typedef void scan_function(const uint8_t *high, const float *steps, const float *errors, int32_t groups, int32_t pairs,
                           const struct gallery_probe *probes, int32_t probe_count, uint32_t *masks);

scan_function gallery_scan_with_plain_c;
#if GALLERY_SCAN_X86
scan_function gallery_scan_with_avx2;
scan_function gallery_scan_with_avx512;
int32_t gallery_refine_with_avx2(const uint8_t *high, const uint8_t *low, int32_t groups, const int16_t *probe);
#endif

/// Puts a row's fine codes in the order of the components, 8 bytes a group.
static inline __attribute__((always_inline)) void gather_codes(const uint8_t *high, const uint8_t *low, int32_t groups,
                                                               uint8_t *codes) {
    for (int32_t g = 0; g < groups; ++g) {
        uint32_t h, l;
        __builtin_memcpy(&h, high + 64 * g, 4);
        __builtin_memcpy(&l, low + 4 * g, 4);
        const uint32_t first = ((h & 0x0f0f0f0f) << 4) | (l & 0x0f0f0f0f);
        const uint32_t second = (h & 0xf0f0f0f0) | ((l >> 4) & 0x0f0f0f0f);
        __builtin_memcpy(codes + 8 * g, &first, 4);
        __builtin_memcpy(codes + 8 * g + 4, &second, 4);
    }
}

/// sum(probe * (2 code - 255)); compiled anew for each instruction set that inlines it.
static inline __attribute__((always_inline)) int32_t fine_sum(const uint8_t *codes, int32_t count,
                                                              const int16_t *probe) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) sum += probe[i] * (int16_t)(2 * codes[i] - 255);
    return sum;
}

#endif
