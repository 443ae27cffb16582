/* SPDX-License-Identifier: Apache-2.0 */
/* Making, resetting and freeing streams. */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

void rpr_stream_options_init(rpr_stream_options *o)
{
    *o = (rpr_stream_options){.struct_size = sizeof *o,
                              .gate = {.kind = RPR_GATE_EXACT},
                              .refresh = 256,
                              .threads = 1,
                              .policy = RPR_POLICY_AUTO,
                              .seed = 1,
                              .bypass = 1};
}

static int check_options(const rpr_stream_options *o, rpr_error *err)
{
    if (o->struct_size != sizeof *o)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_stream_options was not set by rpr_stream_options_init");
    RPR_TRY(rpr_stream_check_gate(&o->gate, "gate", err));
    if (o->refresh < 0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "refresh: %d is negative", o->refresh);
    if (o->threads < 1 || o->threads > RPR_MAX_THREADS)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "threads: %d, not 1 to %d", o->threads,
                        RPR_MAX_THREADS);
    if ((unsigned)o->policy > RPR_POLICY_RANDOM)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "policy: unknown value %d", (int)o->policy);
    if (!(o->noise >= 0.0 && o->noise <= 100.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "noise: %g sigmas, not 0 to 100", o->noise);
    if (o->settle < 0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "settle: %d is negative", o->settle);
    if ((unsigned)o->weights > RPR_WEIGHTS_BF16)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "weights: unknown value %d", (int)o->weights);
    return RPR_OK;
}

int rpr_stream_create(const rpr_model *m, const rpr_stream_options *opt, rpr_stream **out,
                      rpr_error *err)
{
    rpr_stream_options defaults;
    if (err)
        err->message[0] = '\0';
    if (!m || !out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no %s was given", m ? "place for it" : "model");
    *out = NULL;
    rpr_stream_options_init(&defaults);
    opt = opt ? opt : &defaults;
    RPR_TRY(check_options(opt, err));
    rpr_stream *s = rpr_alloc(sizeof *s);
    if (!s)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    s->model = m;
    s->plan = m->plan;
    s->k = rpr_kernels_best();
    s->opt = *opt;
    s->reuse = opt->gate.kind != RPR_GATE_OFF;
    s->warm = (uint64_t)rpr_plan_window_calls(m->plan);
    if (m->plan->slide) /* a frame past the reuse would be one past the Delays */
        s->opt.bypass = 0;
    s->carry = rpr_alloc_array((size_t)(m->plan->n_input - m->plan->n_given) + 1, sizeof *s->carry);
    if (!s->carry) {
        rpr_free(s);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    }
    int status = rpr_stream_take_arrays(s) ? rpr_stream_set_rules(s, opt, err) : RPR_ERR_NOMEM;
    if (status == RPR_ERR_ARGUMENT) {
        rpr_stream_destroy(s);
        return status;
    }
    if (status != RPR_OK || rpr_pool_new(opt->threads, &s->pool) != RPR_OK ||
        !rpr_stream_take_memory(s)) {
        rpr_stream_destroy(s);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory for a stream of this model");
    }
    s->opt.layer_gates = NULL; /* the caller's */
    s->opt.n_layer_gates = 0;
    s->linear_scratch.pool = s->pool;
    rpr_stream_price_turns(s);
    rpr_stream_name_witnesses(s);
    s->dense_cost = rpr_stream_plain_cost(s);
    rpr_stream_reset(s);
    *out = s;
    return RPR_OK;
}

void rpr_stream_destroy(rpr_stream *s)
{
    if (!s)
        return;
    rpr_pool_free(s->pool);
    rpr_stream_free_memory(s);
    rpr_free(s);
}

void rpr_stream_forget(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++) {
        s->gate_frame[i] = 0;
        s->gate[i].lo = s->gate[i].hi = s->gate[i].peak = 0.0f;
        rpr_gate_forget(&s->gate[i]);
    }
    for (int i = 0; i < s->plan->n_step; i++)
        s->step[i] = (rpr_step_state){0};
    rpr_stream_forget_recurrent(s);
    for (int i = 0; i < s->plan->n_input; i++)
        s->input[i] = (rpr_input_state){.previous = s->input[i].previous, .last = s->input[i].last};
}

void rpr_stream_reset(rpr_stream *s)
{
    s->frame = 0; /* of a Delay this says how far back there is anything */
    s->ran = false;
    s->rested = 0;
    rpr_stream_take_scale(s, 1.0);
    s->random = s->opt.seed ? s->opt.seed : 1;
    rpr_stream_forget(s);
    s->stats = (rpr_frame_stats){0};
    rpr_stream_reset_bypass(s);
    rpr_stream_reset_refresh(s);
    rpr_stream_reset_cut(s);
    rpr_stream_reset_carry(s);
}

const char *rpr_stream_error(const rpr_stream *s)
{
    return s->error.message;
}
