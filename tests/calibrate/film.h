/* SPDX-License-Identifier: Apache-2.0 */
/* A sample for calibration: some frames of a scene. */
#ifndef RPR_TESTS_FILM_H
#define RPR_TESTS_FILM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"
#include "reprise/calibrate.h"

enum { FRAMES = 20 };

typedef struct film {
    rpr_input in[FRAMES];
    size_t bytes; /* of a frame */
    int broken;   /* a frame that cannot be had, or -1 */
    int read;     /* so many frames were asked for */
} film;

static inline film *film_new(const rpr_model *m, uint64_t seed)
{
    film *f = calloc(1, sizeof *f);
    scene *s = scene_new(m, seed);
    f->broken = -1;
    f->bytes = s->info[0].bytes;
    for (int i = 0; i < FRAMES; i++) {
        scene_next(s);
        void *copy = malloc(f->bytes);
        memcpy(copy, s->data[0], f->bytes);
        f->in[i] = (rpr_input){.data = copy};
    }
    scene_free(s);
    return f;
}

static inline void film_free(film *f)
{
    for (int i = 0; i < FRAMES; i++)
        free((void *)(uintptr_t)f->in[i].data);
    free(f);
}

static inline int film_frame(void *user, size_t i, rpr_input *in)
{
    film *f = user;
    f->read++;
    *in = f->in[i];
    return (int)i == f->broken;
}

/** All frames of a film. */
static inline rpr_sample sample_of(film *f)
{
    return (rpr_sample){.user = f, .n = FRAMES, .frame = film_frame};
}

#endif
