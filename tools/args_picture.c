/* SPDX-License-Identifier: Apache-2.0 */
/* The options of pictures, and of what is found in them. */
#include "args_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "options.h"

/* One number for all channels, or three with commas. */
static int parse_triple(const char *text, float value[3])
{
    char copy[128];
    if (strlen(text) >= sizeof copy)
        return 0;
    strcpy(copy, text);
    int n = 0;
    for (char *p = copy, *next; p; p = next) {
        double v;
        next = strchr(p, ',');
        if (next)
            *next++ = 0;
        if (n == 3 || !option_number(p, &v))
            return 0;
        value[n++] = (float)v;
    }
    if (n == 1)
        value[1] = value[2] = value[0];
    return n == 1 || n == 3;
}

int set_decode(void *target, const char *v)
{
    cli_options *o = target;
    if (strcmp(v, "none") == 0)
        o->decode = DECODE_NONE;
    else if (strcmp(v, "nanodet") == 0)
        o->decode = DECODE_NANODET;
    else if (strcmp(v, "ssd") == 0)
        o->decode = DECODE_SSD;
    else
        return 0;
    return 1;
}

int set_mean(void *target, const char *v)
{
    cli_options *o = target;
    o->have_mean = 1;
    return parse_triple(v, o->mean);
}

int set_scale(void *target, const char *v)
{
    cli_options *o = target;
    o->have_mean = 1;
    return parse_triple(v, o->scale) && o->scale[0] != 0 && o->scale[1] != 0 && o->scale[2] != 0;
}

int set_range(void *target, const char *v)
{
    cli_options *o = target;
    const char *dots = strstr(v, "..");
    char low[32];
    double a, b;
    if (!dots || dots == v || (size_t)(dots - v) >= sizeof low)
        return 0;
    memcpy(low, v, (size_t)(dots - v));
    low[dots - v] = 0;
    if (!option_number(low, &a) || !option_number(dots + 2, &b) || !(a < b))
        return 0;
    o->have_range = 1;
    o->low = (float)a;
    o->high = (float)b;
    return 1;
}

int set_noise(void *target, const char *v)
{
    cli_options *o = target;
    o->noise = strcmp(v, "auto") == 0 ? RPR_NOISE_AUTO : 0;
    return strcmp(v, "auto") == 0 || strcmp(v, "off") == 0 ||
           (option_number(v, &o->noise) && o->noise > 0 && o->noise <= 100);
}

/* X,Y,W,H */
int set_ignore(void *target, const char *v)
{
    cli_options *o = target;
    int32_t value[4];
    for (int i = 0; i < 4; i++) {
        char *end = NULL;
        errno = 0;
        long long n = strtoll(v, &end, 10);
        if (end == v || errno || n < (i < 2 ? 0 : 1) || n > INT32_MAX || *end != (i < 3 ? ',' : 0))
            return 0;
        value[i] = (int32_t)n;
        v = end + 1;
    }
    if (o->n_ignore == CLI_MAX_RECTS)
        return 0;
    o->ignore[o->n_ignore++] = (rpr_rect){value[0], value[1], value[2], value[3]};
    return 1;
}
