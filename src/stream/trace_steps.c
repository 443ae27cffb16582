/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/trace_steps.h"

#include <stdio.h>

#include "core/alloc.h"

int rpr_trace_directions(const rpr_step *step)
{
    return step->recurrent ? step->recurrent->s.directions : 0;
}

/** NAME, or NAME/forward and NAME/backward; NULL if memory ran out. */
static char *name_of(const rpr_step *step, int d)
{
    char name[1024];
    const char *way = step->recurrent->s.backward[d] ? "backward" : "forward";
    if (rpr_trace_directions(step) == 1)
        return rpr_strdup(step->name);
    (void)snprintf(name, sizeof name, "%.1000s/%s", step->name, way);
    return rpr_strdup(name);
}

static int64_t values_of(const rpr_recurrent_layer *l)
{
    return l->s.inputs + l->s.hidden;
}

/** Values of one direction in a call. */
static int64_t elements_of(const rpr_recurrent_layer *l)
{
    return l->s.batch * l->s.steps * values_of(l);
}

static int64_t macs_of(const rpr_recurrent_layer *l)
{
    return l->macs / l->s.directions;
}

bool rpr_trace_describe_steps(const rpr_stream *s, int index, int d, rpr_trace_input *in,
                              rpr_trace_layer *out)
{
    const rpr_step *step = &s->plan->step[index];
    const rpr_recurrent_layer *l = step->recurrent;
    const int32_t n = (int32_t)l->s.batch, steps = (int32_t)l->s.steps;
    const int32_t rows = l->s.gates * (int32_t)l->s.hidden, ci = (int32_t)values_of(l);
    *in = (rpr_trace_input){.name = name_of(step, d),
                            .n = n,
                            .d = steps,
                            .h = 1,
                            .w = 1,
                            .c = ci,
                            .gate = s->own_rule[index]};
    *out = (rpr_trace_layer){
        .name = name_of(step, d),
        .op = rpr_strdup(step->op),
        .steps = true,
        .n = n,
        .ci = ci,
        .co = rows,
        .groups = 1,
        .axis = {{steps, steps, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 0}},
        .macs = macs_of(l),
        .parameters = (int64_t)ci * rows + rows};
    return in->name && out->name && out->op;
}

/** All of it, because nothing was compared. */
static void collect_whole(const rpr_stream *s, int index, rpr_trace_change *change,
                          rpr_trace_layer_frame *layer)
{
    const rpr_recurrent_layer *l = s->plan->step[index].recurrent;
    change->n_changed = elements_of(l);
    *layer = (rpr_trace_layer_frame){
        .choice = RPR_CHOICE_DENSE, .refreshed = s->step[index].refreshed, .macs = macs_of(l)};
}

void rpr_trace_collect_steps(const rpr_stream *s, int index, int d, rpr_trace_change *change,
                             rpr_trace_layer_frame *layer)
{
    const rpr_recurrent_layer *l = s->plan->step[index].recurrent;
    const rpr_step_state *state = &s->step[index];
    const rpr_recurrent_record *record = &s->record[index];
    *change = (rpr_trace_change){0};
    *layer = (rpr_trace_layer_frame){.choice = RPR_CHOICE_SKIP};
    rpr_stream_recurrent_range(s, index, &change->lo, &change->hi);
    if (state->choice == RPR_CHOICE_SKIP)
        return;
    if (state->whole) {
        collect_whole(s, index, change, layer);
        return;
    }
    const int64_t macs = record->macs[d], listed = record->changed[d] * l->product[d][0].co;
    change->n_changed = record->changed[d];
    change->row_n = rpr_recurrent_record_rows(record, l, d);
    change->idx = rpr_recurrent_record_list(record, l, d);
    if (macs == 0 && change->n_changed == 0)
        return;
    *layer = (rpr_trace_layer_frame){.choice = RPR_CHOICE_DENSE, .macs = macs_of(l)};
    if (macs < macs_of(l) && change->n_changed > 0) /* more: what overflowed was made twice */
        *layer = (rpr_trace_layer_frame){
            .choice = RPR_CHOICE_CORRECT, .mixed = macs > listed, .macs = macs};
}
