/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "cli.h"
#include "report.h"

typedef struct bench {
    session s;
    lane dense, reuse;
    error_sum error;
    agreement agreement;
    skipping skipping;
    auditing auditing;
} bench;

static int bench_open(bench *b, const cli_options *o)
{
    int code = session_open(&b->s, o);
    if (code == CLI_DONE)
        code = lane_open_dense(&b->dense, &b->s);
    if (code == CLI_DONE)
        code = lane_open(&b->reuse, &b->s, o->gate);
    if (code == CLI_DONE)
        code = skipping_open(&b->skipping, &b->s);
    if (code == CLI_DONE && o->audit)
        code = auditing_open(&b->auditing, &b->s, &b->reuse);
    if (code == CLI_DONE && !error_sum_init(&b->error, b->s.n_out))
        code = cli_no_memory();
    return code;
}

/* Frame by frame in turns, so that neither side has the warmer cache or the quieter machine. */
static int bench_frame(bench *b)
{
    int dense_first = b->s.frames % 2 != 0;
    int code = lane_run(dense_first ? &b->dense : &b->reuse, &b->s);
    if (code == CLI_DONE)
        code = lane_run(dense_first ? &b->reuse : &b->dense, &b->s);
    if (code != CLI_DONE)
        return code;
    error_sum_add(&b->error, b->s.out_info, b->dense.out, b->reuse.out);
    agreement_add(&b->agreement, &b->dense.boxes, &b->reuse.boxes);
    code = skipping_frame(&b->skipping, &b->s, &b->dense);
    return code == CLI_DONE && b->s.opt->audit ? auditing_frame(&b->auditing, &b->s) : code;
}

int cmd_bench(const cli_options *o)
{
    bench b = {0};
    int code = bench_open(&b, o);
    if (code == CLI_DONE) {
        code = lane_fill(&b.reuse, &b.s);
        while (code == CLI_DONE && session_next(&b.s, &code))
            code = bench_frame(&b);
        code = session_end(&b.s, code);
        int written = report_write(&(report){.session = &b.s,
                                             .reuse = &b.reuse,
                                             .dense = &b.dense,
                                             .error = &b.error,
                                             .agreement = &b.agreement,
                                             .skipping = &b.skipping,
                                             .auditing = o->audit ? &b.auditing : NULL});
        code = code == CLI_DONE ? written : code;
    }
    skipping_close(&b.skipping, &b.s);
    error_sum_free(&b.error);
    auditing_close(&b.auditing);
    lane_close(&b.dense, &b.s);
    lane_close(&b.reuse, &b.s);
    session_close(&b.s);
    return code;
}
