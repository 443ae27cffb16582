/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_STREAM_ORACLE_H
#define RPR_STREAM_ORACLE_H

#include "stream/stream.h"

/**
 * Pixels of z (data NULL: not kept) and a that differ from what the layer makes of x. False if
 * memory ran out.
 */
bool rpr_oracle_words(const rpr_linear *l, const rpr_map *x, const rpr_map *z, const rpr_map *a,
                      int64_t *wrong);

#endif
