/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that look like a camera's, and streams that play them. */
#ifndef RPR_TESTS_STREAM_PLAY_H
#define RPR_TESTS_STREAM_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"
#include "stream/stream.h"

#define MAX_ENDS 4

/**
 * A random background, a rectangle that moves over it, weak noise; every seventh frame repeats the
 * one before and frame 23 is a cut to another scene. Values lie in [0, 1].
 */
typedef struct scene {
    rng r;
    int frame;
    size_t n;
    rpr_tensor_info info[MAX_ENDS];
    float *background[MAX_ENDS], *data[MAX_ENDS];
    rpr_input in[MAX_ENDS]; /* of the present frame */
} scene;

scene *scene_new(const rpr_model *m, uint64_t seed);
void scene_next(scene *s);
/** Noise on all inputs: nothing can be reused. */
void scene_noise(scene *s, rng *r);
void scene_free(scene *s);

/** A stream with room for its outputs. */
typedef struct player {
    rpr_stream *s;
    size_t n;
    rpr_tensor_info info[MAX_ENDS];
    rpr_output out[MAX_ENDS];
} player;

/** Exact gates, policy AUTO and no refresh. */
rpr_stream_options play_options(void);
player *player_new(const rpr_model *m, const rpr_stream_options *opt);
player *player_of(const rpr_model *m, rpr_stream *s); /* takes the stream over */

/** A player that goes on where p is: a clone, or one that was restored from a saved state. */
player *player_go_on(const rpr_model *m, const player *p, bool clone);

void player_free(player *p);

/** Runs one frame, which must succeed. */
void player_run(player *p, const scene *s);

/**
 * Largest difference of any two outputs, each relative to the range of b's (or to a tenth of its
 * magnitude, for outputs that hardly vary); infinity where one is NaN and the other is not.
 */
double player_error(const player *a, const player *b);

/** True if all outputs agree in every bit. */
bool player_same(const player *a, const player *b);

/** True if some layer is quantised: traces cannot say what words are. */
bool stream_has_words(const rpr_stream *s);

/** Statistics of the last frame. */
rpr_frame_stats player_stats(const player *p);

/** A network, a stream of it, and the scene that it sees. */
typedef struct show {
    rpr_model *m;
    player *p;
    scene *s;
} show;

show show_new(rpr_model *m, const rpr_stream_options *opt, uint64_t seed); /* takes the model */
void show_next(const show *w); /* the scene goes on and the stream runs */
void show_free(show *w);

typedef enum play_gate { PLAY_EXACT, PLAY_DEADZONE, PLAY_LEVELS, PLAY_GATES } play_gate;

/** exact, deadzone:2/255, levels:32 */
rpr_gate play_gate_of(play_gate g);

/** play_options with such a gate for all layers, the bypass and the oracle. */
rpr_stream_options play_bypassing(play_gate g);
const char *play_gate_name(play_gate g);

/** A failure that says which network, gate and frame. */
#define check_that(ok, ...)                                                                        \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            print_error(__VA_ARGS__);                                                              \
            print_error("\n");                                                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

#endif
