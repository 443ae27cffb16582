/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/from_trace.h"

#include "core/alloc.h"
#include "core/status.h"
#include "sim/bits.h"
#include "sim/steps.h"
#include "trace/macs.h"

/** A recurrent network: its layers as of one step, and room for what changed in one. */
static int open_steps(sim_traced *t, sim_net *net, rpr_error *err)
{
    const rpr_trace_net *trace = rpr_trace_reader_net(t->reader);
    t->steps = sim_steps_of(trace);
    if (t->steps == 0)
        return RPR_OK;
    RPR_TRY(sim_steps_net(trace, t->path, net, err));
    t->n_input = trace->n_input;
    t->changed = rpr_alloc_array((size_t)trace->n_input, sizeof *t->changed);
    bool ok = t->changed != NULL;
    for (int32_t i = 0; ok && i < trace->n_input; i++) {
        const size_t words = (size_t)sim_bits_words(trace->input[i].c) + 1;
        t->changed[i] = rpr_alloc_array(words, sizeof **t->changed);
        ok = t->changed[i] != NULL;
    }
    return ok ? RPR_OK : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
}

int sim_traced_open(sim_traced *t, const char *path, sim_net *net, rpr_error *err)
{
    *t = (sim_traced){.path = path};
    *net = (sim_net){0};
    RPR_TRY(rpr_trace_open(path, &t->reader, err));
    RPR_TRY(sim_net_from_trace(rpr_trace_reader_net(t->reader), path, net, err));
    return open_steps(t, net, err);
}

void sim_traced_close(sim_traced *t)
{
    for (int32_t i = 0; t->changed && i < t->n_input; i++)
        rpr_free(t->changed[i]);
    rpr_free(t->changed);
    rpr_trace_close(t->reader);
    *t = (sim_traced){0};
}

static int check_macs(const sim_traced *t, const rpr_trace_frame *f, rpr_error *err)
{
    const rpr_trace_net *net = rpr_trace_reader_net(t->reader);
    for (int32_t i = 0; i < net->n_layer; i++) {
        if (!rpr_trace_macs_fit(net, f, i))
            return rpr_fail(err, RPR_ERR_FORMAT,
                            "%s: frame %llu, layer %s: the engine executed %lld MACs, but its "
                            "trace gives %lld",
                            t->path, (unsigned long long)f->index, net->layer[i].name,
                            (long long)f->layer[i].macs, (long long)rpr_trace_macs(net, f, i));
    }
    return RPR_OK;
}

/** The next step of a frame that was begun. */
static void next_step(sim_traced *t, sim_execution *e)
{
    const bool begins = t->step == 0, first = begins && (t->of_frame->first || t->frames == 0);
    sim_steps_slice(rpr_trace_reader_net(t->reader), t->of_frame, t->step++, t->changed);
    *e = (sim_execution){.first = first,
                         .resumes = begins && !first,
                         .changed = (const uint64_t *const *)t->changed};
    t->frames++;
}

static int next_frame(void *user, sim_execution *e, bool *end, rpr_error *err)
{
    sim_traced *t = user;
    const rpr_trace_frame *f;
    *end = false;
    if (t->of_frame && t->step < t->steps) {
        next_step(t, e);
        return RPR_OK;
    }
    RPR_TRY(rpr_trace_next(t->reader, &f, err));
    *end = f == NULL;
    if (*end)
        return t->frames ? RPR_OK : rpr_fail(err, RPR_ERR_FORMAT, "%s: has no frames", t->path);
    if (t->steps > 0) {
        t->of_frame = f;
        t->step = 0;
        next_step(t, e);
        return check_macs(t, f, err);
    }
    /* A trace may begin in the middle of a stream; the machine has no state then either. */
    bool first = f->first || t->frames == 0;
    t->frames++;
    *e = (sim_execution){.first = first, .changed = (const uint64_t *const *)f->changed};
    return check_macs(t, f, err);
}

sim_source sim_traced_source(sim_traced *t)
{
    return (sim_source){.next = next_frame, .user = t};
}
