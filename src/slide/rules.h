/* SPDX-License-Identifier: Apache-2.0 */
/* What each operator does to columns. One file per family of operators. */
#ifndef RPR_SLIDE_RULES_H
#define RPR_SLIDE_RULES_H

#include "slide/state.h"

/**
 * Says how a node moves columns, or why it does not (false). At least one of its inputs has
 * columns, the others are constants. *m starts as column by column: stride 1, reach 1, pad 0. A
 * rule for nodes with several inputs that have columns may rely on nothing of them; that they move
 * alike is checked after it.
 */
typedef bool (*rpr_rule_fn)(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why);

/** NULL where nothing is known of the operator. */
rpr_rule_fn rpr_rule_find(const rpr_node *n);

const rpr_value *rpr_rule_value(const rpr_slider *s, const rpr_node *n, int i);
/** The axis of input i's columns, or RPR_NONE. */
int rpr_rule_axis(const rpr_slider *s, const rpr_node *n, int i);
/** True if all inputs with columns are among [first, first + count). */
bool rpr_rule_only(const rpr_slider *s, const rpr_node *n, int first, int count, rpr_reason *why);
/** True if no output but the first is used. */
bool rpr_rule_one_output(const rpr_node *n, rpr_reason *why);

/**
 * A constant beside columns that lie along an axis of the output, to which it is broadcast: it must
 * be the same for all of them.
 */
bool rpr_rule_constant(const rpr_slider *s, const rpr_node *n, int i, rpr_motion *m,
                       rpr_reason *why);

#define RPR_RULE(name)                                                                             \
    bool rpr_rule_##name(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)

RPR_RULE(broadcast);  /* element by element, with numpy's broadcasting */
RPR_RULE(same);       /* input 0 has the columns, the output keeps their axis */
RPR_RULE(batch_norm); /* channels are axis 1 */
RPR_RULE(quantise);   /* scales of one axis */
RPR_RULE(instance_norm);
RPR_RULE(layer_norm);
RPR_RULE(softmax);
RPR_RULE(reduce);
RPR_RULE(arg_max);
RPR_RULE(global_pool);

RPR_RULE(conv);  /* weights are input 1 */
RPR_RULE(qconv); /* weights are input 3 */
RPR_RULE(pool);
RPR_RULE(pad);

RPR_RULE(matmul);  /* factors are inputs 0 and 1 */
RPR_RULE(qmatmul); /* 0 and 3 */
RPR_RULE(gemm);
RPR_RULE(qgemm);

RPR_RULE(transpose);
RPR_RULE(reshape); /* and what else keeps the elements in their order */
RPR_RULE(concat);
RPR_RULE(qconcat);
RPR_RULE(split);
RPR_RULE(slice);
RPR_RULE(gather);
RPR_RULE(expand);
RPR_RULE(tile);
RPR_RULE(blocks); /* DepthToSpace, SpaceToDepth */
RPR_RULE(resize);
RPR_RULE(recurrent);

#endif
