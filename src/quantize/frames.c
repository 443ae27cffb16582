/* SPDX-License-Identifier: Apache-2.0 */
/* The values of all frames: made node by node, freed when nothing reads them any more. */
#include <string.h>

#include "core/alloc.h"
#include "plan/model.h"
#include "quantize/state.h"
#include "stream/order.h"
#include "stream/stream.h"

/** Both worlds together, beside the models. */
#define MEMORY ((size_t)768 << 20)
#define MOST_FRAMES 64
#define SPARE 4 /* values of every frame that are kept for the next node */

size_t qt_count(const qt_state *s, int value)
{
    return (size_t)rpr_shape_count(&s->g->value[value].shape);
}

static size_t bytes_of(const qt_state *s, int value)
{
    return qt_count(s, value) * rpr_dtype_size(s->g->value[value].dtype) + 64;
}

int qt_tell(const qt_state *s, double done)
{
    if (s->opt->progress && s->opt->progress(s->opt->progress_user, s->base + s->span * done) != 0)
        return rpr_fail(s->err, RPR_ERR_ARGUMENT, "stopped");
    return RPR_OK;
}

void qt_channels(const rpr_shape *shape, int axis, int64_t *outer, int64_t *channels,
                 int64_t *inner)
{
    *outer = *inner = 1;
    *channels = shape->dim[axis];
    for (int i = 0; i < axis; i++)
        *outer *= shape->dim[i];
    for (int i = axis + 1; i < shape->rank; i++)
        *inner *= shape->dim[i];
}

int qt_channel_axis(const qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    return strcmp(node->op, "Conv") == 0 ? 1 : s->g->value[node->out[0]].shape.rank - 1;
}

/** The largest sum of values that are held at the same time, of one frame in one world. */
static size_t find_peak(const qt_state *s)
{
    const rpr_graph *g = s->g;
    size_t now = 0, peak = 0;
    for (size_t i = 0; i < g->n_input; i++)
        now += bytes_of(s, g->input[i]);
    for (size_t i = 0; i < g->n_node; i++) {
        for (int k = 0; k < g->node[i].n_out; k++)
            now += g->node[i].out[k] == RPR_NONE ? 0 : bytes_of(s, g->node[i].out[k]);
        peak = now > peak ? now : peak;
        for (size_t v = 0; v < g->n_value; v++)
            if (s->value[v].last == (int)i && !g->value[v].is_const)
                now -= bytes_of(s, (int)v);
    }
    return peak;
}

int qt_choose_frames(qt_state *s, size_t seen)
{
    const size_t fit = MEMORY / (2 * find_peak(s) + 1);
    size_t n = seen < MOST_FRAMES ? seen : MOST_FRAMES;
    n = n > fit ? (fit ? fit : 1) : n;
    s->frame = rpr_alloc_array(n, sizeof *s->frame);
    if (!s->frame)
        return qt_no_memory(s);
    s->n_frame = n;
    for (size_t i = 0; i < n; i++)
        s->frame[i] = n > 1 ? i * (seen - 1) / (n - 1) : 0;
    return RPR_OK;
}

int qt_open_worlds(qt_state *s)
{
    const size_t n = s->n_frame * s->g->n_value;
    s->exact = rpr_alloc_array(n, sizeof *s->exact);
    s->rough = rpr_alloc_array(n, sizeof *s->rough);
    s->rounded = rpr_alloc_array(n, sizeof *s->rounded);
    s->cap_spare = SPARE * s->n_frame;
    s->spare = rpr_alloc_array(s->cap_spare, sizeof *s->spare);
    return s->exact && s->rough && s->rounded && s->spare ? RPR_OK : qt_no_memory(s);
}

/** Memory that is there, or new. */
static void *take(qt_state *s, size_t bytes)
{
    for (size_t i = s->n_spare; i-- > 0;)
        if (s->spare[i].bytes == bytes) {
            void *at = s->spare[i].at;
            s->spare[i] = s->spare[--s->n_spare];
            return at;
        }
    return rpr_alloc(bytes);
}

/** Keeps memory for the next one who asks for as much; the oldest is freed if there is no room. */
static void give(qt_state *s, void *at, size_t bytes)
{
    if (!at || s->cap_spare == 0) {
        rpr_free(at);
        return;
    }
    if (s->n_spare == s->cap_spare) {
        rpr_free(s->spare[0].at);
        memmove(s->spare, s->spare + 1, --s->n_spare * sizeof *s->spare);
    }
    s->spare[s->n_spare++] = (qt_spare){.at = at, .bytes = bytes};
}

static void drop(qt_state *s, size_t i)
{
    const size_t bytes = bytes_of(s, (int)(i % s->g->n_value));
    if (s->rounded[i] != s->rough[i])
        give(s, s->rounded[i], bytes);
    give(s, s->rough[i], bytes);
    give(s, s->exact[i], bytes);
    s->rounded[i] = s->rough[i] = s->exact[i] = NULL;
}

void qt_close_worlds(qt_state *s)
{
    const size_t n = s->n_frame * s->g->n_value;
    for (size_t i = 0; s->exact && s->rough && s->rounded && i < n; i++)
        if (s->exact[i] || s->rough[i] || s->rounded[i])
            drop(s, i);
    for (size_t i = 0; i < s->n_spare; i++)
        rpr_free(s->spare[i].at);
    rpr_free(s->spare);
    s->spare = NULL;
    s->n_spare = s->cap_spare = 0;
    rpr_free(s->exact);
    rpr_free(s->rough);
    rpr_free(s->rounded);
    s->exact = s->rough = s->rounded = NULL;
}

int qt_make_room(qt_state *s, char **world, int value)
{
    for (size_t f = 0; f < s->n_frame; f++) {
        char **at = &world[f * s->g->n_value + (size_t)value];
        if (!*at && !(*at = take(s, bytes_of(s, value))))
            return qt_no_memory(s);
    }
    return RPR_OK;
}

void qt_forget(qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    for (size_t f = 0; f < s->n_frame; f++) {
        for (int k = 0; k < node->n_in; k++)
            if (node->in[k] != RPR_NONE && s->value[node->in[k]].last == n)
                drop(s, f * s->g->n_value + (size_t)node->in[k]);
        for (int k = 0; k < node->n_out; k++)
            if (node->out[k] != RPR_NONE && s->value[node->out[k]].last == RPR_NONE)
                drop(s, f * s->g->n_value + (size_t)node->out[k]);
    }
}

int qt_run_exact(qt_state *s, int n)
{
    const rpr_node *node = &s->g->node[n];
    qt_runner *r = &s->node[n].exact;
    char *in[64], *out[64];
    if (r->n_in > 64 || r->n_out > 64)
        return rpr_fail(s->err, RPR_ERR_UNSUPPORTED, "node '%s' (%s) has more than 64 inputs",
                        node->name, node->op);
    for (int k = 0; k < node->n_out; k++)
        if (node->out[k] != RPR_NONE)
            RPR_TRY(qt_make_room(s, s->exact, node->out[k]));
    for (size_t f = 0; f < s->n_frame; f++) {
        char **world = s->exact + f * s->g->n_value;
        for (int i = 0; i < r->n_in; i++)
            in[i] = world[r->in[i]];
        for (int k = 0, i = 0; k < node->n_out; k++)
            if (node->out[k] != RPR_NONE)
                out[i++] = world[node->out[k]];
        RPR_TRY(qt_runner_run(r, in, out, s->err));
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------ inputs */

/** An 8-bit picture into the tensor's own order, as a stream takes it: x * scale + offset. */
static void take_picture(const rpr_tensor *t, const rpr_input *in, float *x)
{
    const size_t row = in->row_bytes ? in->row_bytes : (size_t)t->w * (size_t)t->c;
    const int64_t step = rpr_order_channel_step(t);
    bool plain = true;
    for (int c = 0; c < 4; c++)
        plain = plain && !(in->scale[c] < 0.0f || in->scale[c] > 0.0f);
    for (rpr_order_run r = {0}; rpr_order_next(t, step, &r);) {
        const uint8_t *from = (const uint8_t *)in->data + (size_t)r.y * row;
        for (int32_t c = 0; c < t->c; c++) {
            const float scale = plain ? 1.0f / 255.0f : in->scale[c];
            for (int32_t k = 0; k < r.count; k++)
                x[r.at + c * step + k] = (float)from[(r.x + k) * t->c + c] * scale + in->offset[c];
        }
    }
}

static int read_frame(qt_state *s, rpr_stream *stream, rpr_input *in, size_t f)
{
    if (s->sample->frame(s->sample->user, s->frame[f], in) != 0)
        return rpr_fail(s->err, RPR_ERR_ARGUMENT, "sample: frame %zu could not be read",
                        s->frame[f]);
    int status = rpr_stream_check_inputs(stream, in, s->n_in);
    if (status != RPR_OK)
        return rpr_fail(s->err, status, "sample: frame %zu: %s", s->frame[f],
                        rpr_stream_error(stream));
    for (size_t i = 0; i < s->n_in; i++) {
        const int v = s->g->input[i];
        char *x = s->exact[f * s->g->n_value + (size_t)v];
        const rpr_plan *p = s->model->plan;
        if (in[i].format == RPR_FORMAT_U8_HWC)
            take_picture(&p->tensor[p->input[i]], &in[i], (float *)(void *)x);
        else
            memcpy(x, in[i].data, qt_count(s, v) * sizeof(float));
    }
    return RPR_OK;
}

int qt_load_inputs(qt_state *s)
{
    rpr_stream *stream = NULL;
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    o.gate.kind = RPR_GATE_OFF;
    RPR_TRY(rpr_stream_create(s->model, &o, &stream, s->err));
    rpr_input *in = rpr_alloc_array(s->n_in, sizeof *in);
    int status = in ? RPR_OK : qt_no_memory(s);
    for (size_t i = 0; status == RPR_OK && i < s->n_in; i++)
        status = qt_make_room(s, s->exact, s->g->input[i]);
    for (size_t f = 0; status == RPR_OK && f < s->n_frame; f++)
        status = read_frame(s, stream, in, f);
    rpr_free(in);
    rpr_stream_destroy(stream);
    return status;
}
