/* SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include "trace/bytes.h"
#include "trace/crc.h"

size_t seal_record_at(const uint8_t *bytes, size_t n, int index)
{
    if (n < RPR_TRACE_PREAMBLE)
        return n;
    size_t at = RPR_TRACE_PREAMBLE + RPR_TRACE_CRC;
    at += rpr_get_u32(bytes + RPR_TRACE_MAGIC_BYTES + 4);
    for (; index > 0 && at + RPR_TRACE_RECORD < n; index--)
        at += RPR_TRACE_RECORD + (size_t)rpr_get_u32(bytes + at + 1) + RPR_TRACE_CRC;
    return at < n ? at : n;
}

void seal(uint8_t *bytes, size_t n)
{
    rpr_crc c;
    size_t from = 0, to = seal_record_at(bytes, n, 0);
    rpr_crc_init(&c);
    for (int i = 1; to > from + RPR_TRACE_CRC; i++) {
        size_t end = to - RPR_TRACE_CRC;
        (void)rpr_put_u32(bytes + end, rpr_crc_update(&c, 0, bytes + from, end - from));
        from = to;
        to = seal_record_at(bytes, n, i);
    }
}
