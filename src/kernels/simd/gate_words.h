/* SPDX-License-Identifier: Apache-2.0 */
/* Template: gates for words. Most blocks of four vectors hold no change; that path is short. */

/* Where changes go: the lists of int8.h, or nowhere but into the count. */
typedef struct words_sink {
    int32_t *idx;
    uint32_t *step, *rest;
    int32_t n;
} words_sink;

static inline ALWAYS_INLINE void words_add(words_sink *s, uint32_t bits, int32_t index, vi now,
                                           vi was)
{
    if (s->idx) {
        i_append_index(s->idx + s->n, bits, index);
        const vi step = i_step8(now, was);
        i_append(s->step + s->n, bits, step);
        i_append(s->rest + s->n, bits, i_sub8(i_sub8(now, was), step));
    }
    s->n += __builtin_popcount(bits);
}

static inline ALWAYS_INLINE void words_block(words_sink *s, const uint32_t *x, uint32_t *xhat,
                                             vi theta, int32_t index)
{
    vi now[4], was[4];
    uint32_t bits[4];
    UNROLL
    for (int v = 0; v < 4; v++) {
        now[v] = i_load(x + v * IL);
        was[v] = i_load(xhat + v * IL);
        bits[v] = i_moved(now[v], was[v], theta);
    }
    if (!(bits[0] | bits[1] | bits[2] | bits[3]))
        return;
    UNROLL
    for (int v = 0; v < 4; v++)
        if (bits[v]) {
            words_add(s, bits[v], index + v * IL, now[v], was[v]);
            i_store(xhat + v * IL, i_select(bits[v], now[v], was[v]));
        }
}

int32_t INT8(gate_words)(const uint32_t *x, uint32_t *xhat, int32_t n, int32_t theta, int32_t base,
                         int32_t *idx, uint32_t *step, uint32_t *rest)
{
    const vi limit = i_set8(theta);
    words_sink s = {idx, step, rest, 0};
    int32_t i = 0;
    for (; i + 4 * IL <= n; i += 4 * IL)
        words_block(&s, x + i, xhat + i, limit, base + i);
    for (; i < n; i += IL) {
        const itail t = i_tail(n - i < IL ? n - i : IL);
        const vi a = i_load_tail(x + i, t), b = i_load_tail(xhat + i, t);
        const uint32_t bits = i_moved(a, b, limit); /* lanes outside the tail are equal */
        if (!bits)
            continue;
        words_add(&s, bits, base + i, a, b);
        i_store_tail(xhat + i, t, i_select(bits, a, b));
    }
    return s.n;
}
