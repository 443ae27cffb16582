/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "auditing.h"
#include "cli.h"
#include "dump.h"
#include "overlay.h"
#include "report.h"
#include "trace_file.h"

static int run_frames(session *s, lane *l, overlay *v, trace_file *t, auditing *a)
{
    const cli_options *o = s->opt;
    int code = CLI_DONE;
    while (code == CLI_DONE && session_next(s, &code)) {
        code = lane_run(l, s);
        if (code == CLI_DONE && o->audit)
            code = auditing_frame(a, s);
        if (code == CLI_DONE && o->out_dir)
            code = dump_frame(o->out_dir, s, l->out);
        if (code == CLI_DONE && o->overlay)
            code = overlay_frame(v, s, l);
        if (code == CLI_DONE && o->trace)
            code = trace_file_frame(t);
    }
    if (code == CLI_DONE && o->trace)
        code = trace_file_end(t);
    return session_end(s, code);
}

int cmd_run(const cli_options *o)
{
    session s;
    lane l = {0};
    overlay v = {0};
    trace_file t = {0};
    auditing a = {0};
    int code = session_open(&s, o);
    if (code == CLI_DONE)
        code = lane_open(&l, &s, o->gate);
    if (code == CLI_DONE && o->audit)
        code = auditing_open(&a, &s, &l);
    if (code == CLI_DONE && o->out_dir)
        code = dump_open(o->out_dir);
    if (code == CLI_DONE && o->overlay)
        code = overlay_open(&v, &s, o->overlay);
    if (code == CLI_DONE)
        code = lane_fill(&l, &s);
    if (code == CLI_DONE && o->trace)
        code = trace_file_open(&t, o->trace, &l);
    if (code == CLI_DONE) {
        code = run_frames(&s, &l, &v, &t, &a);
        int written =
            report_write(&(report){.session = &s, .reuse = &l, .auditing = o->audit ? &a : NULL});
        code = code == CLI_DONE ? written : code;
    }
    trace_file_close(&t);
    int closed = overlay_close(&v);
    auditing_close(&a);
    lane_close(&l, &s);
    session_close(&s);
    return code == CLI_DONE ? closed : code;
}
