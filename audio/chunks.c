/* SPDX-License-Identifier: Apache-2.0 */
#include "chunks.h"

#include <stdlib.h>
#include <string.h>

struct audio_chunks {
    size_t width, hop, context;
    audio_edge edge;
    size_t fresh; /* new items that are in the block; hop: it is whole */
    int begun;    /* an item has come */
    float *block;
};

audio_chunks *audio_chunks_new(int width, int hop, int context, audio_edge edge)
{
    audio_chunks *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->width = (size_t)width;
    c->hop = (size_t)hop;
    c->context = (size_t)context;
    c->edge = edge;
    c->block = malloc((c->context + c->hop) * c->width * sizeof *c->block);
    if (!c->block) {
        audio_chunks_free(c);
        return NULL;
    }
    audio_chunks_reset(c);
    return c;
}

void audio_chunks_free(audio_chunks *c)
{
    if (c)
        free(c->block);
    free(c);
}

void audio_chunks_reset(audio_chunks *c)
{
    memset(c->block, 0, c->context * c->width * sizeof *c->block);
    c->fresh = 0;
    c->begun = 0;
}

static float *item(const audio_chunks *c, size_t i)
{
    return c->block + i * c->width;
}

/* A whole block was read: its end becomes what stands before the next one's. */
static void go_on(audio_chunks *c)
{
    if (c->fresh < c->hop)
        return;
    memmove(c->block, item(c, c->hop), c->context * c->width * sizeof *c->block);
    c->fresh = 0;
}

static void begin(audio_chunks *c, const float *first)
{
    c->begun = 1;
    for (size_t i = 0; c->edge == AUDIO_EDGE_REPEAT && i < c->context; i++)
        memcpy(item(c, i), first, c->width * sizeof *first);
}

int audio_chunks_push(audio_chunks *c, const float *items, size_t n, size_t *used)
{
    go_on(c);
    const size_t room = c->hop - c->fresh;
    *used = n < room ? n : room;
    if (*used == 0)
        return 0;
    if (!c->begun)
        begin(c, items);
    memcpy(item(c, c->context + c->fresh), items, *used * c->width * sizeof *items);
    c->fresh += *used;
    return c->fresh == c->hop;
}

int audio_chunks_end(audio_chunks *c)
{
    go_on(c);
    if (c->fresh == 0)
        return 0;
    for (; c->fresh < c->hop; c->fresh++) {
        float *next = item(c, c->context + c->fresh);
        if (c->edge == AUDIO_EDGE_REPEAT)
            memcpy(next, next - c->width, c->width * sizeof *next);
        else
            memset(next, 0, c->width * sizeof *next);
    }
    return 1;
}

const float *audio_chunks_block(const audio_chunks *c)
{
    return c->block;
}
