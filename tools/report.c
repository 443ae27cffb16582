/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <string.h>

#include "cli.h"

double report_speedup(const report *r)
{
    double ms = samples_percentile(&r->reuse->ms, 0.5);
    return r->dense && ms > 0 ? samples_percentile(&r->dense->ms, 0.5) / ms : 0;
}

double report_dense_macs(const report *r)
{
    const window *w = &r->session->window;
    if (!w->on)
        return (double)r->reuse->sum.macs_dense;
    return r->dense ? (double)r->dense->sum.macs_dense
                    : (double)w->info.macs * (double)r->reuse->sum.frames;
}

double report_mac_share(const report *r)
{
    const double dense = report_dense_macs(r);
    return dense > 0 ? (double)r->reuse->sum.macs_executed / dense : 1;
}

int report_write(const report *r)
{
    const char *json = r->session->opt->json;
    if (r->session->frames == 0)
        return CLI_DONE; /* the message about it is out already */
    if (!json || strcmp(json, "-") != 0)
        report_text(r);
    return json ? report_json(r) : CLI_DONE;
}
