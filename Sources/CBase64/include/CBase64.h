// A photograph's way out of a request's JSON, in C because Swift has no vector instructions of one processor's own.
#ifndef COUNTENANCE_BASE64_H
#define COUNTENANCE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/// Decodes base64 (RFC 4648, section 4) from the beginning of a text, by vectors of 32 letters as long as another 16
/// characters follow, and says how many letters that was: a multiple of 32, and 0 on a processor without AVX2. What is
/// left is the caller's: the end, and all from the first vector on that holds something else than the 64 letters.
/// `bytes` has room for 3 bytes for each 4 of `count`, less two for padding.
size_t base64_decode_letters(const uint8_t *text, size_t count, uint8_t *bytes);

#endif
