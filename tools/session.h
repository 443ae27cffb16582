/* SPDX-License-Identifier: Apache-2.0 */
/** What run, bench and verify share: the model, the frames (of sound: blocks), the decoder, and
 * streams over them. */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "media/source.h"
#include "reprise/reprise.h"

#include "args.h"
#include "arrays.h"
#include "clip.h"
#include "decoder.h"
#include "feed.h"
#include "plan_file.h"
#include "progress.h"
#include "samples.h"
#include "sound.h"
#include "window.h"

/** What the input holds. */
typedef enum source_kind { SOURCE_PICTURES, SOURCE_SOUND, SOURCE_ARRAYS } source_kind;

typedef struct session {
    const cli_options *opt;
    rpr_model *model;
    rpr_model *full;       /**< with a window, of bench and verify: the model without it */
    rpr_tensor_info input; /**< the model's, of which there is one */
    window window;         /**< what it is of, if it is */
    source_kind kind;      /**< which of the next three gives the frames */
    media_source *source;
    sound sound;
    arrays arrays;
    clip clip;               /**< pictures as columns of a window */
    media_source_info video; /**< of pictures */
    feed feed;
    decoder decoder;
    rpr_layer_gate *plan; /**< gates of --plan, n_plan of them */
    size_t n_plan;
    plan_promise promise; /**< of it */
    rpr_tensor_info *out_info;
    size_t n_out;
    rpr_rect ignored[CLI_MAX_RECTS]; /**< --ignore, in the model's pixels */
    rpr_mask mask;
    progress progress;
    media_frame frame; /**< the current one; of what is no picture only its index */
    rpr_input in;      /**< it, as the model's input */
    int64_t frames;    /**< so far, without those that only filled the first window */
    int64_t filling;   /**< those */
    int ended;         /**< there are no more */
} session;

/** Opens model and input and says what is wrong with them. Close it in any case. */
int session_open(session *s, const cli_options *o);
void session_close(session *s);

/** Moves to the next frame: 1; 0 at the end, or with *code set after a message. */
int session_next(session *s, int *code);

/** The same, to a frame that only fills the first window and is not counted. */
int session_fill(session *s, int *code);

/**
 * Takes the progress bar away and, if all went well so far, tells about parts of the input that
 * could not be decoded. Returns code.
 */
int session_end(session *s, int code);

/** Room for all outputs of the model, of one stream and only read by others; NULL if memory ran
 * out. */
rpr_output *outputs_new(const session *s);
void outputs_free(rpr_output *out, size_t n);

/** What one layer did, summed over frames. */
typedef struct layer_sum {
    int64_t inputs, changed, macs_dense, macs_executed;
    double ms;
    int64_t choice[3];
} layer_sum;

/** Counts summed over frames. */
typedef struct lane_sum {
    int64_t frames, inputs, changed, macs_dense, macs_executed, bypassed;
    int64_t cuts, refreshed; /**< frames; layers that were recomputed for refresh */
} lane_sum;

/**
 * One stream over the session's frames. Its first frame is dense whatever the gate is, so sums and
 * times leave it out, unless it is the only one.
 */
typedef struct lane {
    const rpr_model *model;
    rpr_stream *stream;
    int full;     /**< runs the full window */
    int64_t runs; /**< frames so far */
    rpr_output *out;
    boxes boxes;     /**< of the current frame, if there is a decoder */
    int64_t n_boxes; /**< of all frames, as far as they count */
    samples ms;
    lane_sum sum;
    layer_sum *layer;
    size_t n_layers;
    rpr_frame_stats stats; /**< of the current frame */
    size_t state_bytes;    /**< of the stream at its end */
} lane;

int lane_open(lane *l, const session *s, rpr_gate gate);
/** The one to compare with: no reuse and, if there is a window, all of it on every frame. */
int lane_open_dense(lane *l, const session *s);
void lane_close(lane *l, const session *s);

/** Runs, not measured, the frames that fill the first window; nothing without one. */
int lane_fill(lane *l, session *s);

/** Runs the current frame, measures it and decodes its boxes. */
int lane_run(lane *l, const session *s);

/** Unchanged inputs / inputs. */
double lane_similarity(const lane *l);

#endif
