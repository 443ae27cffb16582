/* SPDX-License-Identifier: Apache-2.0 */
/* The options of gates, and of how a stream runs. */
#include "args_set.h"

#include <string.h>

#include "args.h"
#include "options.h"

int set_gate(void *target, const char *v)
{
    cli_options *o = target;
    int64_t levels;
    o->gate_text = v;
    if (strcmp(v, "off") == 0) {
        o->gate.kind = RPR_GATE_OFF;
    } else if (strcmp(v, "exact") == 0) {
        o->gate.kind = RPR_GATE_EXACT;
    } else if (strncmp(v, "levels:", 7) == 0 && option_int(v + 7, 2, 65536, &levels)) {
        o->gate.kind = RPR_GATE_LEVELS;
        o->gate.levels = (int)levels;
    } else if (strncmp(v, "deadzone:", 9) == 0 && option_number(v + 9, &o->gate.threshold) &&
               o->gate.threshold >= 0 && o->gate.threshold < 1) {
        o->gate.kind = RPR_GATE_DEADZONE;
    } else {
        return 0;
    }
    return 1;
}

int set_refresh(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->refresh = (int)n;
    return 1;
}

int set_settle(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->settle = (int)n;
    return 1;
}

int set_all_gates(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->all_gates = 1;
    return 1;
}

int set_fit(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->fit = 1;
    return 1;
}

int set_weights(void *target, const char *v)
{
    static const char *const names[] = {"auto", "f32", "bf16"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(v, names[i]) == 0) {
            ((cli_options *)target)->weights = (rpr_weights)i;
            return 1;
        }
    return 0;
}

int set_plan(void *target, const char *v)
{
    ((cli_options *)target)->plan = v;
    return *v != 0;
}

int set_audit(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 1, 1000000, &n))
        return 0;
    o->audit = (int)n;
    return 1;
}

int set_threads(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 1, 64, &n))
        return 0;
    o->threads = (int)n;
    return 1;
}
