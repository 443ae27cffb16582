/* SPDX-License-Identifier: Apache-2.0 */
/** The options of models that take sound: setters for args.c's table. */
#ifndef TOOLS_ARGS_SOUND_H
#define TOOLS_ARGS_SOUND_H

int set_rate(void *target, const char *v);
int set_hop(void *target, const char *v);
int set_context(void *target, const char *v);
int set_gain(void *target, const char *v);
int set_features(void *target, const char *v);

#endif
