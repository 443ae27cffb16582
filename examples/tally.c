/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <stdio.h>
#include <time.h>

double tally_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void tally_add(tally *t, const rpr_stream *stream, double seconds)
{
    rpr_frame_stats st;
    if (rpr_stream_frame_stats(stream, &st) != RPR_OK || st.frame == 0)
        return;
    t->blocks++;
    t->inputs += st.inputs;
    t->changed += st.changed;
    t->macs_dense += st.macs_dense;
    t->macs_executed += st.macs_executed;
    t->cpu += seconds;
}

void tally_report(const tally *t, const char *title, double ms)
{
    if (t->blocks == 0)
        return;
    const double each = t->cpu / (double)t->blocks;
    fprintf(stderr,
            "%s%lld blocks of %g ms, %.1f us each on one thread (%.2f %% of real time)\n"
            "similarity %.1f %%, reuse %.1f %% of %.2f million multiply-accumulates a block\n",
            title, (long long)t->blocks + 1, ms, 1e6 * each, 1e5 * each / ms,
            t->inputs ? 100 * (1 - (double)t->changed / (double)t->inputs) : 0,
            t->macs_dense ? 100 * (1 - (double)t->macs_executed / (double)t->macs_dense) : 0,
            1e-6 * (double)t->macs_dense / (double)t->blocks);
}
