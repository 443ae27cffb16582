/* SPDX-License-Identifier: Apache-2.0 */
/* One case of ONNX's own test data: a model of few nodes, its inputs and its expected outputs. */
#ifndef TEST_OPS_CASE_H
#define TEST_OPS_CASE_H

#include "graph/graph.h"

typedef enum case_status {
    CASE_PASSED,
    CASE_FAILED,
    CASE_REFUSED,    /* every operator is known, but this form of one is an RPR_ERR_UNSUPPORTED */
    CASE_NOT_CLAIMED /* an operator or an element type is not known */
} case_status;

#define CASE_MAX_OPS 32

typedef struct case_result {
    case_status status;
    char reason[1200];            /* unless passed */
    char op[CASE_MAX_OPS][64];    /* the operator types of the model */
    bool known[CASE_MAX_OPS];     /* whether there is a definition at the model's opset */
    unsigned types[CASE_MAX_OPS]; /* bit t: an input has element type t */
    int n_op;
    double worst; /* largest |got - expected| / (atol + rtol * |expected|) over all floats */
} case_result;

/** Loads and runs DIR/model.onnx with DIR/test_data_set_0. */
void case_run(const char *dir, case_result *r);

#endif
