/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int option_number(const char *text, double low, double high, double *v)
{
    char *end = NULL;
    *v = strtod(text, &end);
    if (end != text && *end == '/') {
        const char *below = end + 1;
        *v /= strtod(below, &end);
        if (end == below)
            return 0;
    }
    return end != text && !*end && isfinite(*v) && *v >= low && *v <= high;
}

int option_gate(const char *text, rpr_gate *gate)
{
    if (strcmp(text, "off") == 0 || strcmp(text, "exact") == 0) {
        gate->kind = *text == 'o' ? RPR_GATE_OFF : RPR_GATE_EXACT;
        return 1;
    }
    gate->kind = RPR_GATE_DEADZONE;
    return strncmp(text, "deadzone:", 9) == 0 &&
           option_number(text + 9, 0, 0.999, &gate->threshold);
}
