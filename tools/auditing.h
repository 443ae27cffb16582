/* SPDX-License-Identifier: Apache-2.0 */
/** --audit N: every Nth frame of a lane is run densely, too, and the error budget is kept. */
#ifndef TOOLS_AUDITING_H
#define TOOLS_AUDITING_H

#include "reprise/audit.h"

#include "session.h"

/** Gates were tightened or loosened. */
typedef struct audit_event {
    int64_t frame; /**< that was audited */
    double error, scale;
} audit_event;

/** Zero it before, and close it in any case. */
typedef struct auditing {
    rpr_audit *audit;
    metric metric;
    double budget; /**< below 0: none */
    audit_event *event;
    size_t n_event, room;
    rpr_audit_stats st;
    double shares; /**< of dense runs, over all frames */
    progress *bar; /**< taken away before a message */
} auditing;

/** All return an exit code after a message. */
int auditing_open(auditing *a, session *s, const lane *l);
int auditing_frame(auditing *a, const session *s); /**< after every frame of the lane */
void auditing_close(auditing *a);

#endif
