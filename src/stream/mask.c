/* SPDX-License-Identifier: Apache-2.0 */
/* What the caller knows of a frame: rectangles that may have changed, and that are to be ignored.
 */
#include "stream/stream.h"

#include <string.h>

static int check_rects(rpr_stream *s, const rpr_tensor *t, const char *what, const rpr_rect *r,
                       size_t n)
{
    if (n > 0 && !r)
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': %s is NULL, but has %zu", t->name,
                        what, n);
    for (size_t i = 0; i < n; i++) {
        if (r[i].w < 0 || r[i].h < 0)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "input '%s': %s %zu: size %d x %d",
                            t->name, what, i, (int)r[i].w, (int)r[i].h);
        int64_t right = (int64_t)r[i].x + r[i].w, below = (int64_t)r[i].y + r[i].h;
        if (r[i].x >= t->w || r[i].y >= t->h || right < 0 || below < 0 ||
            (r[i].w > 0 && right == 0) || (r[i].h > 0 && below == 0))
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT,
                            "input '%s': %s %zu at %d, %d lies outside of %d x %d", t->name, what,
                            i, (int)r[i].x, (int)r[i].y, (int)t->w, (int)t->h);
    }
    return RPR_OK;
}

int rpr_stream_check_masks(rpr_stream *s, const rpr_mask *mask)
{
    for (int i = 0; mask && i < s->plan->n_given; i++) {
        const rpr_tensor *t = &s->plan->tensor[s->plan->input[i]];
        bool none = !mask[i].damage && mask[i].n_damage == 0 && mask[i].n_ignore == 0;
        bool picture = t->rank == 4 && (t->chan_axis == 1 || t->chan_axis == 3);
        if (!none && !picture)
            return rpr_fail(&s->error, RPR_ERR_ARGUMENT,
                            "input '%s': a mask needs a picture, batch x channels x height x width "
                            "or batch x height x width x channels",
                            t->name);
        RPR_TRY(check_rects(s, t, "damage", mask[i].damage, mask[i].n_damage));
        RPR_TRY(check_rects(s, t, "ignore", mask[i].ignore, mask[i].n_ignore));
    }
    return RPR_OK;
}

/** Sets the marks of the rectangles' parts in row y; false if none reaches it. */
static bool mark_rects(uint8_t *row, int32_t w, const rpr_rect *r, size_t n, int32_t y, uint8_t to)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        int64_t x0 = r[i].x > 0 ? r[i].x : 0, x1 = (int64_t)r[i].x + r[i].w;
        x1 = x1 < w ? x1 : w;
        if (y < r[i].y || y >= (int64_t)r[i].y + r[i].h || x0 >= x1)
            continue;
        memset(row + x0, to, (size_t)(x1 - x0));
        any = true;
    }
    return any;
}

bool rpr_stream_look(rpr_stream *s, const rpr_tensor *t, const rpr_mask *mask, int32_t y, bool *all)
{
    *all = !mask || (!mask->damage && mask->n_ignore == 0);
    if (*all)
        return true;
    memset(s->look_row, mask->damage ? 0 : 1, (size_t)t->w);
    if (mask->damage && !mark_rects(s->look_row, t->w, mask->damage, mask->n_damage, y, 1))
        return false;
    (void)mark_rects(s->look_row, t->w, mask->ignore, mask->n_ignore, y, 0);
    return true;
}
