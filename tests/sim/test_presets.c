/* SPDX-License-Identifier: Apache-2.0 */
/* The paper's four networks, layer by layer, as their public recipes give them. */
#include <string.h>

#include "rig.h"

typedef struct shape {
    int32_t in[3], out[3];
} shape;

/** One layer as it should be. All have one image and one group. */
typedef struct entry {
    const char *name;
    int32_t ci, co;
    shape s;
    int32_t kernel[3], stride;
    int32_t pad;
    int64_t weights, kept;
} entry;

/** Pairs of an output and a tap that meets an input which is there. */
/** Weights: values, without biases. */
static int64_t weights_of(const sim_layer *l)
{
    return (int64_t)sim_layer_taps(l) * l->ci * sim_layer_maps(l) * l->gates;
}

static int64_t pairs(int32_t in, int32_t out, int32_t kernel, int32_t stride, int32_t pad)
{
    int64_t n = 0;
    for (int32_t o = 0; o < out; o++)
        for (int32_t t = 0; t < kernel; t++)
            n += o * stride + t - pad >= 0 && o * stride + t - pad < in;
    return n;
}

static int64_t product(const int32_t *v)
{
    return (int64_t)v[0] * v[1] * v[2];
}

static void check_layer(const sim_net *net, int32_t i, const entry *e)
{
    const sim_layer *l = &net->layer[i];
    int64_t macs = (int64_t)e->ci * e->co;
    if (strcmp(l->name, e->name) != 0)
        fail_msg("%s: layer %d is %s, should be %s", net->name, i, l->name, e->name);
    assert_int_equal(l->ci, e->ci);
    assert_int_equal(l->co, e->co);
    assert_int_equal(l->n, 1);
    assert_int_equal(l->groups, 1);
    assert_int_equal(l->gates, 1);
    assert_true(l->reuse && !l->transposed);
    for (int k = 0; k < 3; k++) {
        const rpr_trace_axis *a = &l->axis[k];
        int32_t stride = e->kernel[k] > 1 ? e->stride : 1, pad = e->kernel[k] > 1 ? e->pad : 0;
        assert_int_equal(a->in, e->s.in[k]);
        assert_int_equal(a->out, e->s.out[k]);
        assert_int_equal(a->kernel, e->kernel[k]);
        assert_int_equal(a->dilation, 1);
        if (a->out > 1)
            assert_int_equal(a->stride, stride);
        assert_int_equal(a->pad, pad);
        macs *= pairs(a->in, a->out, a->kernel, a->stride, a->pad);
    }
    assert_int_equal(weights_of(l), e->weights);
    assert_int_equal(l->kept, e->kept);
    assert_int_equal(l->macs, macs);
    assert_int_equal(sim_layer_inputs(l), e->ci * product(e->s.in));
    assert_int_equal(sim_layer_outputs(l), e->co * product(e->s.out));
    assert_int_equal(net->input[l->input].elements, sim_layer_inputs(l));
}

#define ONE                                                                                        \
    {                                                                                              \
        1, 1, 1                                                                                    \
    }
#define FC(name, in, out, weights, kept)                                                           \
    {                                                                                              \
        name, in, out, {ONE, ONE}, ONE, 1, 0, weights, kept                                        \
    }
#define C3D(name, in, out, d, hw, weights, kept)                                                   \
    {                                                                                              \
        name, in, out, {{d, hw, hw}, {d, hw, hw}}, {3, 3, 3}, 1, 1, weights, kept                  \
    }
#define DRIVE(name, in, out, h, w, oh, ow, kernel, stride, weights)                                \
    {                                                                                              \
        name, in, out, {{1, h, w}, {1, oh, ow}}, {1, kernel, kernel}, stride, 0, weights,          \
            out *oh *ow                                                                            \
    }

static const entry kaldi[] = {
    FC("FC1", 360, 360, 129600, 360),  FC("FC2", 360, 2000, 720000, 400),
    FC("FC3", 400, 2000, 800000, 400), FC("FC4", 400, 2000, 800000, 400),
    FC("FC5", 400, 2000, 800000, 400), FC("FC6", 400, 3482, 1392800, 3482),
};

/* What is kept is what the next layer reads: pooled by 1x2x2, then by 2x2x2. */
static const entry c3d[] = {
    C3D("conv1a", 3, 64, 16, 112, 5184, 3211264),
    C3D("conv2a", 64, 128, 16, 56, 221184, 802816),
    C3D("conv3a", 128, 256, 8, 28, 884736, 1605632),
    C3D("conv3b", 256, 256, 8, 28, 1769472, 200704),
    C3D("conv4a", 256, 512, 4, 14, 3538944, 401408),
    C3D("conv4b", 512, 512, 4, 14, 7077888, 50176),
    C3D("conv5a", 512, 512, 2, 7, 7077888, 50176),
    C3D("conv5b", 512, 512, 2, 7, 7077888, 8192),
    FC("fc6", 8192, 4096, 33554432, 4096),
    FC("fc7", 4096, 4096, 16777216, 4096),
    FC("fc8", 4096, 101, 413696, 101),
};

static const entry autopilot[] = {
    DRIVE("conv1", 3, 24, 66, 200, 31, 98, 5, 2, 1800),
    DRIVE("conv2", 24, 36, 31, 98, 14, 47, 5, 2, 21600),
    DRIVE("conv3", 36, 48, 14, 47, 5, 22, 5, 2, 43200),
    DRIVE("conv4", 48, 64, 5, 22, 3, 20, 3, 1, 27648),
    DRIVE("conv5", 64, 64, 3, 20, 1, 18, 3, 1, 36864),
    FC("fc1", 1152, 1164, 1152 * 1164, 1164),
    FC("fc2", 1164, 100, 116400, 100),
    FC("fc3", 100, 50, 5000, 50),
    FC("fc4", 50, 10, 500, 10),
    FC("fc5", 10, 1, 10, 1),
};

/** Takes the preset, compares it with the list; returns the sum of weights from layer `from` on. */
static int64_t check_net(const char *name, const entry *list, int32_t n, int32_t bits, int32_t from,
                         int64_t *macs)
{
    sim_net net;
    rpr_error err = {{0}};
    int64_t weights = 0;
    if (sim_preset(name, &net, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(net.name, name);
    assert_int_equal(net.n_layer, n);
    assert_false(net.recurrent);
    assert_true(net.sequence >= 1);
    *macs = 0;
    for (int32_t i = 0; i < n; i++) {
        check_layer(&net, i, &list[i]);
        assert_int_equal(net.input[net.layer[i].input].bits, bits);
        assert_true(net.input[net.layer[i].input].quantised);
        *macs += net.layer[i].macs;
        weights += i < from ? 0 : weights_of(&net.layer[i]);
        /* What a layer keeps is what the next one reads. */
        if (i > 0)
            assert_int_equal(net.layer[i - 1].kept, sim_layer_inputs(&net.layer[i]));
    }
    sim_net_free(&net);
    return weights;
}

/* 16 clusters: indices of 4 bits; 32: of 5. */
static void test_kaldi(void **state)
{
    (void)state;
    int64_t macs;
    assert_int_equal(check_net("kaldi", kaldi, 6, 4, 0, &macs), 4642400);
    assert_int_equal(macs, 4642400);
}

static void test_c3d(void **state)
{
    (void)state;
    int64_t macs;
    int64_t convs = 5184 + 221184 + 884736 + 1769472 + 3538944 + 3 * 7077888;
    int64_t fcs = 33554432 + 16777216 + 413696;
    assert_int_equal(check_net("c3d", c3d, 11, 5, 0, &macs), convs + fcs);
    /* Along an axis of n a window of 3 has 3 n - 2 taps that are no zeros of the border. */
    int64_t with_borders = fcs;
    for (int i = 0; i < 8; i++) {
        int64_t d = 3 * c3d[i].s.in[0] - 2, hw = 3 * c3d[i].s.in[1] - 2;
        with_borders += (int64_t)c3d[i].ci * c3d[i].co * d * hw * hw;
    }
    assert_int_equal(macs, with_borders);
    assert_int_equal(macs, 33010432512);
}

static void test_autopilot(void **state)
{
    (void)state;
    int64_t macs;
    assert_int_equal(check_net("autopilot", autopilot, 10, 5, 5, &macs), 1462838);
    assert_int_equal(macs, 5468400 + 14212800 + 4752000 + 1658880 + 663552 + 1462838);
}

/* Two directions of four gates each read x and the previous h of 320 cells. */
static void test_eesen(void **state)
{
    (void)state;
    sim_net net;
    rpr_error err = {{0}};
    if (sim_preset("eesen", &net, &err) != RPR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(net.n_layer, 11);
    assert_true(net.recurrent);
    for (int32_t i = 0; i < 10; i += 2) {
        int64_t both = 0;
        for (int32_t k = i; k < i + 2; k++) {
            const sim_layer *l = &net.layer[k];
            assert_int_equal(l->ci, (i == 0 ? 120 : 640) + 320);
            assert_int_equal(l->co, 320);
            assert_int_equal(l->gates, 4);
            assert_int_equal(l->kept, 320);
            assert_int_equal(l->macs, (int64_t)l->ci * 320 * 4);
            assert_int_equal(net.input[l->input].elements, l->ci);
            assert_int_equal(net.input[l->input].bits, 4);
            both += weights_of(l);
        }
        assert_int_equal(both, i == 0 ? 1126400 : 2457600);
    }
    assert_int_equal(weights_of(&net.layer[10]), 32000);
    assert_int_equal(net.layer[10].ci, 640);
    assert_int_equal(net.layer[10].co, 50);
    sim_net_free(&net);
}

/* On the builtin machine Kaldi and AutoPilot fit into eDRAM, EESEN layer by layer; C3D does not. */
static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sim_weights first, last;
    } want[] = {{"kaldi", SIM_WEIGHTS_RESIDENT, SIM_WEIGHTS_RESIDENT},
                {"eesen", SIM_WEIGHTS_SEQUENCE, SIM_WEIGHTS_SEQUENCE},
                {"c3d", SIM_WEIGHTS_LOADED, SIM_WEIGHTS_STREAMED},
                {"autopilot", SIM_WEIGHTS_RESIDENT, SIM_WEIGHTS_RESIDENT}};
    sim_config c;
    rpr_error err = {{0}};
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    for (int i = 0; i < 4; i++) {
        sim_net net;
        sim_plan p;
        assert_string_equal(sim_preset_name(i), want[i].name);
        assert_int_equal(sim_preset(want[i].name, &net, &err), RPR_OK);
        for (int v = 0; v < SIM_N_VARIANTS; v++) {
            if (sim_plan_make(&c, &net, v == SIM_REUSE, &p, &err) != RPR_OK)
                fail_msg("%s", err.message);
            assert_int_equal(p.layer[0].weights, want[i].first);
            assert_int_equal(p.layer[net.n_layer - 1].weights, want[i].last);
            assert_true(p.weights_used <= c.tiles * c.weights_size);
            assert_true(p.io_used <= c.tiles * (v == SIM_REUSE ? c.io_size_reuse : c.io_size));
            sim_plan_free(&p);
        }
        sim_net_free(&net);
    }
    assert_null(sim_preset_name(4));
}

static void test_unknown(void **state)
{
    (void)state;
    sim_net net;
    rpr_error err = {{0}};
    assert_int_equal(sim_preset("alexnet", &net, &err), RPR_ERR_ARGUMENT);
    for (int i = 0; i < 4; i++)
        assert_non_null(strstr(err.message, sim_preset_name(i)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kaldi),     cmocka_unit_test(test_c3d),
        cmocka_unit_test(test_autopilot), cmocka_unit_test(test_eesen),
        cmocka_unit_test(test_places),    cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
