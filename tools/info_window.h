/* SPDX-License-Identifier: Apache-2.0 */
/** What became of a model's window, node by node: a part of info. */
#ifndef TOOLS_INFO_WINDOW_H
#define TOOLS_INFO_WINDOW_H

#include <jansson.h>

#include "reprise/reprise.h"

#include "args.h"

/** Of a model that was loaded with o's window. */
void info_window_print(const cli_options *o, const rpr_model *m);
json_t *info_window_json(const cli_options *o, const rpr_model *m);

#endif
