/* SPDX-License-Identifier: Apache-2.0 */
/* XNNPACK without a thread pool: weights packed once, no activation. */
#include "bench.h"

#ifdef HAVE_XNNPACK

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <xnnpack.h>

typedef struct xnn {
    xnn_operator_t op;
    float *x;
} xnn;

static const char *version(const char *isa)
{
    (void)isa;
    return XNNPACK_PACKAGE;
}

static enum xnn_status create(const layer *l, xnn_operator_t *op)
{
    const uint32_t k = (uint32_t)l->k, s = (uint32_t)l->s, p = (uint32_t)l->pad;
    const size_t ci = (size_t)l->ci, co = (size_t)l->co;
    if (l->kind == LAYER_TRANSPOSED)
        return xnn_create_deconvolution2d_nhwc_f32(p, p, p, p, k, k, s, s, 1, 1, 1, ci, co, ci, co,
                                                   l->w, l->bias, -INFINITY, INFINITY, 0, op);
    const bool depthwise = l->kind == LAYER_DEPTHWISE;
    return xnn_create_convolution2d_nhwc_f32(
        p, p, p, p, k, k, s, s, 1, 1, depthwise ? (uint32_t)ci : 1, depthwise ? 1 : ci,
        depthwise ? 1 : co, ci, co, l->w, l->bias, -INFINITY, INFINITY, 0, op);
}

static void destroy(void *p)
{
    xnn *x = p;
    if (x->op)
        xnn_delete_operator(x->op);
    free(x->x);
    free(x);
}

static void *make(const layer *l, float *out)
{
    const size_t h = (size_t)l->in_h, w = (size_t)l->in_w;
    const int64_t n = (int64_t)l->in_h * l->in_w * l->ci;
    if (xnn_initialize(NULL) != xnn_status_success)
        return NULL;
    xnn *p = bench_alloc(sizeof *p);
    p->x = bench_floats(n);
    memcpy(p->x, l->x, (size_t)n * sizeof *p->x);
    enum xnn_status status = create(l, &p->op);
    if (status == xnn_status_success)
        status = l->kind == LAYER_TRANSPOSED
                     ? xnn_setup_deconvolution2d_nhwc_f32(p->op, 1, h, w, 0, 0, p->x, out, NULL)
                     : xnn_setup_convolution2d_nhwc_f32(p->op, 1, h, w, p->x, out, NULL);
    if (status == xnn_status_success)
        return p;
    destroy(p);
    return NULL;
}

static void run(void *p)
{
    if (xnn_run_operator(((xnn *)p)->op, NULL) != xnn_status_success)
        bench_fail("XNNPACK: an operator failed");
}

static const char *choice(const void *p)
{
    (void)p;
    return "";
}

const contestant contestant_xnnpack = {
    .name = "XNNPACK",
    .package = "libxnnpack-dev",
    .version = version,
    .make = make,
    .run = run,
    .choice = choice,
    .destroy = destroy,
};

#else

static const char *version(const char *isa)
{
    (void)isa;
    return NULL;
}

const contestant contestant_xnnpack = {
    .name = "XNNPACK", .package = "libxnnpack-dev", .version = version};

#endif
