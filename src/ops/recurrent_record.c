/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gates of a recurrent layer found, for traces. While a call runs every row has room for
 * all of its values; then the rows move together.
 */
#include <string.h>

#include "ops/recurrent_work.h"

static int64_t values_of(const rpr_recurrent_layer *l)
{
    return l->s.inputs + l->s.hidden;
}

static int64_t rows_of_direction(const rpr_recurrent_layer *l)
{
    return l->s.batch * l->s.steps;
}

bool rpr_recurrent_records(const rpr_recurrent_layer *l)
{
    return l->product[0][RPR_ON_RESET].ci == 0;
}

size_t rpr_recurrent_record_bytes(const rpr_recurrent_layer *l)
{
    const int64_t rows = rows_of_direction(l) * l->s.directions;
    return (size_t)(rows * (1 + values_of(l))) * sizeof(int32_t);
}

void rpr_recurrent_record_open(rpr_recurrent_record *record, const rpr_recurrent_layer *l,
                               void *memory)
{
    *record = (rpr_recurrent_record){.row_n = memory};
    if (memory)
        record->idx = record->row_n + rows_of_direction(l) * l->s.directions;
}

const int32_t *rpr_recurrent_record_rows(const rpr_recurrent_record *record,
                                         const rpr_recurrent_layer *l, int d)
{
    return record->row_n + d * rows_of_direction(l);
}

const int32_t *rpr_recurrent_record_list(const rpr_recurrent_record *record,
                                         const rpr_recurrent_layer *l, int d)
{
    return record->idx + d * rows_of_direction(l) * values_of(l);
}

void rpr_recurrent_note(rpr_recurrent_work *r, int which, const int32_t *idx, int32_t n)
{
    int32_t *row_n = &r->record->row_n[r->step];
    int32_t first = which == RPR_ON_INPUT ? 0 : (int32_t)r->l->s.inputs;
    if (which == RPR_ON_INPUT)
        *row_n = 0;
    int32_t *to = r->record->idx + r->step * values_of(r->l) + *row_n;
    for (int32_t k = 0; k < n; k++)
        to[k] = first + (idx ? idx[k] : k);
    *row_n += n;
}

void rpr_recurrent_note_direction(rpr_recurrent_work *r, int d, const rpr_recurrent_counts *before)
{
    rpr_recurrent_record *record = r->record;
    const int64_t values = values_of(r->l), first = d * rows_of_direction(r->l);
    int32_t *to = record->idx + first * values;
    for (int64_t row = first; row < first + rows_of_direction(r->l); row++) {
        memmove(to, record->idx + row * values, (size_t)record->row_n[row] * sizeof *to);
        to += record->row_n[row];
    }
    record->changed[d] = r->counts.changed - before->changed;
    record->macs[d] = r->counts.macs - before->macs;
}
