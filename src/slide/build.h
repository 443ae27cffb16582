/* SPDX-License-Identifier: Apache-2.0 */
/* What rewriting makes new nodes with. Once memory ran out (s->failed) they do nothing. */
#ifndef RPR_SLIDE_BUILD_H
#define RPR_SLIDE_BUILD_H

#include "slide/state.h"

#define RPR_SLIDE_OPSET 13 /* of new nodes */

/** Appends a node to those that run. */
void rpr_slide_emit(rpr_slider *s, int node);

/** A value of the type and shape of another, with `count` columns, named base/what. */
int rpr_slide_value(rpr_slider *s, const char *base, const char *what, int like, int axis,
                    int64_t count);
/** A list of integers as a constant. */
int rpr_slide_ints(rpr_slider *s, const char *base, const char *what, const int64_t *v, int n);

/** The same in any shape. */
int rpr_slide_tensor(rpr_slider *s, const char *base, const char *what, const int64_t *v,
                     const rpr_shape *shape);

/** A new node with one output, emitted; its index, or RPR_NONE. */
int rpr_slide_node(rpr_slider *s, const char *name, const char *op, const char *domain, int opset,
                   const int *in, int n_in, int out);

/** Makes a node read a value as input i. */
void rpr_slide_set_input(rpr_slider *s, int node, int i, int value);

/** Reports what rpr_node_set_... returned. */
void rpr_slide_check(rpr_slider *s, int status);

/** The value that holds columns of a value that has columns: no more and no fewer. */
int rpr_slide_read(rpr_slider *s, int value, rpr_range r);

/** A Delay, if the value needs one: its parts have been emitted. */
void rpr_slide_keep(rpr_slider *s, int value);

/** A copy of a node, named name/what, with the same inputs and other outputs; not emitted. */
int rpr_slide_copy(rpr_slider *s, int node, const char *what, const int *out);

/** Makes a node with the motion m compute columns r of out, reading columns `from` of input 0. */
void rpr_slide_edit(rpr_slider *s, int node, const rpr_motion *m, const rpr_columns *out,
                    rpr_range r, rpr_range from);

/** Makes a WHOLE node read rpr_whole_reads of input 0. */
void rpr_slide_edit_whole(rpr_slider *s, int node, const rpr_motion *m, const rpr_columns *in);

#endif
