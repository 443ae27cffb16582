/* SPDX-License-Identifier: Apache-2.0 */
/* The options of models that take sound. */
#include "args_set.h"

#include "args.h"
#include "media/audio.h"
#include "options.h"

/* A whole number of sound. */
static int sound_int(cli_options *o, const char *v, int64_t low, int64_t high, int *to)
{
    int64_t n;
    if (!option_int(v, low, high, &n))
        return 0;
    *to = (int)n;
    o->sound = 1;
    return 1;
}

int set_rate(void *target, const char *v)
{
    cli_options *o = target;
    return sound_int(o, v, MEDIA_RATE_MIN, MEDIA_RATE_MAX, &o->rate);
}

int set_context(void *target, const char *v)
{
    cli_options *o = target;
    return sound_int(o, v, 0, INT32_MAX / 4, &o->context);
}

int set_gain(void *target, const char *v)
{
    cli_options *o = target;
    o->sound = 1;
    return option_number(v, &o->gain) && o->gain != 0;
}

int set_features(void *target, const char *v)
{
    cli_options *o = target;
    o->sound = 1;
    o->features = v;
    return *v != 0;
}
