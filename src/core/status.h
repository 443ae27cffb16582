/* SPDX-License-Identifier: Apache-2.0 */
/* How an inner function fails: it writes one line into an rpr_error and returns a status. */
#ifndef RPR_CORE_STATUS_H
#define RPR_CORE_STATUS_H

#include "reprise/reprise.h"

/** Writes the line (err may be NULL) and returns status, so that `return rpr_fail(...)` reads well.
 */
int rpr_fail(rpr_error *err, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define RPR_TRY(expr)                                                                              \
    do {                                                                                           \
        int rpr_try_status_ = (expr);                                                              \
        if (rpr_try_status_ != RPR_OK)                                                             \
            return rpr_try_status_;                                                                \
    } while (0)

#endif
