/* SPDX-License-Identifier: Apache-2.0 */
/* One frame: what the layers did, and the bits of what changed. */
#include "trace/parse.h"

#include <math.h>

#include "core/status.h"

static int get_layer(rpr_trace_cursor *c, const rpr_trace_layer *l, int32_t index, bool first,
                     rpr_trace_layer_frame *f)
{
    size_t start = c->at;
    RPR_TRY(rpr_trace_need(c, RPR_TRACE_LAYER_FRAME_BYTES));
    uint32_t flags = *rpr_trace_take(c, 1), choice = flags & 3;
    f->macs = (int64_t)rpr_get_u64(rpr_trace_take(c, 8));
    f->refreshed = (flags & RPR_TRACE_REFRESHED) != 0;
    f->mixed = (flags & RPR_TRACE_MIXED) != 0;
    if (choice > RPR_CHOICE_DENSE || flags & ~(3 | RPR_TRACE_REFRESHED | RPR_TRACE_MIXED))
        return rpr_trace_wrong(c, start, "layer %d: unknown choice", index);
    f->choice = (rpr_choice)choice;
    const bool begins = first && l->steps && f->choice == RPR_CHOICE_CORRECT; /* but for a step */
    if ((first || f->refreshed) && f->choice != RPR_CHOICE_DENSE && !begins)
        return rpr_trace_wrong(c, start, "layer %d: should be dense", index);
    if (f->mixed && (f->choice != RPR_CHOICE_CORRECT || l->by_pixel))
        return rpr_trace_wrong(c, start, "layer %d: has no list to go beyond", index);
    bool dense = f->choice == RPR_CHOICE_DENSE, skip = f->choice == RPR_CHOICE_SKIP;
    if (f->macs < 0 || f->macs > l->macs || (dense && f->macs != l->macs) || (skip && f->macs))
        return rpr_trace_wrong(c, start + 1, "layer %d: impossible multiply-accumulates", index);
    return RPR_OK;
}

static void fill(uint64_t *bits, int64_t n, bool on)
{
    size_t words = rpr_trace_words(n);
    memset(bits, on ? 0xff : 0, words * sizeof *bits);
    if (on && n % 64 != 0)
        bits[words - 1] = (UINT64_C(1) << (n % 64)) - 1;
}

static int get_rows(rpr_trace_cursor *c, const rpr_trace_input *in, rpr_row_decoder *rows,
                    uint64_t *bits, int64_t want)
{
    RPR_TRY(rpr_trace_need(c, 4));
    uint64_t bytes = rpr_get_u32(rpr_trace_take(c, 4));
    RPR_TRY(rpr_trace_need(c, bytes));
    size_t start = c->at;
    rpr_bit_reader b = {.base = rpr_trace_take(c, (size_t)bytes), .end = bytes * 8};
    int64_t found = 0, at = 0, n = rpr_trace_rows(in);
    for (int64_t row = 0; row < n; row++, at += rpr_trace_row_elements(in)) {
        int32_t changed;
        const char *wrong = rpr_row_decode(rows, &b, in->w, in->c, bits, at, &changed);
        if (wrong)
            return rpr_trace_wrong(c, start + (size_t)((b.at < b.end ? b.at : b.end) >> 3), "%s",
                                   wrong);
        found += changed;
    }
    uint64_t rest = b.end - b.at, padding = 0;
    if (rest >= 8 || !rpr_bits_get(&b, (int)rest, &padding) || padding != 0)
        return rpr_trace_wrong(c, start + (size_t)(b.at >> 3), "something stands behind the rows");
    if (found != want)
        return rpr_trace_wrong(c, start, "%lld elements changed, not %lld", (long long)found,
                               (long long)want);
    return RPR_OK;
}

/** True if all of every image's first step is set. */
static bool begins_whole(const rpr_trace_input *in, const uint64_t *bits)
{
    const int64_t step = (int64_t)in->h * rpr_trace_row_elements(in), image = step * in->d;
    bool all = true;
    for (int64_t n = 0; n < in->n; n++)
        for (int64_t e = n * image; e < n * image + step; e++)
            all &= (bits[e / 64] >> (e % 64) & 1) != 0;
    return all;
}

static int get_change(rpr_trace_cursor *c, const rpr_trace_net *net, rpr_row_decoder *rows,
                      int32_t i, rpr_trace_frame *f)
{
    const rpr_trace_input *in = &net->input[i];
    const int64_t elements = rpr_trace_elements(in);
    size_t start = c->at;
    RPR_TRY(rpr_trace_need(c, RPR_TRACE_CHANGE_BYTES));
    f->lo[i] = rpr_get_f32(rpr_trace_take(c, 4));
    f->hi[i] = rpr_get_f32(rpr_trace_take(c, 4));
    if (!isfinite(f->lo[i]) || !isfinite(f->hi[i]) || f->lo[i] > f->hi[i])
        return rpr_trace_wrong(c, start, "input %d: impossible range", i);
    uint32_t how = *rpr_trace_take(c, 1);
    if (how > RPR_TRACE_ROWS ||
        (f->first && how != RPR_TRACE_ALL && !(in->steps && how == RPR_TRACE_ROWS)))
        return rpr_trace_wrong(c, c->at - 1, "input %d: %s", i,
                               f->first ? "should count as changed" : "written in an unknown way");
    fill(f->changed[i], elements, how == RPR_TRACE_ALL);
    f->n_changed[i] = how == RPR_TRACE_ALL ? elements : 0;
    if (how != RPR_TRACE_ROWS)
        return RPR_OK;
    RPR_TRY(rpr_trace_need(c, 8));
    uint64_t changed = rpr_get_u64(rpr_trace_take(c, 8));
    if (changed > (uint64_t)elements)
        return rpr_trace_wrong(c, c->at - 8, "input %d: more changes than elements", i);
    f->n_changed[i] = (int64_t)changed;
    RPR_TRY(get_rows(c, in, rows, f->changed[i], f->n_changed[i]));
    if (f->first && !begins_whole(in, f->changed[i]))
        return rpr_trace_wrong(c, start, "input %d: its first step should count as changed", i);
    return RPR_OK;
}

int rpr_trace_parse_frame(rpr_trace_cursor *c, const rpr_trace_net *net, rpr_row_decoder *rows,
                          uint64_t index, rpr_trace_frame *f)
{
    RPR_TRY(rpr_trace_need(c, RPR_TRACE_FRAME_BYTES));
    f->index = rpr_get_u64(rpr_trace_take(c, 8));
    if (f->index != index)
        return rpr_trace_wrong(c, c->at - 8, "frame %llu stands where frame %llu should be",
                               (unsigned long long)f->index, (unsigned long long)index);
    uint32_t first = *rpr_trace_take(c, 1);
    if (first > 1)
        return rpr_trace_wrong(c, c->at - 1, "unknown flags of a frame");
    f->first = first != 0;
    const size_t layers = c->at;
    for (int32_t i = 0; i < net->n_layer; i++)
        RPR_TRY(get_layer(c, &net->layer[i], i, f->first, &f->layer[i]));
    for (int32_t i = 0; i < net->n_input; i++)
        RPR_TRY(get_change(c, net, rows, i, f));
    for (int32_t i = 0; i < net->n_layer; i++) {
        bool changed = f->n_changed[net->layer[i].input] > 0;
        if (f->layer[i].choice != RPR_CHOICE_DENSE &&
            changed != (f->layer[i].choice == RPR_CHOICE_CORRECT))
            return rpr_trace_wrong(c, layers + (size_t)i * RPR_TRACE_LAYER_FRAME_BYTES,
                                   "layer %d: its choice does not fit what changed", i);
    }
    return c->at == c->n ? RPR_OK : rpr_trace_wrong(c, c->at, "the frame goes on too long");
}
