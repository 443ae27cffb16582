/* SPDX-License-Identifier: Apache-2.0 */
/* Operators without weights on one frame, at the pixels that a change reaches. */
#include "ops/pixel_bytes_picture.h"
#include "stream/stream.h"

/** An operator at the marked pixels (mask NULL: all) of its output, in parts of rows. */
typedef struct pixel_job {
    const rpr_pixel_op *op;
    const rpr_kernels *k;
    const rpr_map *in, *out;
    rpr_rows rows;       /* of which all are meant */
    rpr_gate_scan *next; /* compares rows that are done; or NULL */
    int parts;
} pixel_job;

#define PIXEL_ROW_VALUES 8192 /* of rows that stay in the cache until they are compared */

/** Rows [first, end), compared a few at a time. */
static void pixel_rows(const pixel_job *j, int32_t first, int32_t end, int thread)
{
    const int64_t row = (int64_t)j->out->w * j->out->c;
    const int32_t few = row < PIXEL_ROW_VALUES ? (int32_t)(PIXEL_ROW_VALUES / (row + 1)) + 1 : 1;
    for (int32_t y = first, next; y < end; y = next) {
        next = end - y < few || !j->next ? end : y + few;
        if (j->next)
            rpr_gate_fetch(j->next, y, next);
        j->op->run(j->op, j->k, j->in, j->out, (rpr_rows){j->rows.mask, y, next, j->rows.only});
        if (j->next)
            rpr_gate_rows(j->next, y, next, thread);
    }
}

static void pixel_part(void *job, int part, int thread)
{
    const pixel_job *j = job;
    const int64_t rows = (int64_t)j->out->n * j->out->h;
    if (j->next)
        pixel_rows(j, rpr_gate_part_row(j->next->g, j->parts, part),
                   rpr_gate_part_row(j->next->g, j->parts, part + 1), thread);
    else
        pixel_rows(j, (int32_t)rpr_part_start(rows, j->parts, part),
                   (int32_t)rpr_part_start(rows, j->parts, part + 1), thread);
}

#define PIXEL_PART_VALUES 8192 /* that are worth waking a thread for */

static void run_parts(rpr_stream *s, const rpr_pixel_op *op, const rpr_map *in, const rpr_map *out,
                      rpr_rows rows, rpr_gate_scan *next)
{
    pixel_job j = {.op = op, .k = s->k, .in = in, .out = out, .rows = rows, .next = next};
    const int64_t n = rows.end;
    const int64_t pixels = rows.mask ? rpr_touch_count(rows.mask) : n * out->w;
    const int64_t worth = rpr_pool_worth(pixels * out->c, PIXEL_PART_VALUES);
    j.parts = rpr_pool_parts(s->pool, next ? next->g->segments : n, worth);
    rpr_pool_run(s->pool, j.parts, pixel_part, &j);
}

/** What quantises a picture reads its bytes. */
static void run_on_bytes(rpr_stream *s, const rpr_step *step, const rpr_input_state *picture,
                         const rpr_map *out, rpr_rows rows, rpr_gate_scan *next)
{
    rpr_byte_picture p = {.bytes = picture->bytes, .pitch = picture->pitch};
    rpr_byte_picture_fill(&p, s->k, rpr_pixel_bytes_quantises(step->pixel), picture->scale,
                          picture->offset, s->plan->tensor[step->in[0]].c);
    const rpr_pixel_op op = rpr_byte_picture_op(step->pixel, &p);
    run_parts(s, &op, NULL, out, rows, next);
}

static void run_pixel_op(rpr_stream *s, const rpr_step *step, const rpr_map *in, const rpr_map *out,
                         rpr_rows rows, rpr_gate_scan *next)
{
    const rpr_input_state *picture = rpr_stream_bytes_of(s, step);
    if (picture)
        run_on_bytes(s, step, picture, out, rows, next);
    else
        run_parts(s, step->pixel, in, out, rows, next);
}

/** True if this frame has written only some pixels of what an operator reads. */
static bool reads_part(const rpr_stream *s, const rpr_step *step)
{
    const int in = rpr_stream_same_pixels(s->plan, step);
    const rpr_life *life = in == RPR_NONE ? NULL : &s->life[rpr_plan_root(s->plan, in)];
    return life && life->transient && !life->whole;
}

void rpr_stream_run_pixel(rpr_stream *s, const rpr_step *step)
{
    rpr_map in[RPR_PIXEL_MAX_IN], out = step->pixel_map[step->n_in];
    out.data = rpr_stream_map(s, step->out[0]).data;
    for (int i = 0; i < step->n_in; i++) {
        in[i] = step->pixel_map[i];
        if (!in[i].data)
            in[i].data = rpr_stream_map(s, step->in[i]).data;
    }
    if (!s->reuse) {
        run_pixel_op(s, step, in, &out, rpr_all_rows(&out, NULL), NULL);
        return;
    }
    rpr_touch touches[RPR_PIXEL_MAX_IN], *touched = &s->touch[step->out[0]];
    const rpr_touch *of[RPR_PIXEL_MAX_IN];
    bool all = s->anew;
    for (int i = 0; i < step->n_in; i++) {
        bool constant = s->plan->tensor[step->in[i]].constant != NULL;
        if (!constant)
            touches[i] = rpr_stream_touch(s, step->in[i]);
        of[i] = constant ? NULL : &touches[i];
        all |= !constant && touches[i].all;
    }
    if (all)
        rpr_touch_fill(touched, true);
    else
        step->pixel->touch(step->pixel, of, touched);
    if (!touched->any && !rpr_stream_is_forced(s, step))
        return;
    bool whole = touched->all || rpr_stream_writes_whole(s, step);
    rpr_gate_scan room, *next = rpr_stream_begin_gate(s, step, &room);
    rpr_rows rows = rpr_all_rows(&out, whole ? NULL : touched);
    rows.only = !whole && reads_part(s, step);
    run_pixel_op(s, step, in, &out, rows, next);
    if (next)
        rpr_stream_end_gate(s, step, next, true);
}

void rpr_stream_run_join(rpr_stream *s, const rpr_step *step)
{
    rpr_touch *touched = &s->touch[step->out[0]];
    if (!s->reuse)
        return;
    rpr_touch_fill(touched, false);
    for (int i = 0; i < step->n_in; i++) {
        rpr_touch in = rpr_stream_touch(s, step->in[i]);
        if (in.all)
            rpr_touch_fill(touched, true);
        else if (in.any)
            rpr_touch_or(touched, &in);
    }
}
