/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "cli.h"
#include "report.h"

typedef struct verification {
    session s;
    lane dense, reuse;
    error_sum error;
    agreement agreement;
    oracle_sum oracle;
} verification;

static int verify_open(verification *v, const cli_options *o)
{
    int code = session_open(&v->s, o);
    if (code == CLI_DONE)
        code = lane_open_dense(&v->dense, &v->s);
    if (code == CLI_DONE)
        code = lane_open(&v->reuse, &v->s, o->gate);
    if (code == CLI_DONE && !error_sum_init(&v->error, v->s.n_out))
        code = cli_no_memory();
    return code;
}

/*
 * Without a gate nothing is carried from frame to frame, so there is nothing to ask about. Of every
 * N frames it is the last one that is asked about: the first frame of all is always dense.
 */
static int is_asked(const verification *v)
{
    const cli_options *o = v->s.opt;
    return o->gate.kind != RPR_GATE_OFF && o->oracle_every > 0 &&
           v->s.frames % o->oracle_every == 0;
}

static int ask_oracle(verification *v)
{
    rpr_oracle one;
    int status = rpr_stream_oracle(v->reuse.stream, &one);
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "oracle: %s", rpr_strerror(status));
    oracle_sum *o = &v->oracle;
    o->frames++;
    if (!(one.worst <= o->worst)) { /* NaN is the worst of all */
        o->worst = one.worst;
        o->layer = one.layer;
        o->frame = v->s.frame.index;
    }
    if (!(one.max_rel <= o->max_rel))
        o->max_rel = one.max_rel;
    return CLI_DONE;
}

static int verify_frame(verification *v)
{
    int code = lane_run(&v->dense, &v->s);
    if (code == CLI_DONE)
        code = lane_run(&v->reuse, &v->s);
    if (code != CLI_DONE)
        return code;
    error_sum_add(&v->error, v->s.out_info, v->dense.out, v->reuse.out);
    agreement_add(&v->agreement, &v->dense.boxes, &v->reuse.boxes);
    return is_asked(v) ? ask_oracle(v) : CLI_DONE;
}

static int check_limits(const verification *v)
{
    const cli_options *o = v->s.opt;
    int code = CLI_DONE;
    if (!(v->oracle.worst <= 1)) {
        rpr_layer_info info = {.name = "?"};
        rpr_model_layer(v->s.model, v->oracle.layer, &info);
        code = cli_fail(CLI_CHECK_FAILED,
                        "check failed: frame %lld, layer %s is %.3g times its bound away from a "
                        "dense evaluation",
                        (long long)v->oracle.frame, info.name, v->oracle.worst);
    }
    double rel_l2 = error_rel_l2(&v->error), f1 = agreement_f1(&v->agreement);
    if (o->max_rel_l2 >= 0 && !(rel_l2 <= o->max_rel_l2))
        code = cli_fail(CLI_CHECK_FAILED, "check failed: rel L2 error %.4g is above %.4g", rel_l2,
                        o->max_rel_l2);
    if (o->min_f1 >= 0 && !(f1 >= o->min_f1))
        code = cli_fail(CLI_CHECK_FAILED, "check failed: F1 %.4f is below %.4f", f1, o->min_f1);
    return code;
}

int cmd_verify(const cli_options *o)
{
    verification v = {0};
    int code = verify_open(&v, o);
    if (code == CLI_DONE) {
        code = lane_fill(&v.reuse, &v.s);
        while (code == CLI_DONE && session_next(&v.s, &code))
            code = verify_frame(&v);
        code = session_end(&v.s, code);
        int written = report_write(&(report){.session = &v.s,
                                             .reuse = &v.reuse,
                                             .dense = &v.dense,
                                             .error = &v.error,
                                             .agreement = &v.agreement,
                                             .oracle = v.oracle.frames ? &v.oracle : NULL});
        code = code == CLI_DONE ? written : code;
    }
    if (code == CLI_DONE)
        code = check_limits(&v);
    error_sum_free(&v.error);
    lane_close(&v.dense, &v.s);
    lane_close(&v.reuse, &v.s);
    session_close(&v.s);
    return code;
}
