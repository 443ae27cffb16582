/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "cli.h"
#include "dump.h"
#include "overlay.h"
#include "report.h"

static int run_frames(session *s, lane *l, overlay *v)
{
    const cli_options *o = s->opt;
    int code = CLI_DONE;
    while (code == CLI_DONE && session_next(s, &code)) {
        code = lane_run(l, s);
        if (code == CLI_DONE && o->out_dir)
            code = dump_frame(o->out_dir, s, l->out);
        if (code == CLI_DONE && o->overlay)
            code = overlay_frame(v, s, l);
    }
    return session_end(s, code);
}

int cmd_run(const cli_options *o)
{
    session s;
    lane l = {0};
    overlay v = {0};
    int code = session_open(&s, o);
    if (code == CLI_DONE)
        code = lane_open(&l, &s, o->gate);
    if (code == CLI_DONE && o->out_dir)
        code = dump_open(o->out_dir);
    if (code == CLI_DONE && o->overlay)
        code = overlay_open(&v, &s, o->overlay);
    if (code == CLI_DONE) {
        code = run_frames(&s, &l, &v);
        int written = report_write(&(report){.session = &s, .reuse = &l});
        code = code == CLI_DONE ? written : code;
    }
    int closed = overlay_close(&v);
    lane_close(&l, &s);
    session_close(&s);
    return code == CLI_DONE ? closed : code;
}
