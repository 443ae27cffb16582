/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that move nothing: their outputs are other names for memory that is already there. */
#include "plan/build.h"

#include <string.h>

#include "ops/node.h"

/** Channel axis of a Transpose's output if the memory can stay as it is, else -1. */
static int transposed_axis(const rpr_tensor *t, const rpr_node *n)
{
    size_t count;
    const int64_t *perm = rpr_node_ints(n, "perm", &count);
    int axis = -1, before = -1;
    for (int i = 0; i < t->rank; i++) {
        int from = perm ? (int)perm[i] : t->rank - 1 - i;
        if (from == t->chan_axis) {
            axis = i;
        } else if (t->dim[from] != 1) {
            if (from < before)
                return -1;
            before = from;
        }
    }
    return axis;
}

/** Channel axis of a reshaped tensor if element order allows the memory to stay, else -1. */
static int reshaped_axis(const rpr_tensor *t, const rpr_shape *out, int preferred)
{
    int64_t before = 1, total = 1, c = t->rank > 0 ? t->dim[t->chan_axis] : 1;
    int found = -1;
    for (int a = 0; a < t->rank; a++) {
        before *= a < t->chan_axis ? t->dim[a] : 1;
        total *= t->dim[a];
    }
    int64_t passed = 1;
    for (int a = 0; a < out->rank && total > 0; a++) {
        if (out->dim[a] == c && passed == before && (found < 0 || a == preferred))
            found = a;
        passed *= out->dim[a];
    }
    return found;
}

/** Outputs of a Split along the channels, or of a Slice of some channels in order. */
static int lower_channel_parts(rpr_plan *p, const rpr_node *n, int from, bool *made)
{
    int32_t at = 0;
    for (int i = 0; p->tensor[from].words && i + 1 < n->n_out; i++)
        if (n->out[i] == RPR_NONE ||
            p->graph->value[n->out[i]].shape.dim[p->tensor[from].chan_axis] % RPR_WORD != 0)
            return RPR_OK; /* words hold channels of two parts */
    for (int i = 0; i < n->n_out; i++) {
        if (n->out[i] == RPR_NONE)
            return RPR_OK;
        const rpr_shape *s = &p->graph->value[n->out[i]].shape;
        int axis = p->tensor[from].chan_axis;
        if (rpr_plan_alias(p, n->out[i], from, axis, at) == RPR_NONE)
            return RPR_OK;
        at += (int32_t)s->dim[axis];
    }
    *made = true;
    return RPR_OK;
}

static bool splits_channels(const rpr_plan *p, const rpr_node *n, const rpr_tensor *t)
{
    int64_t axis = rpr_node_int(n, "axis", 0);
    const rpr_tensor *root = &p->tensor[rpr_plan_root(p, (int)(t - p->tensor))];
    return strcmp(n->op, "Split") == 0 && (axis < 0 ? axis + t->rank : axis) == t->chan_axis &&
           root->c == t->c;
}

int rpr_lower_view(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made, rpr_error *err)
{
    static const char *const reshapes[] = {"Reshape",   "Flatten",  "Squeeze",
                                           "Unsqueeze", "Identity", "Dropout"};
    (void)err;
    int v = n->n_in > 0 ? n->in[0] : RPR_NONE, axis = -1;
    if (v == RPR_NONE || p->graph->value[v].is_const || !rpr_act_is_none(&n->act))
        return RPR_OK;
    int from = p->tensor_of[v];
    const rpr_tensor *t = &p->tensor[from];
    if (splits_channels(p, n, t))
        return lower_channel_parts(p, n, from, made);
    if (n->n_out > 1 && n->out[1] != RPR_NONE)
        return RPR_OK;
    if (strcmp(n->op, "Transpose") == 0)
        axis = transposed_axis(t, n);
    for (size_t i = 0; i < sizeof reshapes / sizeof *reshapes; i++)
        if (strcmp(n->op, reshapes[i]) == 0)
            axis = reshaped_axis(t, &p->graph->value[n->out[0]].shape, preferred[n->out[0]]);
    if (axis < 0)
        return RPR_OK;
    *made = rpr_plan_alias(p, n->out[0], from, axis, 0) != RPR_NONE;
    return RPR_OK;
}
