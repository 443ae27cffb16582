/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <stdio.h>
#include <string.h>

static int fits(network *n, const network_form *f)
{
    const size_t count = rpr_model_n_outputs(n->model);
    rpr_tensor_info in, out;
    if (count > (f->output ? 2 : 1) || rpr_model_n_inputs(n->model) != 1 ||
        rpr_model_input(n->model, 0, &in) != RPR_OK || in.dtype != RPR_F32)
        return 0;
    n->n_in = in.bytes / sizeof(float);
    n->n_out = f->n_out;
    for (n->output = 0; n->output < count; n->output++)
        if (rpr_model_output(n->model, n->output, &out) == RPR_OK &&
            (!f->output || strcmp(out.name, f->output) == 0))
            return out.dtype == RPR_F32 && out.bytes == f->n_out * sizeof(float) &&
                   (f->n_in == 0 || n->n_in == f->n_in);
    return 0;
}

int network_load(network *n, const char *path, const rpr_model_options *o, const network_form *form,
                 rpr_error *err)
{
    *n = (network){0};
    int status = rpr_model_load(path, o, &n->model, err);
    if (status == RPR_OK && !fits(n, form)) {
        snprintf(err->message, sizeof err->message, "is no %s", form->name);
        status = RPR_ERR_FORMAT;
    }
    if (status != RPR_OK && !strstr(err->message, path)) { /* some messages name it already */
        rpr_error line;
        snprintf(line.message, sizeof line.message, "%.400s: %.500s", path, err->message);
        *err = line;
    }
    if (status == RPR_OK && o->window)
        status = rpr_model_window(n->model, &n->win);
    return status;
}

int network_start(network *n, const rpr_stream_options *o, rpr_error *err)
{
    return rpr_stream_create(n->model, o, &n->stream, err);
}

void network_close(network *n)
{
    rpr_stream_destroy(n->stream);
    rpr_model_destroy(n->model);
    *n = (network){0};
}

int network_run(network *n, const float *x, float *y, rpr_error *err)
{
    const rpr_input in = {.data = x, .bytes = n->n_in * sizeof *x};
    rpr_output out[2] = {{0}};
    out[n->output] = (rpr_output){.data = y, .bytes = n->n_out * sizeof *y};
    const double start = tally_clock();
    const int status = rpr_stream_run(n->stream, &in, 1, out, rpr_model_n_outputs(n->model));
    if (status == RPR_OK)
        tally_add(&n->tally, n->stream, tally_clock() - start);
    else
        snprintf(err->message, sizeof err->message, "%.900s", rpr_stream_error(n->stream));
    return status;
}

/* The stream counts borders exactly, the window's numbers do not: only their ratio is used. */
double network_whole(const network *n)
{
    const double dense = (double)n->tally.macs_dense;
    return n->win.macs_hop ? dense * (double)n->win.macs / (double)n->win.macs_hop : dense;
}
