/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3, as in zlib and PNG: polynomial 0xedb88320 reflected. */
#ifndef RPR_TRACE_CRC_H
#define RPR_TRACE_CRC_H

#include <stddef.h>
#include <stdint.h>

/** table[k][b]: the remainder of byte b followed by k zero bytes. */
typedef struct rpr_crc {
    uint32_t table[8][256];
} rpr_crc;

void rpr_crc_init(rpr_crc *c);

/** The checksum of what `crc` is the checksum of (0: nothing) with `bytes` behind it. */
uint32_t rpr_crc_update(const rpr_crc *c, uint32_t crc, const uint8_t *bytes, size_t n);

#endif
