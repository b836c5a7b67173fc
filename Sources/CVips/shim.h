// libvips for Swift. Swift calls the library directly, except for what stands here: every vips operation is a variadic
// function ending in NULL, and Swift cannot call variadic C functions. No wrapper decides anything a caller might want
// to know; each fixes only the options its comment names.

#ifndef COUNTENANCE_VIPS_SHIM_H
#define COUNTENANCE_VIPS_SHIM_H

#include <vips/vips.h>

// The loaders (variadic). All read the rows from the top down, once, so that a large photograph need not be in memory
// whole, and all fail on an image that ends early or is corrupt (`fail_on` "error" includes "truncated"), though
// not on mere warnings, such as real cameras' JPEGs give rise to.
// `page` keeps its default: the first. The bytes are not copied and must outlive the image.

static inline int countenance_load_jpeg(void *bytes, size_t count, int shrink, VipsImage **out) {
    return vips_jpegload_buffer(bytes, count, out, "shrink", shrink,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int countenance_load_png(void *bytes, size_t count, VipsImage **out) {
    return vips_pngload_buffer(bytes, count, out,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int countenance_load_webp(void *bytes, size_t count, double scale, VipsImage **out) {
    return vips_webpload_buffer(bytes, count, out, "scale", scale,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int countenance_load_heif(void *bytes, size_t count, VipsImage **out) {
    return vips_heifload_buffer(bytes, count, out,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int countenance_load_tiff(void *bytes, size_t count, VipsImage **out) {
    return vips_tiffload_buffer(bytes, count, out,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

static inline int countenance_load_gif(void *bytes, size_t count, VipsImage **out) {
    return vips_gifload_buffer(bytes, count, out,
        "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

// The steps of a decode (variadic).

static inline int countenance_shrink(VipsImage *in, int across, int down, VipsImage **out) {
    return vips_shrink(in, out, across, down, NULL);
}

// From the embedded profile to 8-bit sRGB, perceptual intent as cameras and browsers have it.
static inline int countenance_embedded_profile_to_srgb(VipsImage *in, VipsImage **out) {
    return vips_icc_transform(in, out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_PERCEPTUAL, "depth", 8, NULL);
}

static inline int countenance_colourspace(VipsImage *in, VipsInterpretation space, VipsImage **out) {
    return vips_colourspace(in, out, space, NULL);
}

// Onto the colour given, one value for each channel but the alpha.
static inline int countenance_flatten(VipsImage *in, double *background, int channels, VipsImage **out) {
    VipsArrayDouble *colour = vips_array_double_new(background, channels);
    int status = vips_flatten(in, out, "background", colour, NULL);
    vips_area_unref(VIPS_AREA(colour)); // A cast macro: Swift cannot call it.
    return status;
}

static inline int countenance_extract_channels(VipsImage *in, int first, int count, VipsImage **out) {
    return vips_extract_band(in, out, first, "n", count, NULL);
}

static inline int countenance_cast_to_bytes(VipsImage *in, VipsImage **out) {
    return vips_cast_uchar(in, out, NULL);
}

static inline int countenance_autorotate(VipsImage *in, VipsImage **out) {
    return vips_autorot(in, out, NULL);
}

// Pixels from memory come without a name for their colours; this gives them one.
static inline int countenance_name_srgb(VipsImage *in, VipsImage **out) {
    return vips_copy(in, out, "interpretation", VIPS_INTERPRETATION_sRGB, NULL);
}

// The savers (variadic); `strip` leaves all metadata out.

static inline int countenance_save_png(VipsImage *in, void **bytes, size_t *count) {
    return vips_pngsave_buffer(in, bytes, count, "strip", TRUE, NULL);
}

static inline int countenance_save_jpeg(VipsImage *in, int quality, void **bytes, size_t *count) {
    return vips_jpegsave_buffer(in, bytes, count, "Q", quality, "strip", TRUE, NULL);
}

// Text as a mask of one channel (variadic).
static inline int countenance_text(const char *markup, const char *font, int dpi, VipsImage **out) {
    return vips_text(out, markup, "font", font, "dpi", dpi, NULL);
}

#endif
