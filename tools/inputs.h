/* SPDX-License-Identifier: Apache-2.0 */
/** What each input of the model is fed with: one gets what INPUT holds, others what --set says. */
#ifndef TOOLS_INPUTS_H
#define TOOLS_INPUTS_H

#include "reprise/reprise.h"

#include "args.h"

typedef struct inputs {
    size_t n;             /**< of the model */
    size_t main;          /**< the one that INPUT feeds */
    rpr_tensor_info info; /**< of it */
    rpr_input *in;   /**< all of them, as rpr_stream_run takes them; in[main] is the caller's */
    void **constant; /**< values of --set; NULL for the main one */
} inputs;

/** Finds the sources of all inputs. Returns an exit code, after a message if it is not 0. */
int inputs_open(inputs *a, const rpr_model *m, const cli_options *o);
void inputs_close(inputs *a);

/** Whether INPUT is sound: an option of sound was given, or no picture fits the main input. */
int inputs_are_sound(const inputs *a, const cli_options *o);

#endif
