/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle of layers of words: sums and bytes must equal, in every bit, what the scalar kernels
 * make of xhat.
 */
#include "stream/oracle.h"

#include <string.h>

#include "core/alloc.h"
#include "ops/linear_words.h"

/** One row of outputs as it should be. */
typedef struct row {
    rpr_map z, a; /* of one row, owned */
} row;

static bool make_row(const rpr_linear *l, const rpr_map *a, row *r)
{
    const size_t w = (size_t)l->out_w;
    const int32_t z_floats = rpr_linear_z_floats(l, l->out_c);
    /* Strides of 0: whatever row is computed is written here. */
    r->z = (rpr_map){.n = 1, .h = 1, .w = l->out_w, .c = l->out_c, .pix = z_floats};
    r->a = (rpr_map){.n = 1, .h = 1, .w = l->out_w, .c = a->c, .pix = a->c};
    r->z.data = rpr_alloc_array(w * (size_t)z_floats, sizeof(float));
    r->a.data = rpr_alloc_array(w * (size_t)a->c, sizeof(float));
    return r->z.data && r->a.data;
}

/** Pixels that are not as they should be; of each as many floats as there are. */
static int64_t differing(const rpr_map *m, int32_t n, int32_t y, const rpr_map *should)
{
    int64_t found = 0;
    for (int32_t x = 0; m->data && x < m->w; x++)
        found += memcmp(rpr_map_at(m, n, y, x), rpr_map_at(should, 0, 0, x),
                        (size_t)should->pix * sizeof(float)) != 0;
    return found;
}

/** Computes output row y of image n: what each phase has of it. */
static void compute_row(const rpr_linear *l, const rpr_map *x, const row *r, int32_t n, int32_t y)
{
    const rpr_kernels *scalar = rpr_kernels_named("scalar");
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_phase *p = &l->phase[i];
        const int32_t at = y - p->out_y0;
        if (at >= 0 && at % p->out_sy == 0 && at / p->out_sy < p->rows)
            rpr_words_row(l, scalar, p, x, &r->z, &r->a, n, at / p->out_sy, NULL);
    }
}

static int64_t check_rows(const rpr_linear *l, const rpr_map *x, const rpr_map *z, const rpr_map *a,
                          const row *r)
{
    int64_t found = 0;
    for (int32_t n = 0; n < l->n; n++)
        for (int32_t y = 0; y < l->out_h; y++) {
            compute_row(l, x, r, n, y);
            found += differing(z, n, y, &r->z) + differing(a, n, y, &r->a);
        }
    return found;
}

bool rpr_oracle_words(const rpr_linear *l, const rpr_map *x, const rpr_map *z, const rpr_map *a,
                      int64_t *wrong)
{
    row r;
    bool made = make_row(l, a, &r);
    if (made)
        *wrong = check_rows(l, x, z, a, &r);
    rpr_free(r.z.data);
    rpr_free(r.a.data);
    return made;
}
