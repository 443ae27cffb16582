/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "samples.h"

enum { WIDTH = 30 };

void progress_start(progress *p, int64_t total)
{
    *p = (progress){
        .total = total, .start = clock_ms(), .active = isatty(STDERR_FILENO), .what = "frames"};
}

void progress_step(progress *p, int64_t done)
{
    double now = clock_ms();
    if (!p->active || now - p->drawn < 100)
        return;
    p->drawn = now;
    double left = done > 0 ? (double)(p->total - done) * (now - p->start) / 1e3 / (double)done : 0;
    double rate = (double)done * 1e3 / (now - p->start + 1e-3);
    if (p->total <= 0) {
        fprintf(stderr, "\r%lld %s, %.1f a second ", (long long)done, p->what, rate);
        return;
    }
    int full = (int)(done >= p->total ? WIDTH : done * WIDTH / p->total);
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = 0;
    if (p->what)
        fprintf(stderr, "\r[%s] %lld/%lld %s, %.1f a second", bar, (long long)done,
                (long long)p->total, p->what, rate);
    else
        fprintf(stderr, "\r[%s] %3d %%", bar, (int)(100 * done / p->total));
    fprintf(stderr, ", %d:%02d left \033[K", (int)left / 60, (int)left % 60);
}

void progress_end(progress *p)
{
    if (p->active && p->drawn > 0)
        fputs("\r\033[K", stderr);
    p->active = 0;
}
