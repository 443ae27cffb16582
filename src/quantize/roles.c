/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes 8 bits. A layer that is not kept; and what stands between such layers and has an
 * integer form. What only leads to outputs stays f32: it is little work, and its outputs keep their
 * precision.
 */
#include <string.h>

#include "core/alloc.h"
#include "quantize/state.h"

static bool is_one_of(const rpr_node *n, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(n->op, list[i]) == 0)
            return true;
    return false;
}

#define IS_ONE_OF(n, list) is_one_of(n, list, sizeof(list) / sizeof *(list))

bool qt_is_data(const rpr_graph *g, int value)
{
    return value != RPR_NONE && !g->value[value].is_const && g->value[value].dtype == RPR_F32;
}

bool qt_is_mover(const rpr_node *n)
{
    static const char *const list[] = {"MaxPool",      "Reshape",      "Flatten", "Squeeze",
                                       "Unsqueeze",    "Transpose",    "Slice",   "Split",
                                       "DepthToSpace", "SpaceToDepth", "Tile",    "Expand"};
    if (strcmp(n->op, "Resize") == 0)
        return strcmp(rpr_node_string(n, "mode", "nearest"), "nearest") == 0;
    return IS_ONE_OF(n, list);
}

static int count_data(const rpr_graph *g, const rpr_node *n)
{
    int data = 0;
    for (int i = 0; i < n->n_in; i++)
        data += qt_is_data(g, n->in[i]);
    return data;
}

/** A function of one element: one input, and scalars. */
static bool is_unary(const rpr_graph *g, const rpr_node *n)
{
    static const char *const list[] = {"Relu",        "Clip",      "LeakyRelu", "PRelu", "Sigmoid",
                                       "HardSigmoid", "HardSwish", "Tanh",      "Elu",   "Add",
                                       "Mul",         "Sub",       "Div"};
    if (!IS_ONE_OF(n, list) || count_data(g, n) != 1)
        return false;
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE && !qt_is_data(g, n->in[i]) &&
            (!g->value[n->in[i]].is_const || rpr_shape_count(&g->value[n->in[i]].shape) != 1))
            return false;
    return true;
}

/** An operator that both integer runtimes have, or that is a table. */
static bool has_integer_form(const rpr_graph *g, const rpr_node *n)
{
    const bool add = strcmp(n->op, "Add") == 0 || strcmp(n->op, "Mul") == 0;
    const bool concat = strcmp(n->op, "Concat") == 0;
    const bool average =
        strcmp(n->op, "AveragePool") == 0 || strcmp(n->op, "GlobalAveragePool") == 0;
    if (*n->domain || !qt_is_data(g, n->out[0]))
        return false;
    if (add && n->n_in == 2 && count_data(g, n) == 2)
        return true;
    if (concat)
        return count_data(g, n) == n->n_in;
    if (strcmp(n->op, "MaxPool") == 0 && n->n_out > 1 && n->out[1] != RPR_NONE)
        return false;
    return average || is_unary(g, n) || (qt_is_mover(n) && qt_is_data(g, n->in[0]));
}

/** needed[v]: a rounded layer depends on value v. */
static void find_needed(const qt_state *s, bool *needed)
{
    const rpr_graph *g = s->g;
    for (size_t i = g->n_node; i-- > 0;) {
        bool need = s->node[i].weighted && !s->node[i].kept;
        for (int k = 0; k < g->node[i].n_out; k++)
            need = need || (g->node[i].out[k] != RPR_NONE && needed[g->node[i].out[k]]);
        for (int k = 0; need && k < g->node[i].n_in; k++)
            if (g->node[i].in[k] != RPR_NONE)
                needed[g->node[i].in[k]] = true;
    }
}

static bool from_rounded(const qt_state *s, int value)
{
    const int p = value == RPR_NONE ? RPR_NONE : s->g->value[value].producer;
    return p != RPR_NONE && s->node[p].rounded;
}

static void find_rounded(qt_state *s, const bool *needed)
{
    const rpr_graph *g = s->g;
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        bool rounded = false, out = false;
        for (int k = 0; k < n->n_in; k++)
            rounded = rounded || (qt_is_data(g, n->in[k]) && from_rounded(s, n->in[k]));
        for (int k = 0; k < n->n_out; k++)
            out = out || (n->out[k] != RPR_NONE && needed[n->out[k]]);
        s->node[i].rounded =
            s->node[i].weighted ? !s->node[i].kept : rounded && out && has_integer_form(g, n);
    }
}

/* ----------------------------------------------------------------- classes */

/** The node that alone reads a value; RPR_NONE. */
static int sole_reader(const qt_state *s, int value)
{
    const int last = s->value[value].last;
    return last != RPR_NONE && last < (int)s->g->n_node && rpr_graph_uses(s->g, value) == 1
               ? last
               : RPR_NONE;
}

/** An integer layer applies these to its result: nothing is rounded before them. */
static bool is_absorbed(const qt_state *s, int value)
{
    const int reader = sole_reader(s, value);
    if (reader == RPR_NONE || !from_rounded(s, value) || !s->node[reader].rounded ||
        qt_is_mover(&s->g->node[s->g->value[value].producer]))
        return false;
    return strcmp(s->g->node[reader].op, "Relu") == 0 || strcmp(s->g->node[reader].op, "Clip") == 0;
}

static int new_class(qt_state *s, int value)
{
    s->class[s->n_class] = (qt_class){.value = value};
    return s->n_class++;
}

/** What a value that a Concat alone reads came from, over movers that nothing else reads. */
static int origin(const qt_state *s, int value)
{
    for (;;) {
        const int p = s->g->value[value].producer;
        if (sole_reader(s, value) == RPR_NONE)
            return RPR_NONE;
        if (p == RPR_NONE || !s->node[p].rounded || !qt_is_mover(&s->g->node[p]))
            return value;
        if (s->g->node[p].n_out > 1)
            return RPR_NONE;
        value = s->g->node[p].in[0];
    }
}

/** Inputs that nothing else reads take the parameters of the Concat's output: it moves bytes. */
static void join(qt_state *s, const rpr_node *n, int class)
{
    for (int k = 0; k < n->n_in; k++) {
        const int from = origin(s, n->in[k]);
        const int old = from == RPR_NONE ? RPR_NONE : s->value[from].class;
        if (old == RPR_NONE || old == class || s->class[old].value != from)
            continue;
        for (size_t v = 0; v < s->g->n_value; v++)
            if (s->value[v].class == old)
                s->value[v].class = class;
        s->class[old].value = RPR_NONE;
    }
}

static void classify(qt_state *s, const rpr_node *n, int i)
{
    for (int k = 0; k < n->n_out; k++) {
        const int v = n->out[k];
        if (!qt_is_data(s->g, v))
            continue;
        if (s->node[i].rounded && qt_is_mover(n)) {
            s->value[v].class = s->value[n->in[0]].class;
            continue;
        }
        bool read = false; /* by a rounded node */
        for (size_t r = 0; r < s->g->n_node && !read; r++)
            for (int j = 0; j < s->g->node[r].n_in; j++)
                read = read || (s->node[r].rounded && s->g->node[r].in[j] == v);
        if ((s->node[i].rounded || read) && !is_absorbed(s, v))
            s->value[v].class = new_class(s, v);
        if (s->node[i].rounded && strcmp(n->op, "Concat") == 0)
            join(s, n, s->value[v].class);
    }
}

static void classify_inputs(qt_state *s)
{
    const rpr_graph *g = s->g;
    for (size_t i = 0; i < g->n_input; i++)
        for (size_t r = 0; r < g->n_node; r++)
            for (int k = 0; k < g->node[r].n_in; k++)
                if (g->node[r].in[k] == g->input[i] && s->node[r].rounded &&
                    s->value[g->input[i]].class == RPR_NONE)
                    s->value[g->input[i]].class = new_class(s, g->input[i]);
}

int qt_roles(qt_state *s)
{
    bool *needed = rpr_alloc_array(s->g->n_value, sizeof *needed);
    if (!needed)
        return qt_no_memory(s);
    s->n_class = 0;
    for (size_t v = 0; v < s->g->n_value; v++)
        s->value[v].class = RPR_NONE;
    find_needed(s, needed);
    find_rounded(s, needed);
    classify_inputs(s);
    for (size_t i = 0; i < s->g->n_node; i++)
        classify(s, &s->g->node[i], (int)i);
    rpr_free(needed);
    return RPR_OK;
}

bool qt_reads_rounded(const qt_state *s, int n, int value)
{
    return s->value[value].class != RPR_NONE && (s->node[n].rounded || from_rounded(s, value));
}
