/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/cost.h"

/*
 * A change loads its index and its difference and then one vector of weights per multiply-add, from
 * the second cache as often as from the first, or mostly from the second; a visit loads and stores
 * the sums of an output pixel, which are then far away and are activated once more. Measured by
 * `checkkern --bench` and by layers of real networks (AVX-512, Zen 4).
 */
static const rpr_cost measured = {
    .dense_vector = 1.12,
    .change_block = 1.5,
    .change_vector = 1.9,
    .change_far_vector = 3.5,
    .crowd_vector = 1.27,
    .crowd_far_vector = 2.06,
    .visit_block = 32.0,
    .output_value = 0.8,
    .gate_value = 0.25,
    .gate_change = 1.0,
};

rpr_cost rpr_cost_named(const char *isa)
{
    (void)isa;
    return measured;
}
