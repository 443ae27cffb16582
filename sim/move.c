/* SPDX-License-Identifier: Apache-2.0 */
/* What moves between DRAM and the buffers for a block. */
#include "sim/bits.h"
#include "sim/machine.h"
#include "sim/arith.h"

/** A tensor in DRAM, elements in the order n d h w c. */
typedef struct tensor {
    int64_t at;
    int32_t size[3], c;
    int32_t bits; /* of an element */
} tensor;

/**
 * Moves the box [lo, hi) of an image; pieces that follow each other are one. Returns the bytes:
 * pieces of indices begin and end at whole bytes.
 */
static int64_t move_box(sim_dram *d, const tensor *t, int32_t image, const int32_t lo[3],
                        const int32_t hi[3], bool write)
{
    bool all_w = lo[2] == 0 && hi[2] == t->size[2];
    bool all_h = all_w && lo[1] == 0 && hi[1] == t->size[1];
    int32_t z_step = all_h ? hi[0] - lo[0] : 1, y_step = all_w ? hi[1] - lo[1] : 1;
    int64_t bytes = 0;
    if (lo[2] >= hi[2])
        return 0;
    for (int32_t z = lo[0]; z < hi[0]; z += z_step)
        for (int32_t y = lo[1]; y < hi[1]; y += y_step) {
            int64_t pixel = (((int64_t)image * t->size[0] + z) * t->size[1] + y) * t->size[2];
            int64_t pixels = (int64_t)z_step * y_step * (hi[2] - lo[2]);
            int64_t from = (pixel + lo[2]) * t->c * t->bits / 8;
            int64_t to = ((pixel + lo[2] + pixels) * t->c * t->bits + 7) / 8;
            sim_dram_move(d, t->at + from, to - from, write);
            bytes += to - from;
        }
    return bytes;
}

static int64_t lines(const sim_step *r, int64_t bytes)
{
    return sim_ceil_div(bytes, r->m->c->io_line);
}

static tensor indices_tensor(const sim_step *r)
{
    const rpr_trace_axis *a = r->l->axis;
    return (tensor){.at = r->p->indices_at,
                    .size = {a[0].in, a[1].in, a[2].in},
                    .c = r->l->ci,
                    .bits = r->in->bits};
}

/** What comes from the layer before: a cell's own last output is on chip. */
static tensor input_tensor(const sim_step *r)
{
    tensor t = indices_tensor(r);
    t.at = r->p->in_at;
    t.c -= r->l->gates > 1 ? r->l->co : 0;
    t.bits = 8 * SIM_VALUE;
    return t;
}

/** The sums of each group of maps lie together. */
static tensor sums_tensor(const sim_step *r)
{
    const rpr_trace_axis *a = r->l->axis;
    int64_t before = (int64_t)r->group * r->p->maps * r->l->groups * r->l->gates;
    int64_t pixels = (int64_t)r->l->n * a[0].out * a[1].out * a[2].out;
    return (tensor){.at = r->p->sums_at + SIM_VALUE * before * pixels,
                    .size = {a[0].out, a[1].out, a[2].out},
                    .c = r->maps * r->l->groups * r->l->gates,
                    .bits = 8 * SIM_VALUE};
}

int64_t sim_fetch(sim_step *r, const sim_block *b)
{
    sim_dram *d = &r->m->dram;
    int64_t *n = r->counts->n;
    if (!r->p->in_dram && !(r->p->state_dram && !r->first))
        return 0;
    sim_dram_begin(d, r->counts);
    if (r->p->in_dram) {
        tensor in = input_tensor(r);
        int64_t bytes = move_box(d, &in, b->image, b->lo, b->hi, false);
        n[SIM_BYTES_ACT_IN] += bytes;
        n[SIM_IO_FILL] += lines(r, bytes);
    }
    if (r->p->state_dram && !r->first) {
        tensor indices = indices_tensor(r), sums = sums_tensor(r);
        int64_t index_bytes = move_box(d, &indices, b->image, b->lo, b->hi, false);
        int64_t sum_bytes = move_box(d, &sums, b->image, b->out0, b->out1, false);
        n[SIM_BYTES_STATE_IN] += index_bytes + sum_bytes;
        n[SIM_IO_FILL] += lines(r, index_bytes) + lines(r, sum_bytes);
    }
    return sim_dram_end(d);
}

int64_t sim_store(sim_step *r, const sim_block *b)
{
    sim_dram *d = &r->m->dram;
    int64_t *n = r->counts->n;
    bool state = r->p->state_dram && b->changed;
    if (!r->p->out_dram && !state)
        return 0;
    sim_dram_begin(d, r->counts);
    if (r->p->out_dram) {
        int64_t bytes = SIM_VALUE * b->kept;
        sim_dram_move(d, r->p->out_at + b->kept_at, bytes, true);
        n[SIM_BYTES_ACT_OUT] += bytes;
        n[SIM_IO_DRAIN] += lines(r, bytes);
    }
    if (state) {
        tensor indices = indices_tensor(r), sums = sums_tensor(r);
        bool last = r->group == r->p->passes - 1; /* the groups before still compare with them */
        int64_t index_bytes = last ? move_box(d, &indices, b->image, b->lo, b->hi, true) : 0;
        int64_t sum_bytes = move_box(d, &sums, b->image, b->out0, b->out1, true);
        n[SIM_BYTES_STATE_OUT] += index_bytes + sum_bytes;
        n[SIM_IO_DRAIN] += lines(r, index_bytes) + lines(r, sum_bytes);
    }
    return sim_dram_end(d);
}

/* ----------------------------------------------------------------- weights */

static void move_weights(sim_step *r, int64_t offset, int64_t bytes)
{
    sim_dram_move(&r->m->dram, r->p->weights_at + offset, bytes, false);
    r->counts->n[SIM_BYTES_WEIGHTS] += bytes;
    r->counts->n[SIM_WEIGHTS_FILL] += sim_ceil_div(bytes, r->m->c->weights_line);
}

/** Bytes of one input channel's weights for the maps of the present group, all gates and tiles. */
static int64_t row_bytes(const sim_step *r)
{
    const sim_config *c = r->m->c;
    return c->tiles * sim_row_lines(c, r->l, r->maps) * c->weights_line;
}

int64_t sim_load_weights(sim_step *r)
{
    sim_dram_begin(&r->m->dram, r->counts);
    move_weights(r, 0, r->l->ci * row_bytes(r));
    return sim_dram_end(&r->m->dram);
}

int64_t sim_stream_weights(sim_step *r)
{
    int64_t row = row_bytes(r);
    sim_dram_begin(&r->m->dram, r->counts);
    for (int32_t k = 0, end; k < r->l->ci; k = end + 1) {
        for (end = k; end < r->l->ci && (!r->changed || sim_bits_get(r->changed, end, 1)); end++)
            ;
        if (end > k)
            move_weights(r, k * row, (end - k) * row);
    }
    return sim_dram_end(&r->m->dram);
}
