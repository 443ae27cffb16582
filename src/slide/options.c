/* SPDX-License-Identifier: Apache-2.0 */
#include "slide/slide.h"

#include "core/alloc.h"

int rpr_slide_check_options(const rpr_window *w, rpr_error *err)
{
    if (w->length < 0)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: length %lld", (long long)w->length);
    if (w->hop < 1)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: hop %lld, not 1 or more",
                        (long long)w->hop);
    if (w->length > 0 && w->hop >= w->length)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "window: a hop of %lld leaves nothing of %lld",
                        (long long)w->hop, (long long)w->length);
    return RPR_OK;
}

void rpr_slide_free(rpr_slide *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_layer; i++) {
        rpr_free(s->layer[i].name);
        rpr_free(s->layer[i].op);
        rpr_free(s->layer[i].reason);
    }
    rpr_free(s->layer);
    rpr_free(s);
}
