/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_TESTS_SLIDE_NETS_H
#define RPR_TESTS_SLIDE_NETS_H

#include "../stream/build.h"

typedef struct random_window {
    int axis;
    int64_t length, hop;
} random_window;

/** A graph with one input, of operators taken at random, and a window on it. */
net random_slide_net(uint64_t seed, random_window *w);

#endif
