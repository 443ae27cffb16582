/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate holds xhat, the last used input of one or more weighted layers, and decides element by
 * element what has changed. Its result is a change list: for every row, the changed elements in
 * ascending order with the difference new xhat - old xhat, and for every pixel where its part of
 * the list begins.
 */
#ifndef RPR_CHANGE_GATE_H
#define RPR_CHANGE_GATE_H

#include <stdatomic.h>

#include "change/map.h"
#include "change/touch.h"
#include "core/pool.h"
#include "kernels/kernels.h"
#include "reprise/reprise.h"

/**
 * A gate's rows are compared in segments, which threads share. Their number depends on the map
 * alone, so that nothing depends on the threads.
 */
#define RPR_GATE_SEGMENTS 16

#define RPR_MAX_LEVELS 65536
#define RPR_GATE_BYTES 256

typedef struct rpr_gate_segment {
    int64_t changed, pixels; /* elements, and pixels with a change if it was listed */
    int32_t at;              /* list position of its next change */
    float largest;           /* of what was listed, |difference| */
    bool nonfinite;
} rpr_gate_segment;

/** What every frame needs of a gate; the arrays live in the stream's memory. */
typedef struct rpr_gate_state {
    rpr_gate rule;  /* OFF: all values pass, always */
    double scale;   /* of the rule's threshold, or of its cells; at most 1 */
    double narrow;  /* of the threshold once more, on this frame; 1, or less while it settles */
    rpr_map xhat;   /* dense pixels (pix == c) with a halo of zeros */
    rpr_map in;     /* what the layers read: xhat, or the tensor of an open or loose gate */
    int32_t *off;   /* n*h rows of w+1: list position where pixel x of the row begins; only rows
                       with row_n > 0 are valid. Not with rows_only */
    int32_t *row_n; /* n*h: changed elements in the row */
    int32_t *idx;   /* x * c + channel; every segment has room for all its elements, which begins
                       at rpr_gate_list_start. The memory is the list's from this gate's first layer
                       to its last */
    float *delta;
    bool words;     /* elements are four bytes each. What those of the list moved by, ... */
    uint32_t *rest; /* ... as kernels/int8.h has it, is the steps in delta and this */
    uint8_t zero;   /* of words: the byte that stands for zero */
    int64_t cap;    /* entries beyond which the list is given up */
    int segments;   /* 1 to RPR_GATE_SEGMENTS */
    rpr_gate_segment segment[RPR_GATE_SEGMENTS];
    rpr_pool *pool;    /* or NULL */
    rpr_touch changed; /* pixels with a changed element; all when list_ok is false */
    rpr_act act;       /* applied to x before it is compared */
    float *row;        /* scratch: one row of activated x for every thread, ... */
    size_t row_floats; /* ... so many floats apart */
    float lo, hi;      /* range of the input: the rule's, or profiled */
    int64_t n_changed; /* of this frame */
    int64_t n_pixels;  /* pixels with a change, if list_ok */
    int64_t n_listed;  /* entries in the list; by segments if there are several */
    bool open;         /* nothing is compared: xhat is the tensor itself, and every element of a
                          touched pixel counts as changed */
    bool half;         /* its layers may be corrected with half weights */
    bool partial;      /* the tensor is valid at touched pixels only, or while all of it is wanted,
                          from the step that writes it to the gate's last layer */
    bool rows_only;    /* only `changed` is wanted: each row's list overwrites the one before */
    bool keeps_all;    /* whatever becomes of the list, idx holds all changed elements: row after
                          row, row_n of each. There is room for every element */
    bool list_ok;      /* the list is complete */
    bool loosens;      /* may become loose */
    bool loose;        /* corrections did not pay: all values pass and only some rows are compared,
                          until less changes. Decided from counts alone, never from time */
    bool taken;        /* of this frame's touched pixels all changed: a picture's bytes were
                          compared as the rule asks. xhat is left behind */
    bool tested;       /* the same, but x is compared with xhat for any difference */
    bool compared;     /* all touched values were compared on this frame, and then: ... */
    bool pays;         /* ... a correction of some layer was worth its while */
    bool refreshed;    /* it took its input as it was because its turn had come */
    int32_t idle;      /* compared frames in a row that did not pay */
    float tight;       /* share of changed values below which a loose gate compares again */
    bool adaptive;     /* a list that would be no use is not made */
    bool crowded;      /* so much changed that the next frame is only counted */
    float peak;        /* of fade.c: some |xhat| was so large */
    bool fades;        /* what changed dwarfs what is left: corrections must not be made from it */
    bool nonfinite;    /* a delta was NaN or infinite: corrections must not be made from it */
    bool torn;         /* rows of x that were compared on this frame are written anew: the list that
                          follows does not begin with what the layers know */
} rpr_gate_state;

/**
 * A gate's rule with the numbers that its profiled range gives, which for words is all 256 steps:
 * a word has changed if one of its bytes moved by more than `steps`, or if the cell of one did. The
 * quantiser has `levels` clusters
 * in the range and one at zero, which padding and rectified values are. Its cells go on for
 * `levels` more on either side: later frames exceed a range profiled on the first one, and clipping
 * them costs more accuracy than anything else. A range of nothing gives one cluster.
 */
typedef struct rpr_gate_rule {
    bool levels;
    float theta;
    rpr_levels q;
    int32_t steps;
    uint8_t cell[RPR_GATE_BYTES]; /* of words: the centroid of every byte */
} rpr_gate_rule;

/** One comparison of x with xhat, on its way. */
typedef struct rpr_gate_scan {
    rpr_gate_state *g;
    const rpr_kernels *k;
    rpr_gate_rule rule;
    rpr_map x;
    rpr_touch touched; /* its marks as they are when a row is taken */
    _Atomic int64_t listed;
} rpr_gate_scan;

/** Elements of a gate's input. */
static inline int64_t rpr_gate_elements(const rpr_gate_state *g)
{
    return (int64_t)g->xhat.n * g->xhat.h * g->xhat.w * g->xhat.c;
}

/** True if the input is one pixel: the layers behind are a matrix and a vector. */
static inline bool rpr_gate_is_vector(const rpr_gate_state *g)
{
    return rpr_gate_elements(g) == g->xhat.c;
}

/** Segments of a map, 1 if its changes must stand in one piece. */
int rpr_gate_segments(int32_t n, int32_t h, int32_t w, int32_t c, bool one_piece);

/** First row of a segment, counted over all images. */
static inline int32_t rpr_gate_segment_row(const rpr_gate_state *g, int segment)
{
    return (int32_t)rpr_part_start((int64_t)g->xhat.n * g->xhat.h, g->segments, segment);
}

/** First row of part `part` of `parts`, which are whole segments. */
static inline int32_t rpr_gate_part_row(const rpr_gate_state *g, int parts, int part)
{
    return rpr_gate_segment_row(g, (int)rpr_part_start(g->segments, parts, part));
}

/** List position at which a segment's changes begin; for the number of segments: the room. */
static inline int64_t rpr_gate_list_start(const rpr_gate_state *g, int segment)
{
    int64_t row = (int64_t)g->xhat.w * g->xhat.c;
    int64_t rows = g->rows_only && !g->keeps_all ? segment : rpr_gate_segment_row(g, segment);
    return rows * row + (int64_t)segment * RPR_LANE;
}

/**
 * `count` neighbouring pixels of the gate's input, activated and gap-free: in place if they are so
 * already, else in the thread's scratch row.
 */
const float *rpr_gate_values(const rpr_gate_state *g, const rpr_kernels *k, const float *x,
                             int64_t pix, int32_t count, int thread);

/** xhat <- x (or its centroids) everywhere; everything counts as changed, no list is made. */
void rpr_gate_restart(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x);

/** An open gate: what was touched has changed. `touched` must stay as it is for this frame. */
void rpr_gate_follow(rpr_gate_state *g, const rpr_touch *touched);

/** What was touched has changed, `changed` values of it, and x is read where it lies. No list. */
void rpr_gate_take(rpr_gate_state *g, const rpr_map *x, const rpr_touch *touched, int64_t changed);

/**
 * A loose gate: all of x passes, every element counts as changed. x is read where it lies, or from
 * xhat if it must be activated first. False if so little changed that the gate should restart.
 */
bool rpr_gate_pass(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                   const rpr_touch *touched);

/** A frame that was run without reuse: all counts as changed, or if nothing did, nothing. */
void rpr_gate_bypass(rpr_gate_state *g, bool changed);

/** xhat <- x, activated, at the touched pixels (NULL: all). Nothing is compared or listed. */
void rpr_gate_absorb(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                     const rpr_touch *touched);

/** Forgets what earlier frames were like, for a restart. */
void rpr_gate_forget(rpr_gate_state *g);

/** Ends a frame: decides whether the gate is loose from the next one on. */
void rpr_gate_settle(rpr_gate_state *g);

/** Nothing was touched: nothing has changed. */
void rpr_gate_hold(rpr_gate_state *g);

/** Compares the touched pixels of x with xhat, updates xhat and builds the change list. */
void rpr_gate_update(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                     const rpr_touch *touched);

/**
 * The same in pieces, for who writes x and has its rows at hand: begin, then all rows, then end. Of
 * a segment rows are taken in ascending order, of different segments side by side; `touched` is
 * final in the rows that are taken. The result is that of rpr_gate_update if anything was touched.
 */
void rpr_gate_begin(rpr_gate_scan *p, rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x,
                    const rpr_touch *touched);
/** Fetches what rows [first, end) are compared with, before they are written. A hint. */
void rpr_gate_fetch(const rpr_gate_scan *p, int32_t first, int32_t end);
/** Rows [first, end), counted over all images. */
void rpr_gate_rows(rpr_gate_scan *p, int32_t first, int32_t end, int thread);
void rpr_gate_end(rpr_gate_scan *p);

/** Instead of the end: x is written anew, and an update follows on this frame. */
void rpr_gate_tear(rpr_gate_scan *p);

/** xhat <- x, activated. Part of a restart and of a loose gate. */
void rpr_gate_copy(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x);

/**
 * Compares rows first, first + step, ... of all n * h, and updates their xhat; returns the share of
 * changed values. At least one row. Part of a loose gate.
 */
double rpr_gate_sample(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x, int32_t first,
                       int32_t step);

/** A loose gate compares every so-manieth row. */
#define RPR_GATE_SAMPLE_ROWS 16

/** True if the largest listed change is far larger than everything in xhat. Part of an update. */
bool rpr_gate_fades(rpr_gate_state *g, const rpr_kernels *k);

/**
 * Profiles lo and hi: the range of x without the 0.01 % of outliers at either end. NaN and
 * infinity are left out; nothing left gives 0 and 0. Of more
 * than 20 million values no more outliers are left out than of so many. Scratch: RPR_PROFILE_ROOM
 * floats.
 */
#define RPR_PROFILE_ROOM 4096
void rpr_gate_profile(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x, float *scratch);

#endif
