/* SPDX-License-Identifier: Apache-2.0 */
/* How tensors lie in memory; where, a stream decides (stream/memory.c). */
#include "plan/build.h"

#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"

#define ALIGN 64

/** True if a tensor's pixels must follow each other, because its maker writes several at once. */
static bool is_folded(const rpr_plan *p, int tensor)
{
    for (int i = 0; i < p->n_step; i++)
        if (p->step[i].linear && p->step[i].out[0] == tensor)
            return p->step[i].linear->folded;
    return false;
}

/** True if all that have a halo would put the same into it as tensor t. */
static bool same_zero(const rpr_plan *p, const rpr_step *s, const rpr_tensor *t)
{
    const rpr_tensor *out = &p->tensor[s->out[0]];
    bool same = !rpr_tensor_has_halo(out) || !rpr_tensor_has_halo(t) || out->zero == t->zero;
    for (int i = 0; i < s->n_in; i++) {
        const rpr_tensor *other = &p->tensor[s->in[i]];
        same &= !rpr_tensor_has_halo(other) || !rpr_tensor_has_halo(t) || other->zero == t->zero;
    }
    return same;
}

/** True if the inputs of a channel Concat can be computed right inside its output. */
static bool can_join(const rpr_plan *p, const rpr_step *s)
{
    const rpr_tensor *out = &p->tensor[s->out[0]];
    if (s->kind != RPR_STEP_PIXEL || strcmp(s->op, "Concat") != 0 ||
        s->pixel->act.kind != RPR_ACT_NONE)
        return false;
    int64_t axis = rpr_node_int(s->node, "axis", 1);
    if ((axis < 0 ? axis + out->rank : axis) != out->chan_axis || out->parent != RPR_NONE)
        return false;
    for (int i = 0; i < s->n_in; i++) {
        const rpr_tensor *t = &p->tensor[s->in[i]];
        bool twice = false;
        for (int k = 0; k < i; k++)
            twice |= s->in[k] == s->in[i];
        if (twice || t->constant || t->is_input || t->parent != RPR_NONE ||
            t->words != out->words || t->gap_free || is_folded(p, s->in[i]) || t->n != out->n ||
            t->h != out->h || t->w != out->w || !same_zero(p, s, t))
            return false;
        if (t->words && i + 1 < s->n_in && t->channels % RPR_WORD != 0)
            return false;
    }
    return true;
}

static void join_in_place(rpr_plan *p, rpr_step *s)
{
    rpr_tensor *out = &p->tensor[s->out[0]];
    int32_t at = 0;
    for (int i = 0; i < s->n_in; i++) {
        rpr_tensor *t = &p->tensor[s->in[i]];
        t->parent = s->out[0];
        t->chan_off = at;
        t->same_pixels = true;
        at += t->c;
#define WIDER(side) out->side = out->side > t->side ? out->side : t->side
        out->zero = rpr_tensor_has_halo(t) ? t->zero : out->zero;
        WIDER(halo_t);
        WIDER(halo_b);
        WIDER(halo_l);
        WIDER(halo_r);
#undef WIDER
        t->touch_owner = s->in[i]; /* a map of its own: the join merges them */
    }
    s->kind = RPR_STEP_JOIN;
}

/** Adds bytes, aligned; false if the total is absurd. */
static bool reserve(size_t *total, size_t bytes)
{
    if (bytes > PTRDIFF_MAX / 4 - *total)
        return false;
    *total += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    return true;
}

static bool place_root(rpr_plan *p, rpr_tensor *t)
{
    int64_t w = (int64_t)t->w + t->halo_l + t->halo_r, h = (int64_t)t->h + t->halo_t + t->halo_b;
    int64_t count;
    t->pix = t->c;
    if (!rpr_mul_i64(w, t->pix, &t->row) || !rpr_mul_i64(h, t->row, &t->img) ||
        !rpr_mul_i64(t->img, t->n, &count) || count > PTRDIFF_MAX / 64)
        return false;
    size_t size = rpr_tensor_unit(t);
    t->bytes = (size_t)count * size;
    t->offset = (size_t)(t->halo_t * t->row + t->halo_l * t->pix) * size;
    return reserve(&p->tensor_bytes, t->bytes);
}

static void place_child(const rpr_plan *p, rpr_tensor *t)
{
    const rpr_tensor *of = &p->tensor[t->parent];
    t->pix = of->pix;
    t->row = of->row;
    t->img = of->img;
    if (!t->same_pixels) {
        t->row = t->w * t->pix; /* the parent's rows follow each other without gaps */
        t->img = t->h * t->row;
    }
    t->offset = of->offset + (size_t)t->chan_off * rpr_tensor_unit(t);
}

/** Parents before children, whatever the order in which they were made. */
static bool place_tensor(rpr_plan *p, int i, bool *placed)
{
    rpr_tensor *t = &p->tensor[i];
    if (placed[i] || t->constant)
        return true;
    placed[i] = true;
    if (t->parent == RPR_NONE) {
        t->touch_owner = i;
        return place_root(p, t);
    }
    if (!place_tensor(p, t->parent, placed))
        return false;
    place_child(p, t);
    if (t->touch_owner == RPR_NONE)
        t->touch_owner = p->tensor[t->parent].touch_owner;
    return true;
}

/** Constants are read through the same types as other tensors, and never written: no step has one
 *  as its output. */
static rpr_map constant_map(const rpr_tensor *t)
{
    return rpr_tensor_map(t, (void *)(uintptr_t)t->constant);
}

static int place_maps(rpr_plan *p, rpr_step *s)
{
    if (s->kind != RPR_STEP_PIXEL)
        return RPR_OK;
    s->pixel_map = rpr_alloc_array((size_t)s->n_in + 1, sizeof *s->pixel_map);
    if (!s->pixel_map)
        return RPR_ERR_NOMEM;
    for (int i = 0; i < s->n_in; i++)
        s->pixel_map[i] = constant_map(&p->tensor[s->in[i]]);
    s->pixel_map[s->n_in] = constant_map(&p->tensor[s->out[0]]);
    return RPR_OK;
}

/** Scratch for results that are compared with what was there. */
static bool measure_scratch(rpr_plan *p, const rpr_step *s)
{
    size_t all = 0;
    for (int i = 0; s->kind == RPR_STEP_GENERIC && i < s->n_out; i++) {
        if (s->out[i] == RPR_NONE)
            continue;
        const rpr_tensor *t = &p->tensor[s->out[i]];
        size_t count = (size_t)t->n * (size_t)t->h * (size_t)t->w * (size_t)t->c;
        if (!reserve(&all, count * rpr_tensor_unit(t)))
            return false;
    }
    p->generic_bytes = all > p->generic_bytes ? all : p->generic_bytes;
    return true;
}

int rpr_plan_place(rpr_plan *p, rpr_error *err)
{
    bool *placed = rpr_alloc_array((size_t)p->n_tensor + 1, sizeof *placed);
    bool ok = placed != NULL;
    for (int i = 0; i < p->n_step; i++)
        if (can_join(p, &p->step[i]))
            join_in_place(p, &p->step[i]);
    ok = ok && rpr_plan_defer(p) == RPR_OK;
    for (int i = 0; ok && i < p->n_tensor; i++)
        ok = place_tensor(p, i, placed);
    rpr_free(placed);
    for (int i = 0; ok && i < p->n_step; i++) {
        ok = measure_scratch(p, &p->step[i]) && place_maps(p, &p->step[i]) == RPR_OK;
        if (!ok)
            return rpr_fail(err, RPR_ERR_NOMEM, "node '%s': out of memory", p->step[i].name);
    }
    return ok ? RPR_OK : rpr_fail(err, RPR_ERR_NOMEM, "the model's tensors are too large");
}

rpr_map rpr_tensor_map(const rpr_tensor *t, void *data)
{
    return (rpr_map){.data = data,
                     .n = t->n,
                     .h = t->h,
                     .w = t->w,
                     .c = t->c,
                     .img = t->img,
                     .row = t->row,
                     .pix = t->pix};
}

rpr_view rpr_tensor_view(const rpr_tensor *t, void *data)
{
    rpr_view v = {.dtype = t->dtype, .rank = t->rank, .data = data};
    const int64_t unit = t->words ? (int64_t)rpr_tensor_unit(t) : 1;
    const int64_t level[3] = {t->pix * unit, t->row * unit, t->img * unit};
    int at = 0;
    int64_t above = level[2];
    for (int a = t->rank - 1; a >= 0; a--) {
        v.dim[a] = t->dim[a];
        if (a == t->chan_axis) {
            v.stride[a] = 1;
        } else if (at < 3) {
            v.stride[a] = level[at++];
            above = v.stride[a] * t->dim[a];
        } else { /* several axes are merged into n */
            v.stride[a] = above;
            above *= t->dim[a];
        }
    }
    return v;
}
