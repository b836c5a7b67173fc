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

void gallery_scan(enum gallery_scan_path path, const uint8_t *high, const float *steps, const float *errors,
                  int32_t groups, int32_t pairs, const struct gallery_probe *probes, int32_t probe_count,
                  uint32_t *masks) {
    scan_function *scan = gallery_scan_with_plain_c;
#if GALLERY_SCAN_X86
    if (path == gallery_scan_avx2) scan = gallery_scan_with_avx2;
    if (path == gallery_scan_avx512) scan = gallery_scan_with_avx512;
#endif
    scan(high, steps, errors, groups, pairs, probes, probe_count, masks);
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

void gallery_scan_with_plain_c(const uint8_t *high, const float *steps, const float *errors, int32_t groups,
                               int32_t pairs, const struct gallery_probe *probes, int32_t probe_count,
                               uint32_t *masks) {
    for (int32_t pair = 0; pair < pairs; ++pair) {
        for (int32_t p = 0; p < probe_count; ++p) {
            const struct gallery_probe *probe = &probes[p];
            uint32_t mask = 0;
            for (int32_t block = 0; block < 2; ++block) {
                const uint8_t *bytes = high + (2 * (int64_t)pair + block) * 64 * groups;
                int32_t sums[16] = {0};
                for (int32_t g = 0; g < groups; ++g, bytes += 64) {
                    for (int32_t row = 0; row < 16; ++row) {
                        for (int32_t b = 0; b < 4; ++b) {
                            sums[row] += probe->codes[8 * g + b] * (bytes[4 * row + b] & 15);
                            sums[row] += probe->codes[8 * g + 4 + b] * (bytes[4 * row + b] >> 4);
                        }
                    }
                }
                for (int32_t row = 0; row < 16; ++row) {
                    const int64_t i = 32 * (int64_t)pair + 16 * block + row;
                    const float u = (float)(2 * sums[row] - probe->offset);
                    const float product = steps[i] * u * probe->scale;
                    const float spread = errors[i] * probe->spread;
                    const float bound = product + spread;
                    if (bound >= probe->threshold) mask |= 1u << (16 * block + row);
                }
            }
            masks[(int64_t)p * pairs + pair] = mask;
        }
    }
}
