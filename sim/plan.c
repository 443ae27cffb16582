/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/plan.h"

#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/arith.h"

int64_t sim_row_lines(const sim_config *c, const sim_layer *l, int32_t maps)
{
    int64_t together = c->gates == SIM_GATES_TOGETHER ? l->gates : 1;
    int64_t in_tile = sim_ceil_div(maps * together, c->tiles);
    return l->gates / together *
           sim_ceil_div(sim_layer_taps(l) * in_tile * SIM_VALUE, c->weights_line);
}

/** eDRAM that the weights of one pass take, in all tiles. */
static int64_t pass_bytes(const sim_config *c, const sim_layer *l, int32_t maps)
{
    return c->tiles * l->ci * sim_row_lines(c, l, maps) * c->weights_line;
}

void sim_block_input(const rpr_trace_axis *a, bool transposed, int32_t out0, int32_t out1,
                     int32_t *lo, int32_t *hi)
{
    int64_t reach = (int64_t)(a->kernel - 1) * a->dilation, first, last;
    if (transposed) { /* o = i * stride + t * dilation - pad */
        first = sim_ceil_div(out0 + a->pad - reach, a->stride);
        last = (out1 - 1 + (int64_t)a->pad) / a->stride;
    } else {
        first = (int64_t)out0 * a->stride - a->pad;
        last = (int64_t)(out1 - 1) * a->stride - a->pad + reach;
    }
    first = first > 0 ? first : 0;
    last = last < a->in - 1 ? last : a->in - 1;
    first = first < a->in ? first : a->in;
    *lo = (int32_t)first;
    *hi = (int32_t)(last >= first ? last + 1 : first);
}

/* ------------------------------------------------------------------- sizes */

typedef struct sizes {
    const sim_config *c;
    const sim_net *net;
    bool reuse;
    int64_t capacity;
} sizes;

static bool reuses(const sizes *s, const sim_layer *l)
{
    return s->reuse && l->reuse;
}

static int64_t index_bytes(const sizes *s, const sim_layer *l, int64_t elements)
{
    return reuses(s, l) ? sim_index_bytes(elements, s->net->input[l->input].bits) : 0;
}

static int64_t state_bytes(const sizes *s, const sim_layer *l)
{
    if (!reuses(s, l))
        return 0;
    return SIM_VALUE * sim_layer_outputs(l) + index_bytes(s, l, sim_layer_inputs(l));
}

/**
 * Room that a layer needs beside its state: its input and what the next layer reads; the sums are
 * state with reuse, otherwise they become what the next layer reads in place. A cell keeps its own
 * value, and sums of its gates.
 */
static int64_t work_bytes(const sizes *s, const sim_layer *l)
{
    int64_t sums = SIM_VALUE * sim_layer_outputs(l), kept = SIM_VALUE * l->kept;
    int64_t cell = l->gates > 1 ? SIM_VALUE * l->co : 0;
    int64_t out = reuses(s, l) || sums < kept ? kept : sums;
    return SIM_VALUE * sim_layer_inputs(l) + out + cell;
}

/* --------------------------------------------------------------- I/O buffer */

static int by_state(const sizes *s, int32_t a, int32_t b)
{
    int64_t x = state_bytes(s, &s->net->layer[a]), y = state_bytes(s, &s->net->layer[b]);
    return x != y ? (x < y ? -1 : 1) : a - b;
}

/** In a recurrent network only one layer's state is alive at a time. */
static void place_recurrent(const sizes *s, sim_plan *p)
{
    int64_t most = 0, ends = 0;
    for (int32_t i = 0; i < s->net->n_layer; i++) {
        const sim_layer *l = &s->net->layer[i];
        int64_t own = l->gates > 1 ? l->co : 0; /* its last output does not come from outside */
        int64_t ends_here = SIM_VALUE * (sim_layer_inputs(l) - own + l->kept) * s->net->sequence;
        int64_t here = work_bytes(s, l) + state_bytes(s, l);
        most = here > most ? here : most;
        ends = ends_here > ends ? ends_here : ends;
        p->io_state = state_bytes(s, l) > p->io_state ? state_bytes(s, l) : p->io_state;
    }
    bool on_chip = most + ends <= s->capacity; /* the sequence between two layers */
    for (int32_t i = 0; i < s->net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        l->whole = most <= s->capacity;
        l->state_dram = !l->whole && l->state_bytes > 0;
        l->in_dram = !on_chip || i == 0;
        l->out_dram = !on_chip || i == s->net->n_layer - 1;
    }
    p->io_used = on_chip ? most + ends : most;
}

/**
 * If all state and the largest layer's work fit, everything stays on chip. Otherwise up to half of
 * the buffer holds the state of the layers with the smallest, and the rest works on blocks.
 */
static void place_state(const sizes *s, sim_plan *p, int64_t *room)
{
    int64_t all = 0, work = 0;
    for (int32_t i = 0; i < s->net->n_layer; i++) {
        all += p->layer[i].state_bytes;
        int64_t w = work_bytes(s, &s->net->layer[i]);
        work = w > work ? w : work;
    }
    bool fits = all + work <= s->capacity;
    for (int32_t i = 0; i < s->net->n_layer; i++)
        p->layer[i].state_dram = !fits && p->layer[i].state_bytes > 0;
    p->io_state = fits ? all : 0;
    while (!fits) {
        int32_t next = -1;
        for (int32_t i = 0; i < s->net->n_layer; i++)
            if (p->layer[i].state_dram && (next < 0 || by_state(s, i, next) < 0))
                next = i;
        if (next < 0 || p->io_state + p->layer[next].state_bytes > s->capacity / 2)
            break;
        p->layer[next].state_dram = false;
        p->io_state += p->layer[next].state_bytes;
    }
    *room = s->capacity - p->io_state;
}

static void place_ends(const sizes *s, sim_plan *p, int64_t room)
{
    for (int32_t i = 0; i < s->net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        int64_t need = work_bytes(s, &s->net->layer[i]) + (l->state_dram ? l->state_bytes : 0);
        l->whole = need <= room;
        if (l->whole && p->io_state + need > p->io_used)
            p->io_used = p->io_state + need;
    }
    for (int32_t i = 0; i < s->net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        l->in_dram = i == 0 || !l->whole || !l[-1].whole;
        l->out_dram = i == s->net->n_layer - 1 || !l->whole || !l[1].whole;
    }
}

/* ------------------------------------------------------------------ blocks */

/** A division of one axis: positions that its blocks read together, and at most. */
typedef struct division {
    int32_t blocks;
    int64_t sum, most;
} division;

/* Along longer axes only divisions into blocks of different sizes are tried. */
#define TRY_ALL 1024

static division divide(const sim_layer *l, int axis, int32_t blocks)
{
    const rpr_trace_axis *a = &l->axis[axis];
    division d = {.blocks = blocks};
    for (int32_t b = 0; b < blocks; b++) {
        int32_t lo, hi;
        sim_block_input(a, l->transposed, sim_block_start(a->out, blocks, b),
                        sim_block_start(a->out, blocks, b + 1), &lo, &hi);
        d.sum += hi - lo;
        d.most = sim_most(d.most, hi - lo);
    }
    return d;
}

/** The next number of blocks to try; beyond `out` after the last. */
static int32_t next_blocks(int32_t blocks, int32_t out)
{
    if (out <= TRY_ALL || blocks >= out)
        return blocks + 1;
    int64_t smaller = sim_ceil_div(out, blocks) - 1;
    return (int32_t)sim_ceil_div(out, smaller);
}

/** All divisions of an axis that are to be tried, *n of them; NULL when memory ran out. */
static division *axis_divisions(const sim_layer *l, int axis, int32_t *n)
{
    int32_t out = l->axis[axis].out;
    *n = 0;
    for (int32_t blocks = 1; blocks <= out; blocks = next_blocks(blocks, out))
        ++*n;
    division *of = rpr_alloc_array((size_t)*n, sizeof *of);
    *n = 0;
    for (int32_t blocks = 1; of && blocks <= out; blocks = next_blocks(blocks, out))
        of[(*n)++] = divide(l, axis, blocks);
    return of;
}

/** A layer cut into blocks. */
typedef struct cut {
    int32_t blocks[3];
    int64_t traffic, count, bytes; /* positions read; blocks; room for two of the largest */
} cut;

/** Room that the largest block needs, twice: one is worked on while the next one comes. */
static cut measure_cut(const sizes *s, const sim_layer *l, const sim_layer_plan *p,
                       const division *const d[3])
{
    int64_t in = l->ci, out = (int64_t)l->co * l->gates;
    cut k = {.traffic = 1, .count = 1};
    for (int i = 0; i < 3; i++) {
        k.blocks[i] = d[i]->blocks;
        k.traffic *= d[i]->sum;
        k.count *= d[i]->blocks;
        in *= d[i]->most;
        out *= sim_ceil_div(l->axis[i].out, d[i]->blocks);
    }
    int64_t state = p->state_dram ? index_bytes(s, l, in) : 0;
    int64_t sums = p->state_dram || !reuses(s, l) ? SIM_VALUE * out : 0;
    int64_t kept = reuses(s, l) ? SIM_VALUE * sim_ceil_div(l->kept * out, sim_layer_outputs(l)) : 0;
    k.bytes = 2 * (SIM_VALUE * in + state + sums + kept);
    return k;
}

/** The cut that fits and reads least; of equal ones the one with fewer blocks. */
static bool best_cut(const sizes *s, const sim_layer *l, const sim_layer_plan *p, int64_t room,
                     division *const of[3], const int32_t n[3], cut *best)
{
    bool found = false;
    for (int32_t z = 0; z < n[0]; z++)
        for (int32_t y = 0; y < n[1]; y++)
            for (int32_t x = 0; x < n[2]; x++) {
                const division *const d[3] = {&of[0][z], &of[1][y], &of[2][x]};
                cut k = measure_cut(s, l, p, d);
                bool less = !found || k.traffic < best->traffic ||
                            (k.traffic == best->traffic && k.count < best->count);
                if (k.bytes > room || !less)
                    continue;
                *best = k;
                found = true;
            }
    return found;
}

static int place_blocks(const sizes *s, const sim_layer *l, sim_layer_plan *p, int64_t room,
                        sim_plan *plan, rpr_error *err)
{
    division *of[3] = {NULL};
    int32_t n[3];
    cut best = {.blocks = {1, 1, 1}};
    bool memory = true, fits = p->whole;
    for (int i = 0; !p->whole && memory && i < 3; i++) {
        of[i] = axis_divisions(l, i, &n[i]);
        memory = of[i] != NULL;
    }
    if (memory && !p->whole)
        fits = best_cut(s, l, p, room, of, n, &best);
    for (int i = 0; i < 3; i++)
        rpr_free(of[i]);
    memcpy(p->blocks, best.blocks, sizeof p->blocks);
    if (!memory)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    if (!fits)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "layer %s: not even one output position and its inputs fit into the I/O "
                        "buffer ([io] %s = %lld KiB per tile)",
                        l->name, s->reuse ? "size_reuse" : "size",
                        (long long)(s->capacity / s->c->tiles / 1024));
    plan->io_used = sim_most(plan->io_used, plan->io_state + best.bytes);
    return RPR_OK;
}

/* ----------------------------------------------------------------- weights */

static bool used_once(const sim_layer *l)
{
    return l->n == 1 && sim_layer_taps(l) == 1 && l->axis[0].out == 1 && l->axis[1].out == 1 &&
           l->axis[2].out == 1;
}

/** Output maps are split until the weights of one pass fit. */
static int split_maps(const sim_config *c, const sim_layer *l, sim_layer_plan *p, rpr_error *err)
{
    int64_t capacity = c->tiles * c->weights_size;
    while (pass_bytes(c, l, p->maps) > capacity) {
        if (p->maps == 1)
            return rpr_fail(err, RPR_ERR_ARGUMENT,
                            "layer %s: the weights of one output map do not fit into the weights "
                            "buffer ([weights] size = %lld KiB per tile)",
                            l->name, (long long)(c->weights_size / 1024));
        p->passes++;
        p->maps = (int32_t)sim_ceil_div(sim_layer_maps(l), p->passes);
    }
    p->passes = (int32_t)sim_ceil_div(sim_layer_maps(l), p->maps);
    return RPR_OK;
}

static int place_weights(const sim_config *c, const sim_net *net, sim_plan *p, rpr_error *err)
{
    int64_t all = 0, capacity = c->tiles * c->weights_size;
    for (int32_t i = 0; i < net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        l->maps = sim_layer_maps(&net->layer[i]);
        l->passes = 1;
        l->weight_bytes = pass_bytes(c, &net->layer[i], l->maps);
        all += l->weight_bytes;
    }
    for (int32_t i = 0; i < net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        if (all <= capacity)
            l->weights = SIM_WEIGHTS_RESIDENT;
        else if (net->recurrent && l->weight_bytes <= capacity)
            l->weights = SIM_WEIGHTS_SEQUENCE;
        else if (used_once(&net->layer[i]))
            l->weights = SIM_WEIGHTS_STREAMED;
        else
            l->weights = SIM_WEIGHTS_LOADED;
        if (l->weights == SIM_WEIGHTS_LOADED)
            RPR_TRY(split_maps(c, &net->layer[i], l, err));
        int64_t here = l->weight_bytes < capacity ? l->weight_bytes : capacity;
        p->weights_used = here > p->weights_used ? here : p->weights_used;
    }
    if (all <= capacity)
        p->weights_used = all;
    return RPR_OK;
}

/* -------------------------------------------------------------------- DRAM */

/** Every tensor begins on a row of its own. */
static int64_t take(sim_plan *p, int64_t bytes, int64_t row)
{
    int64_t at = p->dram_used;
    p->dram_used += sim_ceil_div(bytes, row) * row;
    return at;
}

static void place_dram(const sim_config *c, const sim_net *net, sim_plan *p)
{
    int64_t row = c->dram_row * c->dram_channels;
    for (int32_t i = 0; i < net->n_layer; i++) {
        sim_layer_plan *l = &p->layer[i];
        const sim_layer *n = &net->layer[i];
        int64_t steps = net->recurrent ? net->sequence : 1;
        l->weights_at = take(p, l->weight_bytes, row);
        l->in_at = take(p, l->in_dram ? SIM_VALUE * sim_layer_inputs(n) * steps : 0, row);
        l->out_at = take(p, l->out_dram ? SIM_VALUE * n->kept * steps : 0, row);
        int64_t before = p->dram_used;
        l->sums_at = take(p, l->state_dram ? SIM_VALUE * sim_layer_outputs(n) : 0, row);
        l->indices_at = take(
            p, l->state_dram ? sim_index_bytes(sim_layer_inputs(n), net->input[n->input].bits) : 0,
            row);
        p->dram_state += p->dram_used - before;
    }
}

static int check_layer(const sizes *s, const sim_layer *l, rpr_error *err)
{
    int64_t clusters = s->net->input[l->input].clusters;
    if (l->gates > 1 && l->ci <= l->co)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "layer %s: a cell reads its input and its own last output, but has no "
                        "more inputs than outputs",
                        l->name);
    if (reuses(s, l) && clusters * SIM_VALUE > s->c->centroids_size)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "layer %s: the centroids of its %lld clusters do not fit into the table "
                        "([centroids] size = %lld B, but they take %lld)",
                        l->name, (long long)clusters, (long long)s->c->centroids_size,
                        (long long)(clusters * SIM_VALUE));
    return RPR_OK;
}

int sim_plan_make(const sim_config *c, const sim_net *net, bool reuse, sim_plan *plan,
                  rpr_error *err)
{
    sizes s = {.c = c, .net = net, .reuse = reuse};
    int64_t room = 0;
    s.capacity = c->tiles * (reuse ? c->io_size_reuse : c->io_size);
    *plan = (sim_plan){.reuse = reuse};
    plan->layer = rpr_alloc_array((size_t)net->n_layer, sizeof *plan->layer);
    if (!plan->layer)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    for (int32_t i = 0; i < net->n_layer; i++) {
        int possible = check_layer(&s, &net->layer[i], err);
        if (possible != RPR_OK) {
            sim_plan_free(plan);
            return possible;
        }
        plan->layer[i].state_bytes = state_bytes(&s, &net->layer[i]);
    }
    if (net->recurrent) {
        place_recurrent(&s, plan);
        room = s.capacity;
    } else {
        place_state(&s, plan, &room);
        place_ends(&s, plan, room);
    }
    int status = place_weights(c, net, plan, err);
    for (int32_t i = 0; status == RPR_OK && i < net->n_layer; i++)
        status = place_blocks(&s, &net->layer[i], &plan->layer[i], room, plan, err);
    if (status == RPR_OK)
        place_dram(c, net, plan);
    else
        sim_plan_free(plan);
    return status;
}

void sim_plan_free(sim_plan *plan)
{
    rpr_free(plan->layer);
    *plan = (sim_plan){0};
}
