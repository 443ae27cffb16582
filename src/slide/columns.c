/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns there are, and which are computed on a call. */
#include <stdarg.h>
#include <stdio.h>

#include "core/checked.h"
#include "slide/state.h"

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void rpr_columns_settle(const rpr_slider *s, rpr_columns *c)
{
    const int64_t d = gcd(c->stride, s->hop);
    c->period = c->stride / d;
    c->shift = s->hop / d;
}

rpr_range rpr_columns_tail(const rpr_columns *c)
{
    return (rpr_range){c->n - c->right - c->shift, c->n};
}

rpr_range rpr_columns_head(const rpr_columns *c)
{
    return (rpr_range){0, c->left};
}

/** A Pad or a window makes columns of nothing at the ends, and goes by what is there. */
static bool is_open(const rpr_motion *m)
{
    return m->edit == RPR_EDIT_PADS || m->edit == RPR_EDIT_PAD;
}

rpr_range rpr_motion_head(const rpr_motion *m, const rpr_columns *out, int64_t n_in)
{
    const int64_t to = (out->left - 1) * m->stride - m->pad + m->reach;
    return (rpr_range){is_open(m) ? 0 : most(0, -m->pad), most(1, least(to, n_in))};
}

rpr_range rpr_motion_tail(const rpr_motion *m, const rpr_columns *out, int64_t n_in)
{
    const int64_t from = rpr_columns_tail(out).from * m->stride - m->pad;
    const int64_t to = (out->n - 1) * m->stride - m->pad + m->reach;
    return (rpr_range){most(0, from), is_open(m) ? n_in : least(to, n_in)};
}

/** a / b rounded up; b above zero. */
static int64_t divide_up(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

static bool is_worth_it(const rpr_slider *s, const rpr_columns *c, rpr_reason *why)
{
    const char *plural = c->n == 1 ? "" : "s";
    if (c->left + c->right >= c->n)
        return rpr_refuse(why, "all of %lld column%s see the window's edges", (long long)c->n,
                          plural);
    if (c->period >= divide_up(s->length, s->hop))
        return rpr_refuse(why, "stride %lld and hop %lld: none of %lld column%s is kept",
                          (long long)c->stride, (long long)s->hop, (long long)c->n, plural);
    if (c->shift >= c->n)
        return rpr_refuse(why, "all of %lld column%s are new", (long long)c->n, plural);
    if (c->left + c->right + c->shift >= c->n)
        return rpr_refuse(why, "of %lld columns %lld see the window's edges and %lld are new",
                          (long long)c->n, (long long)(c->left + c->right), (long long)c->shift);
    return true;
}

bool rpr_columns_through(const rpr_slider *s, const rpr_motion *m, const rpr_columns *in, int64_t n,
                         rpr_columns *out, rpr_reason *why)
{
    *out = (rpr_columns){.axis = m->axis, .n = n};
    if (!rpr_mul_i64(in->stride, m->stride, &out->stride) || out->stride > s->length)
        return rpr_refuse(why, "a stride of %lld columns is longer than the window",
                          (long long)out->stride);
    /* The first column that reads none before in->left, and the last that reads none behind. */
    const int64_t first = divide_up(in->left + m->pad, m->stride);
    const int64_t room = in->n - in->right - m->reach + m->pad;
    const int64_t last = room < 0 ? -1 : room / m->stride;
    out->left = least(n, most(0, first));
    out->right = least(n, most(0, n - 1 - last));
    rpr_columns_settle(s, out);
    if (!is_worth_it(s, out, why))
        return false;
    if (m->edit == RPR_EDIT_PADS && out->left > 0 &&
        (out->left - 1) * m->stride - m->pad + m->reach < 1)
        return rpr_refuse(why, "a column sees nothing but padding");
    return true;
}

rpr_range rpr_whole_reads(const rpr_slider *s, const rpr_node *n, const rpr_fate *f,
                          const rpr_columns *in)
{
    const rpr_motion *m = &f->m;
    if (m->edit == RPR_EDIT_PICK)
        return (rpr_range){-m->pad, -m->pad + m->reach};
    if (m->edit != RPR_EDIT_SLICE || s->g->value[n->out[0]].shape.dim[m->axis] == 0)
        return (rpr_range){0, in->n};
    const int64_t last = s->g->value[n->out[0]].shape.dim[m->axis] - 1;
    return (rpr_range){-m->pad, last * m->stride - m->pad + 1};
}

const rpr_columns *rpr_input_columns(const rpr_slider *s, const rpr_node *n, int i)
{
    if (i >= n->n_in || n->in[i] == RPR_NONE || (size_t)n->in[i] >= s->n_value)
        return NULL;
    const rpr_moving *v = &s->value[n->in[i]];
    return v->origin == RPR_FROM_WINDOW ? &v->c : NULL;
}

bool rpr_refuse(rpr_reason *why, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(why->text, sizeof why->text, format, ap);
    va_end(ap);
    return false;
}
