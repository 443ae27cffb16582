/* SPDX-License-Identifier: Apache-2.0 */
#include "slide/sums.h"

bool rpr_sum_can(const rpr_slider *s, const rpr_node *n, rpr_fate *f)
{
    (void)s, (void)n, (void)f;
    return false;
}

int rpr_sum_ranges(const rpr_slider *s, const rpr_node *n, rpr_range *parts)
{
    (void)s, (void)n, (void)parts;
    return 0;
}

int rpr_sum_rewrite(rpr_slider *s, int index)
{
    (void)s, (void)index;
    return RPR_OK;
}
