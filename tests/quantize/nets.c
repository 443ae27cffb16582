/* SPDX-License-Identifier: Apache-2.0 */
#include "nets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

float next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1u << 23) - 1.0f;
}

void net_weights(model *m, uint32_t *state, const char *name, int rank, const int64_t *dims)
{
    float w[4096];
    int64_t count = 1, row = 1;
    for (int i = 0; i < rank; i++)
        count *= dims[i];
    for (int i = 1; i < rank; i++)
        row *= dims[i];
    for (int64_t i = 0; i < count; i++)
        w[i] = next_random(state) * sqrtf(3.0f / (float)row);
    model_floats(m, name, rank, dims, w);
}

/** A convolution 3 x 3 or 1 x 1 that keeps the size. */
static void conv(model *m, const char *in, const char *out, int64_t group, int64_t k)
{
    char names[64], name[32];
    (void)snprintf(names, sizeof names, "%s,%s.w,%s.b", in, out, out);
    (void)snprintf(name, sizeof name, "conv_%s", out);
    Onnx__NodeProto *n = model_node(m, "Conv", name, names, out);
    node_int(m, n, "group", group);
    node_ints(m, n, "pads", 4, DIMS(k / 2, k / 2, k / 2, k / 2));
}

/** The first layer's output channels times factors, the depthwise layer's divided by them. */
static void spread_channels(model *m, uint32_t *state, float spread)
{
    float w1[8 * 27], b1[8], w2[8 * 9];
    for (int c = 0; c < 8; c++) {
        const float factor = powf(spread, (float)c / 7.0f);
        for (int i = 0; i < 27; i++)
            w1[c * 27 + i] = next_random(state) / 3.0f / factor;
        for (int i = 0; i < 9; i++)
            w2[c * 9 + i] = (next_random(state) + 0.5f) / 2.0f * factor;
        b1[c] = 0.3f * next_random(state) / factor;
    }
    model_floats(m, "a.w", 4, DIMS(8, 3, 3, 3), w1);
    model_floats(m, "a.b", 1, DIMS(8), b1);
    model_floats(m, "b.w", 4, DIMS(8, 1, 3, 3), w2);
}

model *net_branches(float spread)
{
    uint32_t state = 3;
    model *m = model_new();
    model_input(m, "x", RPR_F32, 4, DIMS(1, 3, SIDE, SIDE));
    spread_channels(m, &state, spread);
    net_weights(m, &state, "b.b", 1, DIMS(8));
    net_weights(m, &state, "c.w", 4, DIMS(8, 8, 1, 1));
    net_weights(m, &state, "c.b", 1, DIMS(8));
    net_weights(m, &state, "y.w", 4, DIMS(4, 16, 3, 3));
    net_weights(m, &state, "y.b", 1, DIMS(4));
    conv(m, "x", "a", 1, 3);
    model_node(m, "Relu", "relu", "a", "ar");
    conv(m, "ar", "b", 8, 3);
    node_float(m, model_node(m, "LeakyRelu", "leaky", "b", "bl"), "alpha", 0.1f);
    conv(m, "bl", "c", 1, 1);
    Onnx__NodeProto *pool = model_node(m, "MaxPool", "pool", "c", "p");
    node_ints(m, pool, "kernel_shape", 2, DIMS(2, 2));
    node_ints(m, pool, "strides", 2, DIMS(2, 2));
    model_floats(m, "scales", 1, DIMS(4), FLOATS(1, 1, 2, 2));
    model_node(m, "Resize", "resize", "p,,scales", "q");
    node_int(m, model_node(m, "Concat", "concat", "c,q", "k"), "axis", 1);
    conv(m, "k", "y", 1, 3);
    model_output(m, "y");
    return m;
}

void net_write(model *m, const char *path)
{
    size_t size;
    const uint8_t *bytes = model_pack(m, &size);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
    model_free(m);
}

film *film_new(void)
{
    uint32_t state = 11;
    film *f = calloc(1, sizeof *f);
    f->broken = -1;
    for (int i = 0; i < FRAMES; i++)
        for (int k = 0; k < 3 * SIDE * SIDE; k++)
            f->x[i][k] =
                0.5f + 0.4f * sinf((float)k * 0.05f + (float)i) + 0.1f * next_random(&state);
    return f;
}

static int frame(void *user, size_t i, rpr_input *in)
{
    const film *f = user;
    in[0] = (rpr_input){.data = f->x[i], .bytes = sizeof f->x[i]};
    return (int)i == f->broken;
}

rpr_sample film_sample(film *f)
{
    return (rpr_sample){.user = f, .n = FRAMES, .frame = frame};
}
