/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the network. */
#include "trace/parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/status.h"
#include "trace/net.h"

int rpr_trace_wrong(const rpr_trace_cursor *c, size_t at, const char *format, ...)
{
    char what[256];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    return rpr_fail(c->err, RPR_ERR_FORMAT, "%.700s: byte %llu: %s", c->path,
                    (unsigned long long)(c->offset + at), what);
}

int rpr_trace_need(const rpr_trace_cursor *c, uint64_t n)
{
    if (c->n - c->at >= n)
        return RPR_OK;
    return rpr_trace_wrong(c, c->n, "the record ends within its contents");
}

static int no_memory(const rpr_trace_cursor *c)
{
    return rpr_fail(c->err, RPR_ERR_NOMEM, "%.700s: out of memory", c->path);
}

static int32_t get_i32(rpr_trace_cursor *c)
{
    return (int32_t)rpr_get_u32(rpr_trace_take(c, 4));
}

static int get_name(rpr_trace_cursor *c, char **name)
{
    RPR_TRY(rpr_trace_need(c, 2));
    size_t n = rpr_get_u16(rpr_trace_take(c, 2));
    RPR_TRY(rpr_trace_need(c, n));
    if (memchr(c->base + c->at, '\0', n))
        return rpr_trace_wrong(c, c->at, "a name holds a zero byte");
    *name = rpr_alloc(n + 1);
    if (!*name)
        return no_memory(c);
    memcpy(*name, rpr_trace_take(c, n), n);
    return RPR_OK;
}

static int get_input(rpr_trace_cursor *c, rpr_trace_input *in, int32_t index)
{
    size_t start = c->at;
    RPR_TRY(get_name(c, &in->name));
    RPR_TRY(rpr_trace_need(c, RPR_TRACE_INPUT_BYTES - 2));
    in->n = get_i32(c);
    in->d = get_i32(c);
    in->h = get_i32(c);
    in->w = get_i32(c);
    in->c = get_i32(c);
    in->gate.kind = (rpr_gate_kind)*rpr_trace_take(c, 1);
    in->gate.levels = get_i32(c);
    in->gate.threshold = rpr_get_f64(rpr_trace_take(c, 8));
    const char *wrong = rpr_trace_check_input(in);
    return wrong ? rpr_trace_wrong(c, start, "input %d: %s", index, wrong) : RPR_OK;
}

static void get_axis(rpr_trace_cursor *c, rpr_trace_axis *a)
{
    a->in = get_i32(c);
    a->out = get_i32(c);
    a->kernel = get_i32(c);
    a->stride = get_i32(c);
    a->dilation = get_i32(c);
    a->pad = get_i32(c);
}

static int get_layer(rpr_trace_cursor *c, uint32_t version, const rpr_trace_net *net,
                     rpr_trace_layer *l, int32_t index)
{
    const uint32_t known = RPR_TRACE_TRANSPOSED | RPR_TRACE_BY_PIXEL;
    size_t start = c->at;
    RPR_TRY(get_name(c, &l->name));
    RPR_TRY(get_name(c, &l->op));
    RPR_TRY(rpr_trace_need(c, RPR_TRACE_LAYER_BYTES - 2 * 2));
    l->input = get_i32(c);
    uint32_t flags = *rpr_trace_take(c, 1);
    if (flags & ~(version > 1 ? known | RPR_TRACE_STEPS : known))
        return rpr_trace_wrong(c, c->at - 1, "layer %d: unknown flags", index);
    l->transposed = (flags & RPR_TRACE_TRANSPOSED) != 0;
    l->by_pixel = (flags & RPR_TRACE_BY_PIXEL) != 0;
    l->steps = (flags & RPR_TRACE_STEPS) != 0;
    l->n = get_i32(c);
    l->ci = get_i32(c);
    l->co = get_i32(c);
    l->groups = get_i32(c);
    for (int i = 0; i < 3; i++)
        get_axis(c, &l->axis[i]);
    l->macs = (int64_t)rpr_get_u64(rpr_trace_take(c, 8));
    l->parameters = (int64_t)rpr_get_u64(rpr_trace_take(c, 8));
    const char *wrong = rpr_trace_check_layer(net, l);
    return wrong ? rpr_trace_wrong(c, start, "layer %d: %s", index, wrong) : RPR_OK;
}

int rpr_trace_parse_net(rpr_trace_cursor *c, uint32_t version, rpr_trace_net *net)
{
    RPR_TRY(rpr_trace_need(c, 2 * 4));
    int64_t n_input = rpr_get_u32(rpr_trace_take(c, 4)),
            n_layer = rpr_get_u32(rpr_trace_take(c, 4));
    if (n_input * RPR_TRACE_INPUT_BYTES + n_layer * RPR_TRACE_LAYER_BYTES > (int64_t)(c->n - c->at))
        return rpr_trace_wrong(c, c->at - 8, "more inputs and layers than there are bytes");
    net->input = rpr_alloc_array((size_t)n_input, sizeof *net->input);
    net->layer = rpr_alloc_array((size_t)n_layer, sizeof *net->layer);
    if (!net->input || !net->layer)
        return no_memory(c);
    net->n_input = (int32_t)n_input;
    net->n_layer = (int32_t)n_layer;
    for (int32_t i = 0; i < net->n_input; i++)
        RPR_TRY(get_input(c, &net->input[i], i));
    if (rpr_trace_net_elements(net) > RPR_TRACE_MAX_ELEMENTS)
        return rpr_trace_wrong(c, c->at, "the inputs have too many elements");
    for (int32_t i = 0; i < net->n_layer; i++)
        RPR_TRY(get_layer(c, version, net, &net->layer[i], i));
    if (!rpr_trace_find_steps(net))
        return rpr_trace_wrong(c, c->at, "layers with and without steps read one input");
    return c->at == c->n ? RPR_OK : rpr_trace_wrong(c, c->at, "the description goes on too long");
}
