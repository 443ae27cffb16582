/* SPDX-License-Identifier: Apache-2.0 */
#include "skipping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { LIMIT = 32 };
static const size_t ROOM = (size_t)256 << 20; /* bytes for held outputs */

int skipping_open(skipping *r, const session *s)
{
    size_t bytes = 1;
    for (size_t i = 0; i < s->n_out; i++)
        bytes += s->out_info[i].bytes;
    *r = (skipping){.limit = ROOM / bytes < LIMIT ? (int)(ROOM / bytes) : LIMIT};
    r->limit = r->limit < 2 ? 2 : r->limit;
    r->one = calloc((size_t)r->limit, sizeof *r->one);
    if (!r->one) {
        r->limit = 0;
        return cli_no_memory();
    }
    for (int k = 0; k < r->limit; k++) {
        r->one[k].held = outputs_new(s);
        if (!r->one[k].held || !error_sum_init(&r->one[k].error, s->n_out))
            return cli_no_memory();
    }
    return CLI_DONE;
}

void skipping_close(skipping *r, const session *s)
{
    for (int k = 0; k < r->limit; k++) {
        outputs_free(r->one[k].held, s->n_out);
        boxes_free(&r->one[k].boxes);
        error_sum_free(&r->one[k].error);
    }
    free(r->one);
}

int skipping_frame(skipping *r, const session *s, const lane *dense)
{
    for (int k = 1; k <= r->limit; k++) {
        skipping_one *one = &r->one[k - 1];
        if (r->frames % k == 0) {
            for (size_t i = 0; i < s->n_out; i++)
                memcpy(one->held[i].data, dense->out[i].data, dense->out[i].bytes);
            if (!boxes_copy(&one->boxes, &dense->boxes))
                return cli_no_memory();
        }
        error_sum_add(&one->error, s->out_info, dense->out, one->held);
        agreement_add(&one->agreement, &dense->boxes, &one->boxes);
    }
    r->frames++;
    return CLI_DONE;
}

int skipping_factor(const skipping *r, double mac_share)
{
    double k = mac_share > 0 ? floor(1 / mac_share + 0.5) : r->limit;
    return k < 1 ? 1 : k > r->limit ? r->limit : (int)k;
}
