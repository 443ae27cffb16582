/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of the pass know of values and nodes; see slide.h for the idea. */
#ifndef RPR_SLIDE_STATE_H
#define RPR_SLIDE_STATE_H

#include "slide/slide.h"

/** Columns [from, to) of a value. */
typedef struct rpr_range {
    int64_t from, to;
} rpr_range;

/** Where the columns of a value lie, and how they move. */
typedef struct rpr_columns {
    int axis;
    int64_t n;
    int64_t stride;        /* columns of the input that one column moves by */
    int64_t left, right;   /* at the ends: that depend on where the window ends */
    int64_t period, shift; /* calls until the window has moved by whole columns, and by how many */
} rpr_columns;

typedef enum rpr_origin {
    RPR_FROM_FILE,   /* constant */
    RPR_FROM_CALL,   /* depends on other inputs than the window's only */
    RPR_FROM_WINDOW, /* has columns */
    RPR_FROM_WHOLE   /* depends on the window, and is computed as if that did not move */
} rpr_origin;

typedef struct rpr_moving {
    rpr_origin origin;
    rpr_columns c; /* WINDOW */
    int cause;     /* WHOLE: the first node that was computed on the whole window */
    /* What is read of it (WINDOW): */
    bool head;      /* the first `left` columns */
    int64_t length; /* more than the new columns: of its Delay; 0: no need */
    /* The values that hold its columns after rewriting, or RPR_NONE: */
    int first, tail, delay;
} rpr_moving;

/** How a part of a node is made to compute fewer columns. */
typedef enum rpr_edit {
    RPR_EDIT_NONE,  /* it computes as many as it reads */
    RPR_EDIT_PADS,  /* padding of a convolution or a pool */
    RPR_EDIT_PAD,   /* of a Pad */
    RPR_EDIT_SHAPE, /* input `shape` becomes the shape of the output */
    RPR_EDIT_EVEN,  /* constants that are as long as the window, and the same for all columns */
    RPR_EDIT_SLICE, /* it takes what it reads from the first on */
    RPR_EDIT_PICK   /* a Gather of columns: its indices are among those that it reads */
} rpr_edit;

/**
 * Column o of a node's outputs reads the columns o * stride - pad ... + reach - 1 of those inputs
 * that have columns, as far as they exist.
 */
typedef struct rpr_motion {
    int axis; /* of the outputs' columns */
    int64_t stride, reach, pad;
    rpr_edit edit;
    int shape; /* SHAPE */
} rpr_motion;

typedef struct rpr_reason {
    char text[160];
} rpr_reason;

typedef struct rpr_fate {
    rpr_window_verdict verdict;
    rpr_reason why; /* of WHOLE */
    rpr_motion m;   /* of SHIFTED; of WHOLE as far as its rule came */
    int64_t columns, computed;
    int64_t macs, macs_hop;
} rpr_fate;

typedef struct rpr_slider {
    rpr_graph *g;
    int input; /* value */
    int axis;
    int64_t length, hop;
    rpr_moving *value; /* by value of the graph as it was */
    size_t n_value;
    rpr_fate *fate; /* by node of it */
    size_t n_node;
    int *order; /* nodes of the new graph, as they run */
    size_t n_order, cap_order;
    bool failed; /* memory ran out while rewriting; the rest does nothing */
    rpr_error *err;
} rpr_slider;

/* ----------------------------------------------------------------- columns */

/** Period and shift from n and stride. */
void rpr_columns_settle(const rpr_slider *s, rpr_columns *c);
/** Those computed anew on every call at the end. */
rpr_range rpr_columns_tail(const rpr_columns *c);
rpr_range rpr_columns_head(const rpr_columns *c);
/** What a node reads of an input of n_in columns for its head or its tail. */
rpr_range rpr_motion_head(const rpr_motion *m, const rpr_columns *out, int64_t n_in);
rpr_range rpr_motion_tail(const rpr_motion *m, const rpr_columns *out, int64_t n_in);
/** The columns of outputs with n of them from an input's; false: nothing would be gained. */
bool rpr_columns_through(const rpr_slider *s, const rpr_motion *m, const rpr_columns *in, int64_t n,
                         rpr_columns *out, rpr_reason *why);

/** What a WHOLE node reads of an input, which may be not all of it. */
rpr_range rpr_whole_reads(const rpr_slider *s, const rpr_node *n, const rpr_fate *f,
                          const rpr_columns *in);

/** Columns of input i of a node; NULL if it has none. */
const rpr_columns *rpr_input_columns(const rpr_slider *s, const rpr_node *n, int i);

/** Writes a reason; returns false. */
bool rpr_refuse(rpr_reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ------------------------------------------------------------------- steps */

/** Fates of all nodes and origins of all values. */
void rpr_slide_judge(rpr_slider *s);
/** Products that can be taken of a sum of columns: with *changed, all is to be judged anew. */
int rpr_slide_products(rpr_slider *s, bool *changed);
/** Which columns of each value are read, from the outputs back. */
void rpr_slide_demand(rpr_slider *s);
int rpr_slide_rewrite(rpr_slider *s);
/** The layers of the graph as it was: before rewriting, after demand. */
int rpr_slide_report(rpr_slider *s, rpr_slide *out);

#endif
