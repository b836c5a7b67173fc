#include "kernels.h"

bool gallery_scan_supports(enum gallery_scan_path path) {
#if GALLERY_SCAN_X86
    __builtin_cpu_init();
    if (path == gallery_scan_avx2) return __builtin_cpu_supports("avx2");
    if (path == gallery_scan_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vnni");
#endif
    return path == gallery_scan_plain;
}

void gallery_scan(enum gallery_scan_path path, const struct gallery_rows *rows, const struct gallery_probe *probes,
                  int32_t probe_count, struct gallery_survivors *survivors) {
    scan_function *scan = gallery_scan_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx2) scan = gallery_scan_with_avx2;
    if (path == gallery_scan_avx512) scan = gallery_scan_with_avx512;
#endif
    scan(rows, probes, probe_count, survivors);
}

void gallery_scan_unpacked(enum gallery_scan_path path, const struct gallery_rows *rows,
                           const struct gallery_probe *probes, int32_t probe_count,
                           struct gallery_survivors *survivors) {
    scan_function *scan = gallery_scan_unpacked_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx2) scan = gallery_scan_unpacked_with_avx2;
    if (path == gallery_scan_avx512) scan = gallery_scan_unpacked_with_avx512;
#endif
    scan(rows, probes, probe_count, survivors);
}

void gallery_unpack(enum gallery_scan_path path, const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs,
                    uint8_t *codes) {
    unpack_function *unpack = gallery_unpack_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx2) unpack = gallery_unpack_with_avx2;
    if (path == gallery_scan_avx512) unpack = gallery_unpack_with_avx512;
#endif
    unpack(high, low, groups, pairs, codes);
}

void gallery_refine(enum gallery_scan_path path, const uint8_t *high, const uint8_t *low, const float *errors,
                    int32_t groups, const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums) {
    refine_function *refine = gallery_refine_with_plain_c;
#if GALLERY_SCAN_X86
    if (path != gallery_scan_plain) refine = gallery_refine_with_avx2;
#endif
    refine(high, low, errors, groups, probe, positions, count, sums);
}

void gallery_refine_with_plain_c(const uint8_t *high, const uint8_t *low, const float *errors, int32_t groups,
                                 const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums) {
    refine_rows(high, low, errors, groups, probe, positions, count, sums);
}

void gallery_unpack_with_plain_c(const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs,
                                 uint8_t *codes) {
    unpack_blocks(high, low, groups, pairs, codes);
}

/// A row's bound; `number` is the u or v of the header, `scale` what goes with it.
static float bound(float step, int32_t number, float scale, float error, const struct gallery_probe *probe) {
    const float product = step * (float)number * scale;
    const float spread = error * probe->spread;
    return product + spread;
}

/// A row's coarse bound. `bytes` points at its dword in the first group.
static float coarse_bound(const uint8_t *bytes, const struct gallery_rows *rows, int32_t row,
                          const struct gallery_probe *probe) {
    const int8_t *codes = probe->codes;
    int32_t sum = 0;
    for (int32_t g = 0; g < rows->groups; ++g, bytes += 64, codes += 8) {
        for (int32_t b = 0; b < 4; ++b) sum += codes[b] * (bytes[b] & 15) + codes[4 + b] * (bytes[b] >> 4);
    }
    return bound(rows->steps[row], 2 * sum - probe->offset, probe->scale, rows->coarse_errors[row], probe);
}

/// A row's middle bound. `bytes` points at its first dword in the first group.
static float middle_bound(const uint8_t *bytes, const struct gallery_rows *rows, int32_t row,
                          const struct gallery_probe *probe) {
    const int8_t *codes = probe->codes;
    int32_t sum = 0;
    for (int32_t g = 0; g < rows->groups; ++g, bytes += 128, codes += 8) {
        for (int32_t b = 0; b < 4; ++b) sum += codes[b] * bytes[b] + codes[4 + b] * bytes[64 + b];
    }
    return bound(rows->steps[row], 2 * sum - 17 * probe->offset, probe->scale / 16, rows->fine_errors[row], probe);
}

void gallery_scan_with_plain_c(const struct gallery_rows *rows, const struct gallery_probe *probes,
                               int32_t probe_count, struct gallery_survivors *survivors) {
    for (int32_t p = 0; p < probe_count; ++p) {
        survivors[p].count = 0;
        for (int32_t row = 0; row < 32 * rows->pairs; ++row) {
            const uint8_t *bytes = rows->codes + (int64_t)(row / 16) * 64 * rows->groups + row % 16 * 4;
            const float bound = coarse_bound(bytes, rows, row, &probes[p]);
            if (bound >= probes[p].threshold) add_survivor(&survivors[p], row, bound);
        }
    }
}

void gallery_scan_unpacked_with_plain_c(const struct gallery_rows *rows, const struct gallery_probe *probes,
                                        int32_t probe_count, struct gallery_survivors *survivors) {
    for (int32_t p = 0; p < probe_count; ++p) {
        survivors[p].count = 0;
        for (int32_t row = 0; row < 32 * rows->pairs; ++row) {
            if (rows->coarse_errors[row] < 0) continue;
            const uint8_t *bytes = rows->codes + (int64_t)(row / 16) * 128 * rows->groups + row % 16 * 4;
            const float bound = middle_bound(bytes, rows, row, &probes[p]);
            if (bound >= probes[p].threshold) add_survivor(&survivors[p], row, bound);
        }
    }
}
