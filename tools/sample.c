/* SPDX-License-Identifier: Apache-2.0 */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

static int add(sample *a, const rpr_input *in)
{
    if (a->n == a->room) {
        size_t room = a->room ? 2 * a->room : 64;
        rpr_input *wider = realloc(a->in, room * sizeof *wider);
        if (!wider)
            return 0;
        a->in = wider;
        a->room = room;
    }
    void *copy = malloc(in->bytes);
    if (!copy)
        return 0;
    memcpy(copy, in->data, in->bytes);
    a->in[a->n] = *in;
    a->in[a->n++].data = copy;
    return 1;
}

int sample_read(sample *a, session *s)
{
    int code = CLI_DONE;
    while (code == CLI_DONE && session_next(s, &code)) {
        if (!add(a, &s->in))
            code = cli_no_memory();
    }
    return session_end(s, code);
}

void sample_free(sample *a)
{
    for (size_t i = 0; i < a->n; i++)
        free((void *)(uintptr_t)a->in[i].data);
    free(a->in);
}

static int frame(void *user, size_t i, rpr_input *in)
{
    const sample *a = user;
    *in = a->in[i];
    return 0;
}

rpr_sample sample_frames(const sample *a)
{
    return (rpr_sample){.user = (void *)(uintptr_t)a, .n = a->n, .frame = frame};
}
