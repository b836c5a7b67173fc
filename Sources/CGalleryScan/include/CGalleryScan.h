// The inner loops of the exact search, in C because they want one function an instruction set, chosen when the program
// runs, and Swift has no such thing. What they compute and why it is enough: Documentation/ExactSearch.md.
//
// Codes. A component x of a row with step s has the code m = floor(16 x / s + 128), kept to 0...255. Its high nibble is
// the coarse code, standing for s (m / 16 - 7.5); both nibbles are the fine code, standing for (s / 16) (m - 127.5).
//
// Layout. Components come in groups of 8, rows in blocks of 16. Four bytes hold a row's nibbles of a group: byte b has
// component b in its lower half and component b + 4 in its upper half. High nibbles lie block by block, within a block
// group by group, within a group row by row: 64 bytes a group, one dword a row. Low nibbles lie row by row. Unpacked
// for many probes, whole codes lie as the high nibbles do, but twice as wide: 64 bytes of components 0...3, then 64 of
// components 4...7.
#ifndef COUNTENANCE_GALLERY_SCAN_H
#define COUNTENANCE_GALLERY_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#define GALLERY_SCAN_MAXIMUM_DIMENSION 1024
/// How many probes one passage serves.
#define GALLERY_SCAN_MAXIMUM_PROBES 8

/// A probe as the passes over blocks compare it. A row's coarse bound is (step * u) * scale + error * spread, with
/// u = 2 * sum(codes * nibbles) - offset; its middle bound the same with the fine codes and their error:
/// (step * v) * (scale / 16) + fine error * spread, with v = 2 * sum(codes * fine codes) - 17 * offset.
struct gallery_probe {
    /// 8 signed bytes a group, 0 where there is no component.
    const int8_t *codes;
    /// 15 times the sum of the codes: moves the nibbles' 0...15 to -7.5...7.5, doubled.
    int32_t offset;
    float scale;
    float spread;
    /// The least bound that survives; finite.
    float threshold;
};

enum gallery_scan_path { gallery_scan_plain = 0, gallery_scan_avx2 = 1, gallery_scan_avx512 = 2 };

/// Whether this processor and this build have the path.
bool gallery_scan_supports(enum gallery_scan_path path);

/// The rows that one passage looks at: `pairs` pairs of blocks, 32 rows each. All pointers are aligned to 64 bytes.
struct gallery_rows {
    /// High nibbles, or whole codes unpacked.
    const uint8_t *codes;
    const float *steps;
    /// -infinity for a row that is removed, which never survives: its middle bound does not say so, this does.
    const float *coarse_errors;
    const float *fine_errors;
    int32_t groups;
    int32_t pairs;
};

/// The rows that survive for one probe, ascending, and their bounds; counted from the first of `gallery_rows`. There is
/// room for all rows.
struct gallery_survivors {
    int32_t *rows;
    float *bounds;
    int32_t count;
};

/// Compares the rows' high nibbles with `probe_count` (1...8) probes, and writes for each of them the rows whose coarse
/// bound is at least its threshold. Every path gives the same.
void gallery_scan(enum gallery_scan_path path, const struct gallery_rows *rows, const struct gallery_probe *probes,
                  int32_t probe_count, struct gallery_survivors *survivors);

/// The same with whole codes unpacked, and their middle bound. On AVX2 a row's coarse bound must reach the threshold
/// too: there nibbles are added up one after the other, the low ones only where one of eight rows needs them.
void gallery_scan_unpacked(enum gallery_scan_path path, const struct gallery_rows *rows,
                           const struct gallery_probe *probes, int32_t probe_count,
                           struct gallery_survivors *survivors);

/// Unpacks the codes of `pairs` pairs of blocks. `codes` has room for 128 bytes a group and block and is aligned to 64.
void gallery_unpack(enum gallery_scan_path path, const uint8_t *high, const uint8_t *low, int32_t groups, int32_t pairs,
                    uint8_t *codes);

/// sums[i] = sum(probe * (2 m - 255)) over the fine codes m of the row at positions[i]. `high` and `low` are the
/// segment's; `probe` has 8 numbers a group. The caller keeps the sum of |probe| below 2^31 / 256. `errors` is only
/// fetched into the cache, for the caller.
void gallery_refine(enum gallery_scan_path path, const uint8_t *high, const uint8_t *low, const float *errors,
                    int32_t groups, const int16_t *probe, const int32_t *positions, int32_t count, int32_t *sums);

/// Codes one row of at most 1,024 finite components, not all 0. `coarse_error` and `fine_error` are no less than the
/// lengths of what the coarse and the fine code leave.
void gallery_encode(const float *components, int32_t dimension, uint8_t *high, uint8_t *low, float *step,
                    float *coarse_error, float *fine_error);

/// Overwrites a row's codes with zeros.
void gallery_erase(uint8_t *high, uint8_t *low, int32_t groups);

/// Copies a row's codes.
void gallery_copy(const uint8_t *high, const uint8_t *low, int32_t groups, uint8_t *to_high, uint8_t *to_low);

#endif
