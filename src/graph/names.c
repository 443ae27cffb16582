/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/names.h"

#include <string.h>

#include "core/alloc.h"
#include "graph/graph.h"

#define FIRST_SLOTS 64

/* FNV-1a, with a final mix because the table uses the low bits. */
static uint64_t hash_name(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 0x100000001b3u;
    return h ^ h >> 32;
}

/** The slot that holds the name, or the free one where it belongs. */
static struct rpr_name_slot *probe(const rpr_names *m, const char *name, uint64_t hash)
{
    size_t mask = m->n_slot - 1;
    size_t i = (size_t)hash & mask;
    while (m->slot[i].name && (m->slot[i].hash != hash || strcmp(m->slot[i].name, name) != 0))
        i = (i + 1) & mask;
    return &m->slot[i];
}

static bool grow(rpr_names *m)
{
    rpr_names wide = {.n_slot = m->n_slot ? 2 * m->n_slot : FIRST_SLOTS, .n_used = m->n_used};
    wide.slot = rpr_alloc_array(wide.n_slot, sizeof *wide.slot);
    if (!wide.slot)
        return false;
    for (size_t i = 0; i < m->n_slot; i++)
        if (m->slot[i].name)
            *probe(&wide, m->slot[i].name, m->slot[i].hash) = m->slot[i];
    rpr_free(m->slot);
    *m = wide;
    return true;
}

void rpr_names_free(rpr_names *m)
{
    rpr_free(m->slot);
    *m = (rpr_names){0};
}

int rpr_names_find(const rpr_names *m, const char *name)
{
    if (!m->n_slot)
        return RPR_NONE;
    const struct rpr_name_slot *s = probe(m, name, hash_name(name));
    return s->name ? s->index : RPR_NONE;
}

bool rpr_names_add(rpr_names *m, const char *name, int index)
{
    if (2 * (m->n_used + 1) > m->n_slot && !grow(m))
        return false;
    uint64_t hash = hash_name(name);
    *probe(m, name, hash) = (struct rpr_name_slot){.name = name, .hash = hash, .index = index};
    m->n_used++;
    return true;
}
