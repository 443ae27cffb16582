/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names to indices, so that reading a file takes linear time. */
#ifndef RPR_GRAPH_NAMES_H
#define RPR_GRAPH_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Open addressing, power-of-two size, at most half full. Zero-initialised it is empty. */
typedef struct rpr_names {
    struct rpr_name_slot {
        const char *name; /* not owned; must outlive the map */
        uint64_t hash;
        int index;
    } * slot;
    size_t n_slot, n_used;
} rpr_names;

void rpr_names_free(rpr_names *m);

/** The index stored under a name, or RPR_NONE. */
int rpr_names_find(const rpr_names *m, const char *name);

/** Stores an index under a name that is not in the map yet; false when memory ran out. */
bool rpr_names_add(rpr_names *m, const char *name, int index);

#endif
