/* SPDX-License-Identifier: Apache-2.0 */
/* For damaged traces whose checksums are right all the same. */
#ifndef RPR_TESTS_TRACE_SEAL_H
#define RPR_TESTS_TRACE_SEAL_H

#include <stddef.h>
#include <stdint.h>

/** Start of the record `index` by the lengths that stand in the bytes; n if there is none. */
size_t seal_record_at(const uint8_t *bytes, size_t n, int index);

/** Makes the checksums of the header and of all records right, as far as lengths lead. */
void seal(uint8_t *bytes, size_t n);

#endif
