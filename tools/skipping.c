/* SPDX-License-Identifier: Apache-2.0 */
#include "skipping.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const int factors[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32};
enum { FACTORS = sizeof factors / sizeof factors[0], FEWEST = 2 };
static const size_t ROOM = (size_t)256 << 20; /* bytes for held outputs */

/* How many factors fit the room; large outputs leave the last ones out. */
static size_t fitting(const session *s)
{
    size_t bytes = 1;
    for (size_t i = 0; i < s->n_out; i++)
        bytes += s->out_info[i].bytes;
    size_t n = ROOM / bytes;
    return n < FEWEST ? FEWEST : n < FACTORS ? n : FACTORS;
}

int skipping_open(skipping *r, const session *s)
{
    size_t n = fitting(s);
    *r = (skipping){.one = calloc(n, sizeof *r->one)};
    if (!r->one)
        return cli_no_memory();
    r->n = n;
    for (size_t i = 0; i < n; i++) {
        r->one[i].every = factors[i];
        r->one[i].held = outputs_new(s);
        if (!r->one[i].held || !error_sum_init(&r->one[i].error, s->n_out))
            return cli_no_memory();
    }
    return CLI_DONE;
}

void skipping_close(skipping *r, const session *s)
{
    for (size_t i = 0; i < r->n; i++) {
        outputs_free(r->one[i].held, s->n_out);
        boxes_free(&r->one[i].boxes);
        error_sum_free(&r->one[i].error);
    }
    free(r->one);
}

int skipping_frame(skipping *r, const session *s, const lane *dense)
{
    for (size_t i = 0; i < r->n; i++) {
        skipping_one *one = &r->one[i];
        if (r->frames % one->every == 0) {
            for (size_t k = 0; k < s->n_out; k++)
                memcpy(one->held[k].data, dense->out[k].data, dense->out[k].bytes);
            if (!boxes_copy(&one->boxes, &dense->boxes))
                return cli_no_memory();
        }
        error_sum_add(&one->error, s->out_info, dense->out, one->held);
        agreement_add(&one->agreement, &dense->boxes, &one->boxes);
    }
    r->frames++;
    return CLI_DONE;
}

const skipping_one *skipping_rival(const skipping *r, double mac_share)
{
    size_t i = 0;
    while (i + 1 < r->n && r->one[i + 1].every * mac_share <= 1)
        i++;
    return &r->one[i];
}
