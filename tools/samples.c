/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

int samples_add(samples *s, double value)
{
    if (s->n == s->room) {
        size_t room = s->room ? 2 * s->room : 256;
        double *v = realloc(s->value, room * sizeof *v);
        if (!v)
            return 0;
        s->value = v;
        s->room = room;
    }
    s->value[s->n++] = value;
    return 1;
}

void samples_free(samples *s)
{
    free(s->value);
    *s = (samples){0};
}

double samples_mean(const samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->value[i];
    return s->n ? sum / (double)s->n : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double samples_percentile(samples *s, double share)
{
    if (s->n == 0)
        return 0;
    qsort(s->value, s->n, sizeof *s->value, by_value);
    double rank = ceil(share * (double)s->n);
    size_t i = rank < 1 ? 0 : (size_t)rank - 1;
    return s->value[i < s->n ? i : s->n - 1];
}

double clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
