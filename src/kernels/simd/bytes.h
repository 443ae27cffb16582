/* SPDX-License-Identifier: Apache-2.0 */
/* Template: 8-bit values. The limits of all levels stand in one vector, which is looked up. */

static inline ALWAYS_INLINE uint8_t moved_one(uint8_t now, uint8_t then, const uint8_t *limit)
{
    int d = now > then ? now - then : then - now;
    return d > limit[then / 16];
}

static bool u8_moved(const uint8_t *now, const uint8_t *then, const uint8_t *limit, uint8_t *moved,
                     int64_t n)
{
    const vbytes table = vb_table(limit), one = vb_set(1);
    vbytes over = vb_set(0);
    int64_t i = 0;
    for (; i + VB <= n; i += VB) {
        vbytes a = vb_load(now + i), b = vb_load(then + i);
        vbytes m = vb_min(vb_sub_sat(vb_distance(a, b), vb_look_up(table, vb_high_digit(b))), one);
        vb_store(moved + i, m);
        over = vb_or(over, m);
    }
    bool any = vb_any(over);
    for (; i < n; i++) {
        moved[i] = moved_one(now[i], then[i], limit);
        any |= moved[i] != 0;
    }
    return any;
}
