/* SPDX-License-Identifier: Apache-2.0 */
/* The options of calibrate and quantize. */
#include "args_set.h"

#include <string.h>

#include "args.h"
#include "options.h"

int set_output(void *target, const char *v)
{
    ((cli_options *)target)->output = v;
    return *v != 0;
}

int set_budget(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->budget) && o->budget >= 0;
}

int set_metric(void *target, const char *v)
{
    for (metric_kind k = METRIC_REL_L2; k <= METRIC_F1; k++)
        if (strcmp(v, metric_name(k)) == 0) {
            ((cli_options *)target)->metric = k;
            ((cli_options *)target)->have_metric = 1;
            return 1;
        }
    return 0;
}

int set_objective(void *target, const char *v)
{
    cli_options *o = target;
    const int time = strcmp(v, "time") == 0;
    o->objective = time ? RPR_OBJECTIVE_TIME : RPR_OBJECTIVE_MACS;
    return time || strcmp(v, "macs") == 0;
}

int set_preset(void *target, const char *v)
{
    ((cli_options *)target)->preset = v;
    return strcmp(v, "isca2018") == 0;
}

int set_clusters(void *target, const char *v)
{
    int64_t n;
    if (!option_int(v, 2, 65536, &n))
        return 0;
    ((cli_options *)target)->clusters = (int)n;
    return 1;
}

int set_leave_out(void *target, const char *v)
{
    ((cli_options *)target)->leave_out = v;
    return *v != 0;
}

int set_pareto(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->pareto = 1;
    return 1;
}

/* auto, mse, minmax, percentile or percentile:P */
int set_ranges(void *target, const char *v)
{
    cli_options *o = target;
    o->percentile = 0;
    if (strcmp(v, "auto") == 0)
        o->ranges = RPR_RANGES_AUTO;
    else if (strcmp(v, "mse") == 0)
        o->ranges = RPR_RANGES_MSE;
    else if (strcmp(v, "minmax") == 0)
        o->ranges = RPR_RANGES_MINMAX;
    else if (strncmp(v, "percentile", 10) == 0 && (v[10] == 0 || v[10] == ':'))
        o->ranges = RPR_RANGES_PERCENTILE;
    else
        return 0;
    return o->ranges != RPR_RANGES_PERCENTILE || v[10] == 0 ||
           (option_number(v + 11, &o->percentile) && o->percentile > 50 && o->percentile <= 100);
}

int set_keep(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n = RPR_KEEP_AUTO;
    o->have_keep = 1;
    if (strcmp(v, "auto") != 0 && !option_int(v, 0, 1000000, &n))
        return 0;
    o->keep = (int)n;
    return 1;
}

int set_error(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->max_error) && o->max_error > 0 && o->max_error < 1;
}

int set_no_equalise(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->no_equalise = 1;
    return 1;
}

int set_no_bias_correction(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->no_bias_correction = 1;
    return 1;
}
