/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators of the library's own, of domain RPR_OWN_DOMAIN, which passes make and no file may use:
 *
 * Table(x, table): y = table[x], x and y of 8 bits, the table 256 elements of y's type; the index
 * is the byte of x, so that -128 ... -1 of an i8 tensor follow 0 ... 127.
 *
 * QLinearConv, QLinearMatMul, QGemm: as ONNX and com.microsoft have them, with a table of the
 * output's type as their last input, applied to the 8-bit result.
 */
#ifndef RPR_GRAPH_TABLE_H
#define RPR_GRAPH_TABLE_H

#include "graph/graph.h"

#define RPR_OWN_DOMAIN "reprise"
#define RPR_TABLE_SIZE 256

/** The input of a node that is a table, by its operator; RPR_NONE if it takes none. */
int rpr_table_input(const rpr_node *n);

#endif
