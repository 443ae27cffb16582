/* SPDX-License-Identifier: Apache-2.0 */
/* The networks that the tests of the engine run. */
#ifndef RPR_TESTS_STREAM_NETS_H
#define RPR_TESTS_STREAM_NETS_H

#include "plan/model.h"

/** i below nets_count(); the caller destroys the model. */
size_t nets_count(void);
/** With those of which recurrent layers have gates of their own, behind the others. */
size_t nets_all(void);
const char *nets_name(size_t i);
rpr_model *nets_make(size_t i);

/** By name; the program ends if there is none. */
rpr_model *nets_named(const char *name);

/** 10 to 20 random nodes on a picture. */
rpr_model *nets_random(uint64_t seed);

/** The same networks before any pass; the caller frees the graph. */
rpr_graph *nets_graph(size_t i);
rpr_graph *nets_random_graph(uint64_t seed);

#endif
