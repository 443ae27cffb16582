/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/cost.h"

#include <string.h>

/*
 * A change loads its index and its difference and then one vector of weights per multiply-add, from
 * the second cache as often as from the first, or mostly from the second; a visit loads and stores
 * the sums of an output pixel, which are then far away and are activated once more.
 */
static const struct {
    const char *isa;
    rpr_cost cost;
} named[] = {
    /* Measured: `checkkern --bench`, kernelbench, and layers of real networks (Zen 4). */
    {"avx512",
     {.dense_vector = 1.12,
      .change_block = 1.5,
      .change_vector = 1.9,
      .change_far_vector = 3.5,
      .crowd_vector = 1.27,
      .crowd_far_vector = 2.06,
      .visit_block = 32.0,
      .output_value = 0.8,
      .gate_value = 0.25,
      .gate_change = 1.0}},
    /* The above by the ratio of the two instruction sets in the same measurements: the dense kernel
       is as fast there, the delta kernel loads twice, and listing has no instruction of its own. */
    {"avx2",
     {.dense_vector = 1.12,
      .change_block = 1.5,
      .change_vector = 2.2,
      .change_far_vector = 3.8,
      .crowd_vector = 1.4,
      .crowd_far_vector = 2.3,
      .visit_block = 28.0,
      .output_value = 0.8,
      .gate_value = 0.25,
      .gate_change = 2.0}},
    /* An estimate, not measured: as AVX2, whose vectors are twice as long. With half the arithmetic
       in a cycle a load costs half as much beside it; indices and visits are what they were. */
    {"neon",
     {.dense_vector = 1.12,
      .change_block = 0.75,
      .change_vector = 1.7,
      .change_far_vector = 2.8,
      .crowd_vector = 1.25,
      .crowd_far_vector = 1.8,
      .visit_block = 16.0,
      .output_value = 0.8,
      .gate_value = 0.25,
      .gate_change = 1.5}},
    /* An estimate, near what cost_fit.c finds: bound by arithmetic and not by loads, so that a
       change costs hardly more than its share of a dense run. */
    {"scalar",
     {.dense_vector = 1.12,
      .change_block = 0.7,
      .change_vector = 1.0,
      .change_far_vector = 1.2,
      .crowd_vector = 1.0,
      .crowd_far_vector = 1.2,
      .visit_block = 3.0,
      .output_value = 1.2,
      .gate_value = 0.7,
      .gate_change = 0.3}},
};

/* A bundle with more instructions for integers, "avx512vnni", is for floats what it begins with. */
rpr_cost rpr_cost_named(const char *isa)
{
    size_t i = 0, last = sizeof named / sizeof *named - 1;
    while (i < last && strncmp(named[i].isa, isa, strlen(named[i].isa)) != 0)
        i++;
    return named[i].cost;
}

static const struct {
    const char *isa;
    rpr_cost cost;
} named_i8[] = {
    /* Measured: `checkkern --bench-cost` (Zen 4). */
    {"avx512vnni",
     {.dense_vector = 1.15,
      .change_block = 1.25,
      .change_vector = 1.35,
      .change_far_vector = 2.2,
      .crowd_vector = 1.35,
      .crowd_far_vector = 2.2,
      .visit_block = 40.5,
      .output_value = 0.92,
      .gate_value = 0.3,
      .gate_change = 2.9}},
    /* Measured with the other encoding of its dot products when a change was two of them, and sums
       had four bytes; what they cost since is an estimate by the rows above and below. */
    {"avx2vnni",
     {.dense_vector = 1.25,
      .change_block = 1.35,
      .change_vector = 2.1,
      .change_far_vector = 3.4,
      .crowd_vector = 2.1,
      .crowd_far_vector = 3.3,
      .visit_block = 51.0,
      .output_value = 1.6,
      .gate_value = 0.3,
      .gate_change = 5.3}},
    /* Measured. AVX-512 without VNNI uses the same functions. */
    {"avx2",
     {.dense_vector = 3.5,
      .change_block = 1.1,
      .change_vector = 4.9,
      .change_far_vector = 7.2,
      .crowd_vector = 4.9,
      .crowd_far_vector = 5.4,
      .visit_block = 41.0,
      .output_value = 1.5,
      .gate_value = 0.3,
      .gate_change = 6.0}},
    /* Estimates, not measured, by counting instructions: a dot product takes the place of a
       multiply-add of floats, or six instructions do. */
    {"neondot",
     {.dense_vector = 1.25,
      .change_block = 0.75,
      .change_vector = 2.5,
      .change_far_vector = 3.0,
      .crowd_vector = 2.5,
      .crowd_far_vector = 3.0,
      .visit_block = 36.0,
      .output_value = 1.0,
      .gate_value = 0.3,
      .gate_change = 2.5}},
    {"neon",
     {.dense_vector = 6.5,
      .change_block = 0.75,
      .change_vector = 13.0,
      .change_far_vector = 13.5,
      .crowd_vector = 13.0,
      .crowd_far_vector = 13.5,
      .visit_block = 36.0,
      .output_value = 1.0,
      .gate_value = 0.3,
      .gate_change = 2.5}},
    /* Measured, in cycles of the scalar kernels for floats. */
    {"scalar",
     {.dense_vector = 8.6,
      .change_block = 2.0,
      .change_vector = 7.2,
      .change_far_vector = 8.3,
      .crowd_vector = 7.2,
      .crowd_far_vector = 7.5,
      .visit_block = 65.0,
      .output_value = 1.9,
      .gate_value = 1.9,
      .gate_change = 4.0}},
};

rpr_cost rpr_cost_named_i8(const char *isa)
{
    if (strcmp(isa, "avx512") == 0)
        isa = "avx2";
    size_t i = 0, last = sizeof named_i8 / sizeof *named_i8 - 1;
    while (i < last && strcmp(named_i8[i].isa, isa) != 0)
        i++;
    return named_i8[i].cost;
}
