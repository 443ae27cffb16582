/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_TESTS_STREAM_NETS_SEQUENCE_H
#define RPR_TESTS_STREAM_NETS_SEQUENCE_H

#include "build.h"

void nets_one_step(net *b);
void nets_many_steps(net *b);
void nets_batch_first(net *b);
void nets_peepholes(net *b);
void nets_volume(net *b);
void nets_functions(net *b);

#endif
