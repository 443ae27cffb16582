/* SPDX-License-Identifier: Apache-2.0 */
/* Every node becomes one on the columns that are new, and one on those that see the first edge. */
#include <string.h>

#include "core/alloc.h"
#include "slide/build.h"
#include "slide/sums.h"

static bool is_output(const rpr_graph *g, int value)
{
    for (size_t i = 0; i < g->n_output; i++)
        if (g->output[i] == value)
            return true;
    return false;
}

/** Values for the parts of one that has columns. What others know it by keeps its index. */
static void make_parts(rpr_slider *s, int index)
{
    rpr_moving *v = &s->value[index];
    const char *name = s->g->value[index].name;
    const rpr_range tail = rpr_columns_tail(&v->c);
    const bool output = is_output(s->g, index) && index != s->input;
    v->tail = index;
    v->delay = RPR_NONE;
    if (output) {
        v->delay = index;
        v->tail = rpr_slide_value(s, name, "tail", index, v->c.axis, tail.to - tail.from);
    } else if (v->length) {
        v->delay = rpr_slide_value(s, name, "delay", index, v->c.axis, v->length);
    }
    if (v->head)
        v->first = rpr_slide_value(s, s->failed ? "" : s->g->value[index].name, "head", index,
                                   v->c.axis, v->c.left);
}

/** An input that is an output, too, is one value no more. */
static void part_input(rpr_slider *s)
{
    make_parts(s, s->input);
    rpr_slide_keep(s, s->input);
    if (s->failed || !is_output(s->g, s->input))
        return;
    rpr_value *own = &s->g->value[s->value[s->input].delay];
    char *name = rpr_strdup(s->g->value[s->input].name);
    s->failed |= !name;
    if (!name)
        return;
    rpr_free(own->name);
    own->name = name;
    for (size_t i = 0; i < s->g->n_output; i++)
        if (s->g->output[i] == s->input)
            s->g->output[i] = s->value[s->input].delay;
}

/* ----------------------------------------------------------------- shifted */

typedef struct rpr_part {
    const rpr_columns *out;
    bool head;
} rpr_part;

static rpr_range reads(const rpr_fate *f, const rpr_part *p, int64_t n_in)
{
    return p->head ? rpr_motion_head(&f->m, p->out, n_in) : rpr_motion_tail(&f->m, p->out, n_in);
}

/** Makes `node`, like the node `index` as it was, read and compute a part. */
static void make_part(rpr_slider *s, int index, int node, const rpr_part *p)
{
    const rpr_fate *f = &s->fate[index];
    rpr_range from = {0, 0};
    if (s->failed)
        return;
    for (int i = 0; i < s->g->node[node].n_in; i++) {
        const rpr_columns *in = rpr_input_columns(s, &s->g->node[node], i);
        if (in)
            from = reads(f, p, in->n);
    }
    /* Edits look at the shapes as they were, so inputs change after them. */
    rpr_slide_edit(s, node, &f->m, p->out,
                   p->head ? rpr_columns_head(p->out) : rpr_columns_tail(p->out), from);
    for (int i = 0; !s->failed && i < s->g->node[node].n_in; i++) {
        const rpr_columns *in = rpr_input_columns(s, &s->g->node[node], i);
        if (in)
            rpr_slide_set_input(s, node, i,
                                rpr_slide_read(s, s->g->node[node].in[i], reads(f, p, in->n)));
    }
    rpr_slide_emit(s, node);
}

/** The first output that a node has. */
static int some_output(const rpr_node *n)
{
    int i = 0;
    while (n->out[i] == RPR_NONE)
        i++;
    return n->out[i];
}

static void shift_head(rpr_slider *s, int index)
{
    const rpr_node *n = &s->g->node[index];
    const int first = some_output(n), n_out = n->n_out;
    int *out = rpr_alloc_array((size_t)n_out + 1, sizeof *out);
    s->failed |= !out;
    if (!out)
        return;
    for (int i = 0; i < n_out; i++) {
        rpr_moving *v = n->out[i] == RPR_NONE ? NULL : &s->value[n->out[i]];
        /* All outputs of a node have a head if one has. */
        if (v && v->first == RPR_NONE)
            v->first = rpr_slide_value(s, s->g->value[n->out[i]].name, "head", n->out[i], v->c.axis,
                                       v->c.left);
        out[i] = v ? v->first : RPR_NONE;
    }
    const int copy = rpr_slide_copy(s, index, "head", out);
    rpr_free(out);
    make_part(s, index, copy, &(rpr_part){.out = &s->value[first].c, .head = true});
}

static void shift(rpr_slider *s, int index)
{
    bool head = false;
    for (int i = 0; i < s->g->node[index].n_out; i++) {
        const int v = s->g->node[index].out[i];
        if (v == RPR_NONE)
            continue;
        make_parts(s, v);
        head |= s->value[v].head;
    }
    if (head && !s->failed)
        shift_head(s, index);
    if (s->failed)
        return;
    const int first = some_output(&s->g->node[index]);
    make_part(s, index, index, &(rpr_part){.out = &s->value[first].c});
    for (int i = 0; !s->failed && i < s->g->node[index].n_out; i++) {
        const int v = s->g->node[index].out[i];
        if (v == RPR_NONE)
            continue;
        s->g->node[index].out[i] = s->value[v].tail;
        rpr_slide_keep(s, v);
    }
}

/* --------------------------------------------------------------------- all */

static void run_whole(rpr_slider *s, int index)
{
    const rpr_fate *f = &s->fate[index];
    const rpr_columns *first = rpr_input_columns(s, &s->g->node[index], 0);
    int *in = rpr_alloc_array((size_t)s->g->node[index].n_in + 1, sizeof *in);
    s->failed |= !in;
    for (int i = 0; !s->failed && i < s->g->node[index].n_in; i++) {
        const rpr_node *n = &s->g->node[index];
        const rpr_columns *c = rpr_input_columns(s, n, i);
        in[i] = c ? rpr_slide_read(s, n->in[i], rpr_whole_reads(s, n, f, c)) : RPR_NONE;
    }
    if (first) /* looks at the shapes as they were */
        rpr_slide_edit_whole(s, index, &f->m, first);
    for (int i = 0; !s->failed && i < s->g->node[index].n_in; i++)
        if (rpr_input_columns(s, &s->g->node[index], i))
            rpr_slide_set_input(s, index, i, in[i]);
    rpr_free(in);
    rpr_slide_emit(s, index);
}

/** What was left to the end because others looked at it: shapes, order, producers. */
static int settle(rpr_slider *s)
{
    rpr_graph *g = s->g;
    rpr_node *sorted = s->failed ? NULL : rpr_alloc_array(g->n_node + 1, sizeof *sorted);
    if (!sorted)
        return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < s->n_value; i++) {
        const rpr_moving *v = &s->value[i];
        if (v->origin == RPR_FROM_WINDOW && v->tail == (int)i)
            g->value[i].shape.dim[v->c.axis] = v->c.right + v->c.shift;
    }
    for (size_t i = 0; i < s->n_order; i++) {
        sorted[i] = g->node[s->order[i]];
        for (int k = 0; k < sorted[i].n_out; k++)
            if (sorted[i].out[k] != RPR_NONE)
                g->value[sorted[i].out[k]].producer = (int)i;
    }
    rpr_free(g->node);
    g->node = sorted;
    g->cap_node = g->n_node + 1;
    g->n_node = s->n_order;
    return RPR_OK;
}

int rpr_slide_rewrite(rpr_slider *s)
{
    part_input(s);
    for (size_t i = 0; i < s->n_node && !s->failed; i++) {
        switch (s->fate[i].verdict) {
        case RPR_WINDOW_SHIFTED:
            shift(s, (int)i);
            break;
        case RPR_WINDOW_SUMMED:
            rpr_sum_rewrite(s, (int)i);
            break;
        case RPR_WINDOW_WHOLE:
            run_whole(s, (int)i);
            break;
        case RPR_WINDOW_CONSTANT:
            rpr_slide_emit(s, (int)i);
            break;
        }
    }
    return settle(s);
}
