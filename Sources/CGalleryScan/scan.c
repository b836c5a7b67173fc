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
                  int32_t probe_count, uint32_t *masks) {
    scan_function *scan = gallery_scan_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx2) scan = gallery_scan_with_avx2;
    if (path == gallery_scan_avx512) scan = gallery_scan_with_avx512;
#endif
    scan(rows, probes, probe_count, masks);
}

void gallery_interleave(enum gallery_scan_path path, const uint8_t *low, int32_t groups, int32_t pairs,
                        uint8_t *blocks) {
    interleave_function *interleave = gallery_interleave_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx512) interleave = gallery_interleave_with_avx512;
#endif
    interleave(low, groups, pairs, blocks);
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

void gallery_interleave_with_plain_c(const uint8_t *low, int32_t groups, int32_t pairs, uint8_t *blocks) {
    for (int32_t block = 0; block < 2 * pairs; ++block, low += 64 * groups) {
        for (int32_t g = 0; g < groups; ++g, blocks += 64) {
            for (int32_t row = 0; row < 16; ++row) __builtin_memcpy(blocks + 4 * row, low + 4 * (row * groups + g), 4);
        }
    }
}

/// sum(codes * nibbles) of a row; `bytes` points at its dword in the first group.
static int32_t sum_of_row(const uint8_t *bytes, int32_t groups, const int8_t *codes) {
    int32_t sum = 0;
    for (int32_t g = 0; g < groups; ++g, bytes += 64, codes += 8) {
        for (int32_t b = 0; b < 4; ++b) sum += codes[b] * (bytes[b] & 15) + codes[4 + b] * (bytes[b] >> 4);
    }
    return sum;
}

/// Whether a row's bound reaches the threshold; `number` is the u or v of the header, `scale` what goes with it.
static bool reaches(float step, int32_t number, float scale, float error, const struct gallery_probe *probe) {
    const float product = step * (float)number * scale;
    const float spread = error * probe->spread;
    const float bound = product + spread;
    return bound >= probe->threshold;
}

void gallery_scan_with_plain_c(const struct gallery_rows *rows, const struct gallery_probe *probes,
                               int32_t probe_count, uint32_t *masks) {
    const int32_t groups = rows->groups;
    for (int32_t pair = 0; pair < rows->pairs; ++pair) {
        for (int32_t p = 0; p < probe_count; ++p) {
            const struct gallery_probe *probe = &probes[p];
            uint32_t mask = 0;
            for (int32_t row = 0; row < 32; ++row) {
                const int64_t i = 32 * (int64_t)pair + row;
                const int64_t offset = i / 16 * 64 * groups + i % 16 * 4;
                const int32_t high = sum_of_row(rows->high + offset, groups, probe->codes);
                if (!reaches(rows->steps[i], 2 * high - probe->offset, probe->scale, rows->coarse_errors[i], probe))
                    continue;
                if (rows->low) {
                    const int32_t low = sum_of_row(rows->low + offset, groups, probe->codes);
                    const int32_t number = 2 * (16 * high + low) - 17 * probe->offset;
                    if (!reaches(rows->steps[i], number, probe->scale / 16, rows->fine_errors[i], probe)) continue;
                }
                mask |= 1u << row;
            }
            masks[(int64_t)p * rows->pairs + pair] = mask;
        }
    }
}
