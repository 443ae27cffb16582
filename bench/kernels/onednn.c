/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oneDNN, version 2: source and destination channels last, weights in the layout that it asks for,
 * its choice of algorithm.
 */
#include "bench.h"

#ifdef HAVE_ONEDNN

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dnnl.h>

typedef struct onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[4];
    dnnl_exec_arg_t arg[4];
    float *x, *w, *bias;
    char choice[64];
} onednn;

/** Descriptors of a layer: source, weights as they are given, weights as it likes, bias, output. */
typedef struct shapes {
    dnnl_memory_desc_t x, given, w, bias, out;
    dnnl_dims_t stride, pad;
} shapes;

static void check(dnnl_status_t status, const char *what)
{
    if (status != dnnl_success)
        bench_fail(what);
}

static const char *version(const char *isa)
{
    static char text[128];
    if (strcmp(isa, "avx2") == 0)
        (void)dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
    const dnnl_version_t *v = dnnl_version();
    const unsigned has = (unsigned)dnnl_get_effective_cpu_isa();
    const char *name = (has & 0x20) ? "avx512_core" : (has & 0x4) ? "avx2" : "less than avx2";
    snprintf(text, sizeof text, "%d.%d.%d, up to %s%s%s", v->major, v->minor, v->patch, name,
             (has & 0x27) == 0x27 && (has & 0x40) ? " + vnni" : "", (has & 0x80) ? " + bf16" : "");
    return text;
}

static dnnl_memory_desc_t describe(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t d;
    check(dnnl_memory_desc_init_by_tag(&d, rank, dims, dnnl_f32, tag), "oneDNN: descriptor");
    return d;
}

static shapes shapes_of(const layer *l)
{
    const bool grouped = l->kind == LAYER_DEPTHWISE;
    const dnnl_dims_t x = {1, l->ci, l->in_h, l->in_w}, out = {1, l->co, l->out_h, l->out_w};
    const dnnl_dims_t dense = {l->co, l->ci, l->k, l->k}, depth = {l->co, 1, 1, l->k, l->k};
    const dnnl_dims_t bias = {l->co};
    return (shapes){
        .x = describe(4, x, dnnl_nhwc),
        .given = grouped ? describe(5, depth, dnnl_goihw) : describe(4, dense, dnnl_ohwi),
        .w = describe(grouped ? 5 : 4, grouped ? depth : dense, dnnl_format_tag_any),
        .bias = describe(1, bias, dnnl_a),
        .out = describe(4, out, dnnl_nhwc),
        .stride = {l->s, l->s},
        .pad = {l->pad, l->pad},
    };
}

static dnnl_primitive_desc_t plan(const layer *l, const shapes *s, dnnl_engine_t engine)
{
    dnnl_primitive_desc_t pd;
    dnnl_convolution_desc_t conv;
    dnnl_deconvolution_desc_t deconv;
    const void *op = l->kind == LAYER_TRANSPOSED ? (const void *)&deconv : (const void *)&conv;
    if (l->kind == LAYER_TRANSPOSED)
        check(dnnl_deconvolution_forward_desc_init(&deconv, dnnl_forward_inference,
                                                   dnnl_deconvolution_direct, &s->x, &s->w,
                                                   &s->bias, &s->out, s->stride, s->pad, s->pad),
              "oneDNN: deconvolution");
    else
        check(dnnl_convolution_forward_desc_init(&conv, dnnl_forward_inference,
                                                 dnnl_convolution_auto, &s->x, &s->w, &s->bias,
                                                 &s->out, s->stride, s->pad, s->pad),
              "oneDNN: convolution");
    return dnnl_primitive_desc_create(&pd, op, NULL, engine, NULL) == dnnl_success ? pd : NULL;
}

static dnnl_memory_t memory_of(const dnnl_memory_desc_t *d, dnnl_engine_t engine, float *data)
{
    dnnl_memory_t m;
    check(dnnl_memory_create(&m, d, engine, data), "oneDNN: memory");
    return m;
}

/** Weights in the planned layout. */
static float *pack(const onednn *o, const shapes *s, const dnnl_memory_desc_t *to, float *from)
{
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t reorder;
    float *packed = bench_alloc(dnnl_memory_desc_get_size(to));
    dnnl_memory_t a = memory_of(&s->given, o->engine, from), b = memory_of(to, o->engine, packed);
    const dnnl_exec_arg_t arg[] = {{DNNL_ARG_FROM, a}, {DNNL_ARG_TO, b}};
    check(dnnl_reorder_primitive_desc_create(&pd, &s->given, o->engine, to, o->engine, NULL),
          "oneDNN: reorder");
    check(dnnl_primitive_create(&reorder, pd), "oneDNN: reorder");
    check(dnnl_primitive_execute(reorder, o->stream, 2, arg), "oneDNN: reorder");
    check(dnnl_stream_wait(o->stream), "oneDNN: reorder");
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(pd);
    dnnl_memory_destroy(a);
    dnnl_memory_destroy(b);
    return packed;
}

static void destroy(void *p)
{
    onednn *o = p;
    for (int i = 0; i < 4; i++)
        if (o->memory[i])
            dnnl_memory_destroy(o->memory[i]);
    if (o->primitive)
        dnnl_primitive_destroy(o->primitive);
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
    free(o->x);
    free(o->w);
    free(o->bias);
    free(o);
}

static float *copy(const float *from, int64_t n)
{
    return memcpy(bench_floats(n), from, (size_t)n * sizeof(float));
}

static void *make(const layer *l, float *out)
{
    const shapes s = shapes_of(l);
    const char *info = "";
    onednn *o = bench_alloc(sizeof *o);
    check(dnnl_engine_create(&o->engine, dnnl_cpu, 0), "oneDNN: engine");
    check(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags), "oneDNN: stream");
    dnnl_primitive_desc_t pd = plan(l, &s, o->engine);
    if (!pd) {
        destroy(o);
        return NULL;
    }
    const dnnl_memory_desc_t w = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    o->x = copy(l->x, (int64_t)l->in_h * l->in_w * l->ci);
    o->bias = copy(l->bias, l->co);
    o->w = pack(o, &s, &w, l->w);
    (void)dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &info);
    snprintf(o->choice, sizeof o->choice, "%s", info);
    check(dnnl_primitive_create(&o->primitive, pd), "oneDNN: primitive");
    dnnl_primitive_desc_destroy(pd);
    const dnnl_memory_desc_t *desc[4] = {&s.x, &w, &s.bias, &s.out};
    float *data[4] = {o->x, o->w, o->bias, out};
    const int name[4] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST};
    for (int i = 0; i < 4; i++) {
        o->memory[i] = memory_of(desc[i], o->engine, data[i]);
        o->arg[i] = (dnnl_exec_arg_t){name[i], o->memory[i]};
    }
    return o;
}

static void run(void *p)
{
    onednn *o = p;
    check(dnnl_primitive_execute(o->primitive, o->stream, 4, o->arg), "oneDNN: execution");
    check(dnnl_stream_wait(o->stream), "oneDNN: execution");
}

static const char *choice(const void *p)
{
    return ((const onednn *)p)->choice;
}

const contestant contestant_onednn = {
    .name = "oneDNN",
    .package = "libdnnl-dev",
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

const contestant contestant_onednn = {
    .name = "oneDNN", .package = "libdnnl-dev", .version = version};

#endif
