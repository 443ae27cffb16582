/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers in memory, on any machine; and what the format's records begin with. */
#ifndef RPR_TRACE_BYTES_H
#define RPR_TRACE_BYTES_H

#include <stdint.h>
#include <string.h>

/* As in PNG: a byte above 127, and line ends that a transfer as text would change. */
#define RPR_TRACE_MAGIC "\x89RPT\r\n\x1a\n"
#define RPR_TRACE_MAGIC_BYTES 8

#define RPR_TRACE_PREAMBLE 16 /* magic, version, bytes of the description */
#define RPR_TRACE_RECORD 5    /* kind, bytes of the payload */
#define RPR_TRACE_CRC 4

#define RPR_TRACE_INPUT_BYTES (2 + 5 * 4 + 1 + 4 + 8)                  /* without its name */
#define RPR_TRACE_LAYER_BYTES (2 * 2 + 4 + 1 + 4 * 4 + 18 * 4 + 2 * 8) /* without its names */
#define RPR_TRACE_FRAME_BYTES (8 + 1)
#define RPR_TRACE_LAYER_FRAME_BYTES (1 + 8)
#define RPR_TRACE_CHANGE_BYTES (2 * 4 + 1) /* and RPR_TRACE_LISTED_BYTES, if rows follow */
#define RPR_TRACE_LISTED_BYTES (8 + 4)

enum { RPR_TRACE_KIND_FRAME = 'F', RPR_TRACE_KIND_END = 'E' };

/* Flags of a layer in the description, and of a layer on a frame beside its choice. */
#define RPR_TRACE_TRANSPOSED 1u
#define RPR_TRACE_BY_PIXEL 2u
#define RPR_TRACE_STEPS 4u /* from version 2 on */
#define RPR_TRACE_REFRESHED 4u
#define RPR_TRACE_MIXED 8u

/** How one input of a frame is written. */
enum { RPR_TRACE_NONE = 0, RPR_TRACE_ALL = 1, RPR_TRACE_ROWS = 2 };

static inline uint8_t *rpr_put_u8(uint8_t *p, uint32_t v)
{
    *p = (uint8_t)v;
    return p + 1;
}

static inline uint8_t *rpr_put_u16(uint8_t *p, uint32_t v)
{
    return rpr_put_u8(rpr_put_u8(p, v), v >> 8);
}

static inline uint8_t *rpr_put_u32(uint8_t *p, uint32_t v)
{
    return rpr_put_u16(rpr_put_u16(p, v), v >> 16);
}

static inline uint8_t *rpr_put_u64(uint8_t *p, uint64_t v)
{
    return rpr_put_u32(rpr_put_u32(p, (uint32_t)v), (uint32_t)(v >> 32));
}

static inline uint8_t *rpr_put_f32(uint8_t *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return rpr_put_u32(p, bits);
}

static inline uint8_t *rpr_put_f64(uint8_t *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return rpr_put_u64(p, bits);
}

static inline uint32_t rpr_get_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t rpr_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t rpr_get_u64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

static inline float rpr_get_f32(const uint8_t *p)
{
    uint32_t bits = rpr_get_u32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline double rpr_get_f64(const uint8_t *p)
{
    uint64_t bits = rpr_get_u64(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

#endif
