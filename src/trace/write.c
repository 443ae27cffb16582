/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/write.h"

#include "core/alloc.h"
#include "core/status.h"
#include "trace/crc.h"
#include "trace/net.h"
#include "trace/rows.h"

/** What frames need to know of an input. */
typedef struct extent {
    int64_t rows, elements;
    int32_t w, c;
} extent;

struct rpr_trace_writer {
    rpr_write_fn write;
    void *user;
    extent *input;
    int32_t n_input, n_layer;
    uint64_t frames;
    uint8_t *record; /* room for the largest frame */
    rpr_row_encoder rows;
    rpr_crc crc;
};

static int emit(rpr_trace_writer *w, const uint8_t *bytes, size_t n)
{
    return w->write(w->user, bytes, n) == 0 ? RPR_OK : RPR_ERR_IO;
}

/* ------------------------------------------------------------------ header */

static size_t name_bytes(const char *name)
{
    size_t n = strlen(name);
    return n < RPR_TRACE_MAX_NAME ? n : RPR_TRACE_MAX_NAME;
}

static uint8_t *put_name(uint8_t *p, const char *name)
{
    size_t n = name_bytes(name);
    p = rpr_put_u16(p, (uint32_t)n);
    memcpy(p, name, n);
    return p + n;
}

static uint8_t *put_i32(uint8_t *p, int32_t v)
{
    return rpr_put_u32(p, (uint32_t)v);
}

static uint8_t *put_input(uint8_t *p, const rpr_trace_input *in)
{
    const int32_t size[] = {in->n, in->d, in->h, in->w, in->c};
    p = put_name(p, in->name);
    for (int i = 0; i < 5; i++)
        p = put_i32(p, size[i]);
    p = rpr_put_u8(p, (uint32_t)in->gate.kind);
    p = put_i32(p, in->gate.kind == RPR_GATE_LEVELS ? in->gate.levels : 0);
    return rpr_put_f64(p, in->gate.kind == RPR_GATE_DEADZONE ? in->gate.threshold : 0.0);
}

static uint8_t *put_layer(uint8_t *p, const rpr_trace_layer *l)
{
    const int32_t size[] = {l->n, l->ci, l->co, l->groups};
    p = put_name(p, l->name);
    p = put_name(p, l->op);
    p = put_i32(p, l->input);
    p = rpr_put_u8(p, (l->transposed ? RPR_TRACE_TRANSPOSED : 0u) |
                          (l->by_pixel ? RPR_TRACE_BY_PIXEL : 0u) |
                          (l->steps ? RPR_TRACE_STEPS : 0u));
    for (int i = 0; i < 4; i++)
        p = put_i32(p, size[i]);
    for (int i = 0; i < 3; i++) {
        const rpr_trace_axis *a = &l->axis[i];
        p = put_i32(put_i32(put_i32(p, a->in), a->out), a->kernel);
        p = put_i32(put_i32(put_i32(p, a->stride), a->dilation), a->pad);
    }
    p = rpr_put_u64(p, (uint64_t)l->macs);
    return rpr_put_u64(p, (uint64_t)l->parameters);
}

/** Bytes of the description: counts, inputs, layers. */
static uint64_t description_bytes(const rpr_trace_net *net)
{
    uint64_t bytes = 2 * 4;
    for (int32_t i = 0; i < net->n_input; i++)
        bytes += RPR_TRACE_INPUT_BYTES + name_bytes(net->input[i].name);
    for (int32_t i = 0; i < net->n_layer; i++)
        bytes +=
            RPR_TRACE_LAYER_BYTES + name_bytes(net->layer[i].name) + name_bytes(net->layer[i].op);
    return bytes;
}

/** The first one that has words for the network. */
static uint32_t version_of(const rpr_trace_net *net)
{
    bool steps = false;
    for (int32_t i = 0; i < net->n_layer; i++)
        steps |= net->layer[i].steps;
    return steps ? 2 : 1;
}

static int write_header(rpr_trace_writer *w, const rpr_trace_net *net)
{
    uint32_t description = (uint32_t)description_bytes(net);
    uint8_t *bytes = rpr_alloc(RPR_TRACE_PREAMBLE + (size_t)description + RPR_TRACE_CRC);
    if (!bytes)
        return RPR_ERR_NOMEM;
    memcpy(bytes, RPR_TRACE_MAGIC, RPR_TRACE_MAGIC_BYTES);
    uint8_t *p = rpr_put_u32(bytes + RPR_TRACE_MAGIC_BYTES, version_of(net));
    p = rpr_put_u32(p, description);
    p = put_i32(put_i32(p, net->n_input), net->n_layer);
    for (int32_t i = 0; i < net->n_input; i++)
        p = put_input(p, &net->input[i]);
    for (int32_t i = 0; i < net->n_layer; i++)
        p = put_layer(p, &net->layer[i]);
    p = rpr_put_u32(p, rpr_crc_update(&w->crc, 0, bytes, (size_t)(p - bytes)));
    int status = emit(w, bytes, (size_t)(p - bytes));
    rpr_free(bytes);
    return status;
}

static int check_net(const rpr_trace_net *net, rpr_error *err)
{
    for (int32_t i = 0; i < net->n_input; i++) {
        const char *wrong = rpr_trace_check_input(&net->input[i]);
        if (wrong)
            return rpr_fail(err, RPR_ERR_UNSUPPORTED, "trace: input '%.200s': %s",
                            net->input[i].name, wrong);
    }
    for (int32_t i = 0; i < net->n_layer; i++) {
        const char *wrong = rpr_trace_check_layer(net, &net->layer[i]);
        if (wrong)
            return rpr_fail(err, RPR_ERR_UNSUPPORTED, "trace: layer '%.200s': %s",
                            net->layer[i].name, wrong);
    }
    if (rpr_trace_net_elements(net) > RPR_TRACE_MAX_ELEMENTS ||
        description_bytes(net) > RPR_TRACE_MAX_HEADER)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "trace: the network is too large");
    return RPR_OK;
}

static bool take_memory(rpr_trace_writer *w, const rpr_trace_net *net)
{
    int32_t pixels, elements;
    rpr_trace_net_row(net, &pixels, &elements);
    uint64_t record = rpr_trace_frame_limit(net) + RPR_TRACE_RECORD + RPR_TRACE_CRC;
    w->record = rpr_alloc((size_t)record + RPR_BITS_SLACK);
    w->input = rpr_alloc_array((size_t)net->n_input, sizeof *w->input);
    return rpr_row_encoder_init(&w->rows, pixels, elements) && w->record && w->input;
}

int rpr_trace_writer_create(const rpr_trace_net *net, rpr_write_fn write, void *user,
                            rpr_trace_writer **out, rpr_error *err)
{
    *out = NULL;
    RPR_TRY(check_net(net, err));
    rpr_trace_writer *w = rpr_alloc(sizeof *w);
    if (!w)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    w->write = write;
    w->user = user;
    w->n_input = net->n_input;
    w->n_layer = net->n_layer;
    rpr_crc_init(&w->crc);
    int status = take_memory(w, net) ? RPR_OK : RPR_ERR_NOMEM;
    for (int32_t i = 0; status == RPR_OK && i < net->n_input; i++)
        w->input[i] = (extent){.rows = rpr_trace_rows(&net->input[i]),
                               .elements = rpr_trace_elements(&net->input[i]),
                               .w = net->input[i].w,
                               .c = net->input[i].c};
    if (status == RPR_OK)
        status = write_header(w, net);
    if (status != RPR_OK) {
        rpr_trace_writer_free(w);
        return rpr_fail(err, status,
                        status == RPR_ERR_IO ? "the trace cannot be written" : "out of memory");
    }
    *out = w;
    return RPR_OK;
}

void rpr_trace_writer_free(rpr_trace_writer *w)
{
    if (!w)
        return;
    rpr_row_encoder_free(&w->rows);
    rpr_free(w->record);
    rpr_free(w->input);
    rpr_free(w);
}

/* ----------------------------------------------------------------- records */

/** Completes and writes the record whose payload ends at p. */
static int write_record(rpr_trace_writer *w, uint32_t kind, uint8_t *p)
{
    uint8_t *start = w->record;
    uint32_t payload = (uint32_t)(p - start - RPR_TRACE_RECORD);
    (void)rpr_put_u32(rpr_put_u8(start, kind), payload);
    p = rpr_put_u32(p, rpr_crc_update(&w->crc, 0, start, (size_t)(p - start)));
    return emit(w, start, (size_t)(p - start));
}

/** All rows of one input, then how many bytes they took. */
static uint8_t *put_rows(rpr_trace_writer *w, uint8_t *p, const extent *in,
                         const rpr_trace_change *change)
{
    const int32_t *idx = change->idx;
    p = rpr_put_u64(p, (uint64_t)change->n_changed);
    rpr_bit_writer b = {.at = p + 4};
    for (int64_t row = 0; row < in->rows; row++) {
        int32_t n = change->row_n[row];
        rpr_row_encode(&w->rows, &b, idx, n, in->w, in->c);
        idx += n;
    }
    uint8_t *end = rpr_bits_close(&b);
    (void)rpr_put_u32(p, (uint32_t)(end - (p + 4)));
    return end;
}

static uint8_t *put_change(rpr_trace_writer *w, uint8_t *p, const extent *in,
                           const rpr_trace_change *change)
{
    p = rpr_put_f32(rpr_put_f32(p, change->lo), change->hi);
    if (change->n_changed == 0)
        return rpr_put_u8(p, RPR_TRACE_NONE);
    if (change->n_changed == in->elements)
        return rpr_put_u8(p, RPR_TRACE_ALL);
    return put_rows(w, rpr_put_u8(p, RPR_TRACE_ROWS), in, change);
}

int rpr_trace_writer_frame(rpr_trace_writer *w, bool first, const rpr_trace_change *change,
                           const rpr_trace_layer_frame *layer)
{
    uint8_t *p = rpr_put_u64(w->record + RPR_TRACE_RECORD, w->frames);
    p = rpr_put_u8(p, first);
    for (int32_t i = 0; i < w->n_layer; i++) {
        const rpr_trace_layer_frame *l = &layer[i];
        p = rpr_put_u8(p, (uint32_t)l->choice | (l->refreshed ? RPR_TRACE_REFRESHED : 0u) |
                              (l->mixed ? RPR_TRACE_MIXED : 0u));
        p = rpr_put_u64(p, (uint64_t)l->macs);
    }
    for (int32_t i = 0; i < w->n_input; i++)
        p = put_change(w, p, &w->input[i], &change[i]);
    w->frames++;
    return write_record(w, RPR_TRACE_KIND_FRAME, p);
}

int rpr_trace_writer_end(rpr_trace_writer *w)
{
    uint8_t *p = rpr_put_u64(w->record + RPR_TRACE_RECORD, w->frames);
    return write_record(w, RPR_TRACE_KIND_END, p);
}
