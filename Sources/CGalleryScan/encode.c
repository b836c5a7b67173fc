#include "CGalleryScan.h"

#include <math.h>
#include <string.h>

enum { block_stride = 64 };

/// A bound from a sum of at most 1,024 squares. Adding, squaring and the root leave a relative error below
/// 1,030 * 2^-53 < 2e-13; the margin is five thousand times that, and the last step rounds up to single precision.
static float upper_bound(double sum_of_squares) {
    return nextafterf((float)(sqrt(sum_of_squares) * (1 + 1e-9)), INFINITY);
}

void gallery_encode(const float *components, int32_t dimension, uint8_t *high, uint8_t *low, float *step,
                    float *coarse_error, float *fine_error) {
    uint8_t codes[GALLERY_SCAN_MAXIMUM_DIMENSION] = {0};
    float largest = 0;
    for (int32_t i = 0; i < dimension; ++i) {
        const float magnitude = fabsf(components[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    // 16 steps span -largest...largest: the outermost cells end where the components do.
    const float s = largest / 8;
    const double scale = 16.0 / s;
    for (int32_t i = 0; i < dimension; ++i) {
        const int m = (int)(components[i] * scale + 128);
        codes[i] = (uint8_t)(m < 0 ? 0 : m > 255 ? 255 : m);
    }
    double coarse = 0, fine = 0;
    for (int32_t i = 0; i < dimension; ++i) {
        // Both products are exact: 24 bits by at most 9.
        const double c = components[i] - s * ((codes[i] >> 4) - 7.5);
        const double f = components[i] - s * ((codes[i] - 127.5) / 16);
        coarse += c * c;
        fine += f * f;
    }
    *step = s;
    *coarse_error = upper_bound(coarse);
    *fine_error = upper_bound(fine);
    for (int32_t g = 0; g < (dimension + 7) / 8; ++g) {
        for (int32_t b = 0; b < 4; ++b) {
            const uint8_t one = codes[8 * g + b], other = codes[8 * g + 4 + b];
            high[block_stride * g + b] = (uint8_t)((one >> 4) | (other & 0xf0));
            low[4 * g + b] = (uint8_t)((one & 0x0f) | (other << 4));
        }
    }
}

void gallery_erase(uint8_t *high, uint8_t *low, int32_t groups) {
    for (int32_t g = 0; g < groups; ++g) memset(high + block_stride * g, 0, 4);
    memset(low, 0, (size_t)(4 * groups));
}

void gallery_copy(const uint8_t *high, const uint8_t *low, int32_t groups, uint8_t *to_high, uint8_t *to_low) {
    for (int32_t g = 0; g < groups; ++g) memcpy(to_high + block_stride * g, high + block_stride * g, 4);
    memcpy(to_low, low, (size_t)(4 * groups));
}
