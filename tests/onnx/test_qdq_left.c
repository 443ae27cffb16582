/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised graphs that stay f32 in parts, and those that are refused by the node's name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "qnet.h"

#define U RPR_U8
#define LEFT(middle) "QuantizeLinear DequantizeLinear " middle " QuantizeLinear DequantizeLinear"

static model *start(int rank, const int64_t *dims)
{
    model *m = qnet_new(U, rank, dims);
    qnet_load(m, "x", "dx", 0.03f, 108, U);
    return m;
}

static model *conv(const char *inputs)
{
    model *m = start(4, DIMS(1, 4, 3, 3));
    qnet_weights(m, 4, DIMS(3, 4, 1, 1), 0);
    model_node(m, "Conv", "the_conv", inputs, "c");
    return m;
}

/* Its result is wanted in f32, too. */
static void test_also_real(void **state)
{
    (void)state;
    model *m = conv("dx,w");
    qnet_end(m, "c", 0.1f, 128, U);
    model_output(m, "c");
    qnet_check(m, LEFT("Conv"), 0);
    m = conv("dx,w");
    model_node(m, "Exp", "exp", "c", "e");
    model_node(m, "Relu", "relu", "c", "r");
    qnet_end(m, "r", 0.1f, 128, U);
    model_output(m, "e");
    qnet_check(m, "QuantizeLinear DequantizeLinear Conv Exp Relu QuantizeLinear DequantizeLinear",
               0);
    m = conv("dx,w"); /* or only so */
    model_output(m, "c");
    qnet_check(m, "QuantizeLinear DequantizeLinear Conv", 0);
}

static void test_weights(void **state)
{
    (void)state;
    model *m = start(4, DIMS(1, 4, 3, 3)); /* of f32 */
    model_floats(m, "w", 4, DIMS(1, 4, 1, 1), FLOATS(1, 2, 3, 4));
    model_node(m, "Conv", "n", "dx,w", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("Conv"), 0);
    m = start(4, DIMS(1, 4, 3, 3)); /* of u8 that do not fit 8 bits with a sign */
    tensor_raw(m, model_init(m, "W", U, 4, DIMS(1, 4, 1, 1)), (uint8_t[]){0, 9, 200, 255}, 4);
    qnet_load(m, "W", "w", 0.01f, 100, U);
    model_node(m, "Conv", "n", "dx,w", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("Conv"), 0);
    m = start(2, DIMS(3, 4)); /* by the wrong axis for the product */
    qnet_weights(m, 2, DIMS(4, 4), 0);
    model_node(m, "MatMul", "n", "dx,w", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("MatMul"), 0);
    m = start(2, DIMS(4, 4)); /* no constants */
    model_node(m, "MatMul", "n", "dx,dx", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("MatMul"), 0);
}

/* ConvTranspose of f32: of groups, by the wrong axis, along three axes. */
static void test_transposed(void **state)
{
    (void)state;
    model *m = start(4, DIMS(1, 4, 3, 3));
    qnet_weights(m, 4, DIMS(4, 2, 2, 2), 1);
    node_int(m, model_node(m, "ConvTranspose", "n", "dx,w", "c"), "group", 2);
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("ConvTranspose"), 0);
    m = start(4, DIMS(1, 4, 3, 3));
    qnet_weights(m, 4, DIMS(4, 4, 2, 2), 0);
    model_node(m, "ConvTranspose", "n", "dx,w", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("ConvTranspose"), 0);
    m = start(5, DIMS(1, 2, 3, 3, 3));
    qnet_weights(m, 5, DIMS(2, 2, 2, 2, 2), 1);
    model_node(m, "ConvTranspose", "n", "dx,w", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("ConvTranspose"), 0);
}

static model *norm(int rank, const int64_t *dims, float scale)
{
    model *m = start(rank, dims);
    model_floats(m, "s", 1, DIMS(2), FLOATS(1, scale));
    model_floats(m, "b", 1, DIMS(2), FLOATS(0.01f, -3.456f));
    model_floats(m, "v", 1, DIMS(2), FLOATS(1, 4));
    model_node(m, "BatchNormalization", "n", "dx,s,b,b,v", "c");
    return m;
}

/* BatchNormalization: read as it is, without pixels, of steps so large that the shift is lost. */
static void test_norm(void **state)
{
    (void)state;
    model *m = norm(4, DIMS(1, 2, 3, 3), 1);
    qnet_end(m, "c", 0.1f, 128, U);
    model_output(m, "c");
    qnet_check(m, LEFT("BatchNormalization"), 0);
    m = norm(2, DIMS(3, 2), 1);
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("BatchNormalization"), 0);
    m = norm(4, DIMS(1, 2, 3, 3), 5e8f);
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("BatchNormalization"), 0);
    m = norm(4, DIMS(1, 2, 3, 3), NAN);
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("BatchNormalization"), 0);
}

/* What would not fit 32 bits, or would be too coarse. */
static void test_bias(void **state)
{
    (void)state;
    model *m = conv("dx,w,b");
    model_floats(m, "b", 1, DIMS(3), FLOATS(1, 800000, 0)); /* in steps of 0.00036 */
    qnet_end(m, "c", 10000, 128, U);
    qnet_check(m, LEFT("Conv"), 0);
    m = start(4, DIMS(1, 4, 3, 3));
    tensor_raw(m, model_init(m, "W", RPR_I8, 4, DIMS(1, 4, 1, 1)), "\1\0\0\0", 4);
    qnet_load(m, "W", "w", 10, 0, RPR_I8);
    model_floats(m, "b", 1, DIMS(1), FLOATS(0.14f)); /* in steps of 0.3 */
    model_node(m, "Conv", "n", "dx,w,b", "c");
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("Conv"), 0);
    m = conv("dx,w,b"); /* not constant */
    model_input(m, "b", RPR_F32, 1, DIMS(3));
    qnet_end(m, "c", 0.1f, 128, U);
    qnet_check(m, LEFT("Conv"), 0);
}

/* Scales by channel of what is no weight, or that are no constants. */
static void test_parameters(void **state)
{
    (void)state;
    model *m = start(2, DIMS(3, 4));
    model_node(m, "Exp", "n", "dx", "e");
    model_floats(m, "s", 1, DIMS(4), FLOATS(1, 2, 3, 4));
    tensor_raw(m, model_init(m, "z", U, 1, DIMS(4)), "\0\1\2\3", 4);
    model_node(m, "QuantizeLinear", "q", "e,s,z", "y");
    model_node(m, "DequantizeLinear", "d", "y,s,z", "out");
    model_output(m, "out");
    qnet_check(m, LEFT("Exp"), 0);
    m = start(2, DIMS(3, 4));
    model_input(m, "s", RPR_F32, 0, NULL);
    model_node(m, "Relu", "n", "dx", "e");
    model_node(m, "QuantizeLinear", "q", "e,s", "y");
    model_output(m, "y");
    qnet_check(m, "QuantizeLinear DequantizeLinear Relu QuantizeLinear", 0);
}

static void test_operators(void **state)
{
    (void)state;
    model *m = start(2, DIMS(3, 4)); /* not by element alone */
    model_node(m, "Softmax", "n", "dx", "e");
    qnet_end(m, "e", 1.0f / 255, 0, U);
    qnet_check(m, LEFT("Softmax"), 0);
    m = start(2, DIMS(3, 4)); /* by a vector */
    model_floats(m, "v", 1, DIMS(4), FLOATS(1, 2, 3, 4));
    model_node(m, "Mul", "n", "dx,v", "e");
    qnet_end(m, "e", 0.1f, 128, U);
    qnet_check(m, LEFT("Mul"), 0);
    m = start(4, DIMS(1, 1, 4, 4)); /* no 8-bit number stands for the padding */
    model_ints(m, "pads", 8, DIMS(0, 0, 1, 1, 0, 0, 1, 1));
    model_scalar(m, "v", 0.04f);
    model_node(m, "Pad", "n", "dx,pads,v", "e");
    qnet_end(m, "e", 0.03f, 108, U);
    qnet_check(m, LEFT("Pad"), 0);
    m = start(4, DIMS(1, 1, 4, 4)); /* positions are wanted as well */
    node_ints(m, model_node(m, "MaxPool", "n", "dx", "e,at"), "kernel_shape", 2, DIMS(2, 2));
    qnet_end(m, "e", 0.03f, 108, U);
    node_int(m, model_node(m, "Cast", "cast", "at", "f32"), "to", RPR_F32);
    model_output(m, "f32");
    qnet_check(m, "QuantizeLinear DequantizeLinear MaxPool QuantizeLinear DequantizeLinear Cast",
               0);
}

static model *resize(int rank, const int64_t *dims, const float *scales)
{
    model *m = start(rank, dims);
    model_floats(m, "scales", 1, DIMS(rank), scales);
    model_floats(m, "roi", 1, DIMS(8), FLOATS(0, 0, 0, 0, 1, 1, 1.5f, 1));
    node_string(m, model_node(m, "Resize", "n", "dx,roi,scales", "e"), "mode", "linear");
    return m;
}

/* Interpolation that is not within planes, or reads nothing in places. */
static void test_other_resizes(void **state)
{
    (void)state;
    model *m = resize(4, DIMS(1, 2, 4, 4), FLOATS(1, 2, 2, 2));
    qnet_end(m, "e", 0.03f, 108, U);
    qnet_check(m, LEFT("Resize"), 0);
    m = resize(4, DIMS(1, 3, 4, 4), FLOATS(1, 1.2f, 2, 2)); /* as many channels, of other sources */
    qnet_end(m, "e", 0.03f, 108, U);
    qnet_check(m, LEFT("Resize"), 0);
    m = resize(3, DIMS(2, 4, 4), FLOATS(1, 2, 2));
    qnet_end(m, "e", 0.03f, 108, U);
    qnet_check(m, LEFT("Resize"), 0);
    m = resize(4, DIMS(1, 2, 4, 4), FLOATS(1, 1, 2, 2));
    node_string(m, m->graph.node[m->graph.n_node - 1], "coordinate_transformation_mode",
                "tf_crop_and_resize");
    qnet_end(m, "e", 0.03f, 108, U);
    qnet_check(m, LEFT("Resize"), 0);
    m = resize(4, DIMS(1, 2, 4, 4), FLOATS(1, 1, 2, 2)); /* wanted in f32, too */
    qnet_end(m, "e", 0.03f, 108, U);
    model_output(m, "e");
    qnet_check(m, LEFT("Resize"), 0);
}

/* ------------------------------------------------------------------ refused */

static void scale_refused(float scale)
{
    model *m = start(2, DIMS(3, 4));
    model_scalar(m, "s", scale);
    model_node(m, "QuantizeLinear", "bad", "dx,s", "y");
    model_output(m, "y");
    qnet_refused(m, RPR_ERR_FORMAT, "bad", "not a finite number above 0");
    m = conv("dx,v"); /* of weights */
    model_floats(m, "s", 1, DIMS(3), FLOATS(1, scale, 1));
    node_int(m, model_node(m, "DequantizeLinear", "bad", "W,s", "v"), "axis", 0);
    model_output(m, "c");
    qnet_refused(m, RPR_ERR_FORMAT, "bad", "not a finite number above 0");
}

static void test_scales(void **state)
{
    (void)state;
    scale_refused(0);
    scale_refused(-1);
    scale_refused(NAN);
    scale_refused(INFINITY);
}

static void test_shapes(void **state)
{
    (void)state;
    model *m = conv("dx,v"); /* a vector of another length than the axis */
    model_floats(m, "s", 1, DIMS(2), FLOATS(1, 1));
    node_int(m, model_node(m, "DequantizeLinear", "bad", "W,s", "v"), "axis", 0);
    model_output(m, "c");
    qnet_refused(m, RPR_ERR_SHAPE, "bad", "a vector of 3");
    m = conv("dx,v"); /* an axis that is not there */
    node_int(m, model_node(m, "DequantizeLinear", "bad", "W,W_s,W_z", "v"), "axis", 4);
    model_output(m, "c");
    qnet_refused(m, RPR_ERR_FORMAT, "bad", "axis 4");
    m = start(2, DIMS(3, 4)); /* a zero point of another type: out of the data's range */
    tensor_raw(m, model_init(m, "z", RPR_I32, 0, NULL), "\0\1\0\0", 4);
    model_node(m, "DequantizeLinear", "bad", "x,QuantizeLinear_x_s,z", "y");
    model_output(m, "y");
    qnet_refused(m, RPR_ERR_FORMAT, "bad", "zero point");
    m = start(2, DIMS(3, 4)); /* i32 has none */
    tensor_raw(m, model_init(m, "b", RPR_I32, 1, DIMS(1)), "\7\0\0\0", 4);
    tensor_raw(m, model_init(m, "z", RPR_I32, 0, NULL), "\1\0\0\0", 4);
    model_scalar(m, "s", 1);
    model_node(m, "DequantizeLinear", "bad", "b,s,z", "y");
    model_node(m, "Add", "add", "dx,y", "a");
    model_output(m, "a");
    qnet_refused(m, RPR_ERR_FORMAT, "bad", "is 1, not 0");
}

/* The library's own operators are no file's. */
static void test_own(void **state)
{
    (void)state;
    static const char *const op[] = {"Table", "QLinearConv", "QLinearConvTranspose",
                                     "QLinearMatMul", "QGemm"};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++) {
        model *m = start(2, DIMS(3, 4));
        model_opset(m, "reprise", 1);
        qnet_bytes(m, "t", U, 1, DIMS(256), 100);
        qnet_node(m, "reprise", op[i], "own", "x,t", "y");
        model_output(m, "y");
        rpr_error err = {{0}};
        rpr_model *loaded = NULL;
        size_t size;
        const uint8_t *bytes = model_pack(m, &size);
        assert_int_equal(rpr_model_load_memory(bytes, size, NULL, &loaded, &err),
                         RPR_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, "reprise:"));
        assert_null(loaded);
        model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_also_real),     cmocka_unit_test(test_weights),
        cmocka_unit_test(test_bias),          cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_operators),     cmocka_unit_test(test_scales),
        cmocka_unit_test(test_shapes),        cmocka_unit_test(test_own),
        cmocka_unit_test(test_transposed),    cmocka_unit_test(test_norm),
        cmocka_unit_test(test_other_resizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
