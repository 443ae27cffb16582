/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors of a plan: how a logical shape becomes pixels and channels, and constants likewise. */
#include "plan/build.h"

#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"

size_t rpr_tensor_unit(const rpr_tensor *t)
{
    return t->words ? RPR_WORD : rpr_dtype_size(t->dtype);
}

bool rpr_tensor_pixels(rpr_tensor *t)
{
    int64_t size[4] = {1, 1, 1, 1}; /* n, h, w, c */
    int at = 2;
    for (int a = t->rank - 1; a >= 0; a--) {
        if (a == t->chan_axis) {
            size[3] = t->dim[a];
        } else {
            if (!rpr_mul_i64(size[at], t->dim[a], &size[at]))
                return false;
            at = at > 0 ? at - 1 : 0;
        }
    }
    for (int i = 0; i < 4; i++)
        if (size[i] > INT32_MAX / 4)
            return false;
    t->n = (int32_t)size[0];
    t->h = (int32_t)size[1];
    t->w = (int32_t)size[2];
    t->channels = (int32_t)size[3];
    t->c = t->words ? rpr_words(t->channels) : t->channels;
    return (int64_t)t->w * t->c < INT32_MAX / 2 && (int64_t)t->h * t->w < INT32_MAX / 2;
}

/** Grows an array of `size`-byte elements so that one more fits. */
static bool grow(void **array, int count, int *cap, size_t size)
{
    if (count < *cap)
        return true;
    int wider = *cap ? *cap * 2 : 32;
    void *p = rpr_alloc_array((size_t)wider, size);
    if (!p)
        return false;
    if (count > 0)
        memcpy(p, *array, (size_t)count * size);
    rpr_free(*array);
    *array = p;
    *cap = wider;
    return true;
}

int rpr_plan_add_tensor(rpr_plan *p, const rpr_tensor *t)
{
    if (!grow((void **)&p->tensor, p->n_tensor, &p->cap_tensor, sizeof *p->tensor))
        return RPR_NONE;
    p->tensor[p->n_tensor] = *t;
    return p->n_tensor++;
}

rpr_step *rpr_plan_add_step(rpr_plan *p, rpr_step_kind kind, const rpr_node *node, int n_in,
                            int n_out)
{
    if (!grow((void **)&p->step, p->n_step, &p->cap_step, sizeof *p->step))
        return NULL;
    int *ends = rpr_alloc_array((size_t)(n_in + n_out), sizeof *ends);
    if (!ends)
        return NULL;
    rpr_step *s = &p->step[p->n_step++];
    *s = (rpr_step){.kind = kind,
                    .node = node,
                    .name = node ? node->name : "",
                    .op = node ? node->op : "Layout",
                    .n_in = n_in,
                    .n_out = n_out,
                    .in = ends,
                    .out = ends + n_in,
                    .gate = RPR_NONE};
    return s;
}

int rpr_plan_add_gate(rpr_plan *p, int tensor)
{
    for (int i = 0; i < p->n_gate; i++)
        if (p->gate[i].tensor == tensor)
            return i;
    if (!grow((void **)&p->gate, p->n_gate, &p->cap_gate, sizeof *p->gate))
        return RPR_NONE;
    p->gate[p->n_gate] = (rpr_gate_plan){.tensor = tensor, .first = p->n_step};
    return p->n_gate++;
}

int rpr_plan_own(rpr_plan *p, void *memory, size_t bytes)
{
    if (!grow((void **)&p->owned, p->n_owned, &p->cap_owned, sizeof *p->owned)) {
        rpr_free(memory);
        return RPR_ERR_NOMEM;
    }
    p->owned[p->n_owned++] = memory;
    p->constant_bytes += bytes;
    return RPR_OK;
}

int rpr_plan_root(const rpr_plan *p, int tensor)
{
    while (p->tensor[tensor].parent != RPR_NONE)
        tensor = p->tensor[tensor].parent;
    return tensor;
}

/** Beyond four axes only the plain layout is offered: merged axes would not be regular. */
static rpr_tensor describe(const rpr_plan *p, int value, int chan_axis)
{
    const rpr_value *v = &p->graph->value[value];
    if (v->shape.rank > 4)
        chan_axis = v->shape.rank - 1;
    rpr_tensor t = {.value = value,
                    .name = v->name,
                    .dtype = v->dtype,
                    .words = v->dtype == RPR_U8 && !v->is_const && v->producer != RPR_NONE,
                    .rank = v->shape.rank,
                    .chan_axis = chan_axis < 0 ? v->shape.rank - 1 : chan_axis,
                    .parent = RPR_NONE,
                    .touch_owner = RPR_NONE};
    memcpy(t.dim, v->shape.dim, sizeof t.dim);
    return t;
}

int rpr_plan_new_tensor(rpr_plan *p, int value, int chan_axis)
{
    rpr_tensor t = describe(p, value, chan_axis);
    if (!rpr_tensor_pixels(&t))
        return RPR_NONE;
    int made = rpr_plan_add_tensor(p, &t);
    if (p->tensor_of[value] == RPR_NONE)
        p->tensor_of[value] = made;
    return made;
}

void rpr_tensor_gap_free(rpr_tensor *t)
{
    t->pix = t->c;
    t->row = (int64_t)t->w * t->pix;
    t->img = (int64_t)t->h * t->row;
}

/** Lays rank-expanded data out with channels innermost. `dims` has t->rank entries. */
static int make_constant(rpr_plan *p, rpr_tensor *t, const void *data)
{
    rpr_tensor_gap_free(t);
    if (t->chan_axis == t->rank - 1) {
        t->constant = data;
        return RPR_OK;
    }
    size_t size = rpr_dtype_size(t->dtype), count = (size_t)t->n * (size_t)t->img;
    uint8_t *copy = rpr_alloc_array(count, size);
    if (!copy)
        return RPR_ERR_NOMEM;
    int64_t before = 1, after = 1, c = t->dim[t->chan_axis];
    for (int a = 0; a < t->chan_axis; a++)
        before *= t->dim[a];
    for (int a = t->chan_axis + 1; a < t->rank; a++)
        after *= t->dim[a];
    const uint8_t *src = data;
    for (int64_t b = 0; b < before; b++)
        for (int64_t k = 0; k < c; k++)
            for (int64_t q = 0; q < after; q++)
                memcpy(copy + (size_t)((b * after + q) * c + k) * size,
                       src + (size_t)((b * c + k) * after + q) * size, size);
    t->constant = copy;
    return rpr_plan_own(p, copy, count * size);
}

int rpr_plan_constant(rpr_plan *p, int value, int rank, int axis)
{
    const rpr_value *v = &p->graph->value[value];
    rpr_tensor t = describe(p, value, axis);
    int shift = rank - t.rank;
    if (shift < 0 || rank > RPR_MAX_RANK)
        return RPR_NONE;
    for (int a = rank - 1; a >= 0; a--)
        t.dim[a] = a >= shift ? v->shape.dim[a - shift] : 1;
    t.rank = rank;
    t.chan_axis = axis < 0 ? rank - 1 : axis;
    if (!rpr_tensor_pixels(&t) || make_constant(p, &t, v->data) != RPR_OK)
        return RPR_NONE;
    return rpr_plan_add_tensor(p, &t);
}

/** A constant of u8, in words. */
static int word_constant(rpr_plan *p, int plain)
{
    rpr_tensor t = p->tensor[plain];
    const uint8_t *from = t.constant;
    const size_t pixels = (size_t)t.n * (size_t)t.h * (size_t)t.w, c = (size_t)t.channels;
    const size_t room = (size_t)rpr_word_bytes(t.channels);
    uint8_t *words = rpr_alloc_array(pixels, room);
    if (!words || rpr_plan_own(p, words, pixels * room) != RPR_OK)
        return RPR_NONE;
    for (size_t i = 0; i < pixels; i++)
        memcpy(words + i * room, from + i * c, c);
    t.words = true;
    t.c = rpr_words(t.channels);
    t.constant = words;
    rpr_tensor_gap_free(&t);
    return rpr_plan_add_tensor(p, &t);
}

/** True if channels in words are told from pixels in the same way under another shape. */
static bool same_words(const rpr_tensor *a, const rpr_tensor *b)
{
    return a->words == b->words &&
           (!a->words || a->channels == b->channels || (a->channels | b->channels) % RPR_WORD == 0);
}

/** True if the tensor's memory would be the same with channels on another axis. */
static bool same_memory(const rpr_tensor *t, int axis)
{
    int order[2][RPR_MAX_RANK], count[2] = {0, 0};
    const int last[2] = {t->chan_axis, axis};
    for (int i = 0; i < 2; i++) {
        for (int a = 0; a < t->rank; a++)
            if (a != last[i] && t->dim[a] != 1)
                order[i][count[i]++] = a;
        if (t->rank > 0 && t->dim[last[i]] != 1)
            order[i][count[i]++] = last[i];
    }
    return count[0] == count[1] &&
           memcmp(order[0], order[1], (size_t)count[0] * sizeof order[0][0]) == 0;
}

int rpr_plan_alias(rpr_plan *p, int value, int parent, int chan_axis, int32_t chan_off)
{
    rpr_tensor t = describe(p, value, chan_axis);
    if (t.chan_axis != chan_axis || !rpr_tensor_pixels(&t))
        return RPR_NONE;
    const rpr_tensor *of = &p->tensor[parent];
    if (!same_words(&t, of) || (t.words && chan_off % RPR_WORD != 0))
        return RPR_NONE;
    t.parent = parent;
    t.zero = of->zero;
    t.chan_off = t.words ? chan_off / RPR_WORD : chan_off;
    t.same_pixels = t.n == of->n && t.h == of->h && t.w == of->w;
    if ((int64_t)t.n * t.h * t.w != (int64_t)of->n * of->h * of->w)
        return RPR_NONE;
    if (!t.same_pixels) {
        rpr_tensor *root = &p->tensor[rpr_plan_root(p, parent)];
        if (root->halo_t || root->halo_b || root->halo_l || root->halo_r)
            return RPR_NONE;
        root->gap_free = true;
    }
    int made = rpr_plan_add_tensor(p, &t);
    if (made != RPR_NONE && p->tensor_of[value] == RPR_NONE)
        p->tensor_of[value] = made;
    return made;
}

static int add_layout_step(rpr_plan *p, int from, int axis, bool words)
{
    rpr_tensor t = describe(p, p->tensor[from].value, axis);
    t.words |= words;
    int to = rpr_tensor_pixels(&t) ? rpr_plan_add_tensor(p, &t) : RPR_NONE;
    rpr_step *s = to == RPR_NONE ? NULL : rpr_plan_add_step(p, RPR_STEP_GENERIC, NULL, 1, 1);
    if (!s)
        return RPR_NONE;
    s->name = p->tensor[from].name;
    s->in[0] = from;
    s->out[0] = to;
    return to;
}

int rpr_plan_in_words(rpr_plan *p, int tensor)
{
    const rpr_tensor *t = &p->tensor[tensor];
    if (!t->words && t->constant)
        return word_constant(p, tensor);
    return t->words ? tensor : add_layout_step(p, tensor, t->chan_axis, true);
}

int rpr_plan_on_axis(rpr_plan *p, int value, int axis)
{
    int rank = p->graph->value[value].shape.rank;
    if (rank > 4 && axis != rank - 1)
        return RPR_NONE;
    if (p->graph->value[value].is_const)
        return rpr_plan_constant(p, value, rank, axis);
    int own = p->tensor_of[value];
    for (int i = own; i < p->n_tensor; i++)
        if (p->tensor[i].value == value && p->tensor[i].chan_axis == axis)
            return i;
    if (same_memory(&p->tensor[own], axis)) { /* words are looked at there */
        int alias = rpr_plan_alias(p, value, own, axis, 0);
        if (alias != RPR_NONE)
            return alias;
    }
    return add_layout_step(p, own, axis, false);
}

bool rpr_tensor_has_halo(const rpr_tensor *t)
{
    return t->halo_t > 0 || t->halo_b > 0 || t->halo_l > 0 || t->halo_r > 0;
}

int rpr_plan_with_halo(rpr_plan *p, int tensor, const rpr_linear *l)
{
    if (!rpr_linear_has_halo(l))
        return tensor;
    const rpr_tensor *lies = &p->tensor[rpr_plan_root(p, tensor)];
    if (lies->gap_free || (rpr_tensor_has_halo(lies) && lies->zero != l->zero)) {
        tensor = add_layout_step(p, tensor, p->tensor[tensor].chan_axis, p->tensor[tensor].words);
        if (tensor == RPR_NONE)
            return RPR_NONE;
    }
    rpr_tensor *root = &p->tensor[rpr_plan_root(p, tensor)];
    root->zero = l->zero;
    root->halo_t = root->halo_t > l->halo_t ? root->halo_t : l->halo_t;
    root->halo_b = root->halo_b > l->halo_b ? root->halo_b : l->halo_b;
    root->halo_l = root->halo_l > l->halo_l ? root->halo_l : l->halo_l;
    root->halo_r = root->halo_r > l->halo_r ? root->halo_r : l->halo_r;
    return tensor;
}
