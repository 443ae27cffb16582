/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <string.h>

#include "cli.h"

double report_speedup(const report *r)
{
    double ms = samples_percentile(&r->reuse->ms, 0.5);
    return r->dense && ms > 0 ? samples_percentile(&r->dense->ms, 0.5) / ms : 0;
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
