/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of the library's own, of domain RPR_OWN_DOMAIN, which passes make and no file may use:
 *
 * Table(x, table): y = table[x], x and y of 8 bits, the table 256 elements of y's type; the index
 * is the byte of x, so that -128 ... -1 of an i8 tensor follow 0 ... 127.
 *
 * Delay(tail, head): the columns of a sliding window along `axis`, of which `length` are put out.
 * The last are tail's, the first those of head (optional), and the others what the output was
 * `period` calls ago, `shift` columns further on; zeros while there were not so many calls. tail
 * has at least `shift` columns; both have at most `length` together. All attributes are ints, and
 * given. The output has the inputs' type and shape but for dimension `axis`. It is the one operator
 * with a memory: its evaluation by definition is that of a first call.
 *
 * QLinearResize(x, roi, scales, sizes, x_scale, x_zero, y_scale, y_zero): Resize of opset 11 to 17,
 * of which it has the attributes and the opset, between DequantizeLinear and QuantizeLinear, all of
 * u8. Only the last two axes are resized, and nothing is extrapolated: roi is not read. The weights
 * of both axes are multiplied, and the products summed row by row, in f32.
 *
 * QLinearConv, QLinearMatMul, QGemm: as ONNX and com.microsoft have them, with a table of the
 * output's type as their last input, applied to the 8-bit result.
 *
 * QLinearConvTranspose: ConvTranspose of one group with the inputs of QLinearConv; the weights'
 * scales and zero points are by output channel, which is axis 1, or of the whole. Positions outside
 * of the input add nothing. The table is optional.
 */
#ifndef RPR_GRAPH_TABLE_H
#define RPR_GRAPH_TABLE_H

#include "graph/graph.h"

#define RPR_OWN_DOMAIN "reprise"
#define RPR_TABLE_SIZE 256

/** The input of a node that is a table, by its operator; RPR_NONE if it takes none. */
int rpr_table_input(const rpr_node *n);

/** What it puts out depends on earlier calls: it is no constant, whatever its inputs are. */
bool rpr_node_is_delay(const rpr_node *n);

#endif
