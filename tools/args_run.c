/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames are run, what is written of them, and what is checked. */
#include "args_set.h"

#include "args.h"
#include "options.h"

int set_frames(void *target, const char *v)
{
    cli_options *o = target;
    return option_int(v, 1, INT64_MAX / 2, &o->frames);
}

int set_skip(void *target, const char *v)
{
    cli_options *o = target;
    return option_int(v, 0, INT64_MAX / 2, &o->skip);
}

int set_out(void *target, const char *v)
{
    cli_options *o = target;
    o->out_dir = v;
    return *v != 0;
}

int set_overlay(void *target, const char *v)
{
    cli_options *o = target;
    o->overlay = v;
    return *v != 0;
}

int set_trace(void *target, const char *v)
{
    cli_options *o = target;
    o->trace = v;
    return *v != 0;
}

int set_json(void *target, const char *v)
{
    cli_options *o = target;
    o->json = v ? v : "-";
    return *o->json != 0;
}

int set_oracle_every(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->oracle_every = (int)n;
    return 1;
}

int set_max_rel_l2(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->max_rel_l2) && o->max_rel_l2 >= 0;
}

int set_min_f1(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->min_f1) && o->min_f1 >= 0 && o->min_f1 <= 1;
}
