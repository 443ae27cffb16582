/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/crc.h"

#include "trace/bytes.h"

void rpr_crc_init(rpr_crc *c)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t v = b;
        for (int i = 0; i < 8; i++)
            v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
        c->table[0][b] = v;
    }
    for (int k = 1; k < 8; k++)
        for (int b = 0; b < 256; b++) {
            uint32_t v = c->table[k - 1][b];
            c->table[k][b] = v >> 8 ^ c->table[0][v & 255];
        }
}

uint32_t rpr_crc_update(const rpr_crc *c, uint32_t crc, const uint8_t *bytes, size_t n)
{
    crc = ~crc;
    for (; n >= 8; n -= 8, bytes += 8) {
        uint32_t lo = rpr_get_u32(bytes) ^ crc, hi = rpr_get_u32(bytes + 4);
        crc = c->table[7][lo & 255] ^ c->table[6][lo >> 8 & 255] ^ c->table[5][lo >> 16 & 255] ^
              c->table[4][lo >> 24] ^ c->table[3][hi & 255] ^ c->table[2][hi >> 8 & 255] ^
              c->table[1][hi >> 16 & 255] ^ c->table[0][hi >> 24];
    }
    for (; n > 0; n--, bytes++)
        crc = crc >> 8 ^ c->table[0][(crc ^ *bytes) & 255];
    return ~crc;
}
