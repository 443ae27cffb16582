/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto -> dense row-major data, whichever of its fields holds it. */
#include <inttypes.h>
#include <string.h>

#include "core/alloc.h"
#include "core/checked.h"
#include "onnx/internal.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ONNX's raw data is little-endian, and so must this machine be"
#endif

/** Name of an ONNX element type that the library does not hold; NULL if ONNX has no such type. */
static const char *foreign_type(int32_t number)
{
    static const char *const name[] = {
        [8] = "string",      [14] = "complex64",      [15] = "complex128",
        [16] = "bfloat16",   [17] = "float8e4m3fn",   [18] = "float8e4m3fnuz",
        [19] = "float8e5m2", [20] = "float8e5m2fnuz", [21] = "uint4",
        [22] = "int4",       [23] = "float4e2m1",
    };
    return number >= 0 && number < (int32_t)(sizeof name / sizeof *name) ? name[number] : NULL;
}

int rpr_onnx_dtype(int32_t number, const char *what, const char *name, rpr_dtype *dtype,
                   rpr_error *err)
{
    *dtype = RPR_UNDEFINED;
    if (foreign_type(number))
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "%s '%s': element type %s is not supported", what,
                        name, foreign_type(number));
    if (number < RPR_F32 || number > RPR_U64 || rpr_dtype_size((rpr_dtype)number) == 0)
        return rpr_fail(err, RPR_ERR_FORMAT, "%s '%s': unknown element type %" PRId32, what, name,
                        number);
    *dtype = (rpr_dtype)number;
    return RPR_OK;
}

static int read_shape(const Onnx__TensorProto *t, const char *name, rpr_shape *shape,
                      rpr_error *err)
{
    if (t->n_dims > RPR_MAX_RANK)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "tensor '%s': rank %zu, at most %d is supported",
                        name, t->n_dims, RPR_MAX_RANK);
    *shape = (rpr_shape){.rank = (int)t->n_dims};
    for (size_t i = 0; i < t->n_dims; i++) {
        shape->dim[i] = t->dims[i];
        if (t->dims[i] < 0)
            return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': dimension %zu is %" PRId64, name, i,
                            t->dims[i]);
    }
    if (rpr_shape_count(shape) < 0)
        return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': its dimensions overflow", name);
    return RPR_OK;
}

static int wrong_count(const char *name, const char *field, size_t have, int64_t want,
                       rpr_error *err)
{
    return rpr_fail(err, RPR_ERR_FORMAT,
                    "tensor '%s': %s has %zu elements, its shape needs %" PRId64, name, field, have,
                    want);
}

/** Copies an array whose elements are wide as they are. */
static int copy_wide(const char *name, const char *field, const void *from, size_t have,
                     size_t size, int64_t want, void *to, rpr_error *err)
{
    if (have != (uint64_t)want)
        return wrong_count(name, field, have, want, err);
    if (have)
        memcpy(to, from, have * size);
    return RPR_OK;
}

/** int32_data holds every type of 32 bits and fewer but u32; the low bytes are the value. */
static int copy_narrow(const Onnx__TensorProto *t, const char *name, size_t size, int64_t want,
                       uint8_t *to, rpr_error *err)
{
    if (t->n_int32_data != (uint64_t)want)
        return wrong_count(name, "int32_data", t->n_int32_data, want, err);
    for (size_t i = 0; i < t->n_int32_data; i++)
        memcpy(to + i * size, &t->int32_data[i], size);
    return RPR_OK;
}

static int copy_u32(const Onnx__TensorProto *t, const char *name, int64_t want, uint32_t *to,
                    rpr_error *err)
{
    if (t->n_uint64_data != (uint64_t)want)
        return wrong_count(name, "uint64_data", t->n_uint64_data, want, err);
    for (size_t i = 0; i < t->n_uint64_data; i++)
        to[i] = (uint32_t)t->uint64_data[i];
    return RPR_OK;
}

static int copy_typed(const Onnx__TensorProto *t, const char *name, rpr_dtype dtype, int64_t want,
                      void *to, rpr_error *err)
{
    switch (dtype) {
    case RPR_F32:
        return copy_wide(name, "float_data", t->float_data, t->n_float_data, 4, want, to, err);
    case RPR_F64:
        return copy_wide(name, "double_data", t->double_data, t->n_double_data, 8, want, to, err);
    case RPR_I64:
        return copy_wide(name, "int64_data", t->int64_data, t->n_int64_data, 8, want, to, err);
    case RPR_U64:
        return copy_wide(name, "uint64_data", t->uint64_data, t->n_uint64_data, 8, want, to, err);
    case RPR_U32:
        return copy_u32(t, name, want, to, err);
    default:
        return copy_narrow(t, name, rpr_dtype_size(dtype), want, to, err);
    }
}

static int copy_raw(const Onnx__TensorProto *t, const char *name, size_t size, void *to,
                    rpr_error *err)
{
    if (t->raw_data.len != size)
        return rpr_fail(err, RPR_ERR_FORMAT,
                        "tensor '%s': raw_data has %zu bytes, its shape needs %zu", name,
                        t->raw_data.len, size);
    if (size)
        memcpy(to, t->raw_data.data, size);
    return RPR_OK;
}

static bool is_external(const Onnx__TensorProto *t)
{
    return t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

/** A shape is free to claim petabytes; data that is there bounds what is worth allocating. */
static int check_claim(const Onnx__TensorProto *t, const char *name, size_t size, rpr_error *err)
{
    size_t most = t->raw_data.len;
    most += 8 * (t->n_float_data + t->n_int32_data + t->n_int64_data + t->n_uint64_data +
                 t->n_double_data);
    if (size > most)
        return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': its shape needs %zu bytes, it has %s",
                        name, size, most ? "fewer" : "no data");
    return RPR_OK;
}

static int read_inside(const Onnx__TensorProto *t, const char *name, rpr_dtype dtype, int64_t count,
                       size_t size, void **data, rpr_error *err)
{
    RPR_TRY(check_claim(t, name, size, err));
    *data = rpr_alloc(size);
    if (!*data)
        return rpr_fail(err, RPR_ERR_NOMEM, "tensor '%s': out of memory for %zu bytes", name, size);
    int status = t->has_raw_data ? copy_raw(t, name, size, *data, err)
                                 : copy_typed(t, name, dtype, count, *data, err);
    if (status != RPR_OK) {
        rpr_free(*data);
        *data = NULL;
    }
    return status;
}

int rpr_onnx_tensor(const Onnx__TensorProto *t, const char *name, const rpr_onnx_source *src,
                    rpr_shape *shape, rpr_dtype *dtype, void **data, rpr_error *err)
{
    size_t size;
    *data = NULL;
    RPR_TRY(rpr_onnx_dtype(t->data_type, "tensor", name, dtype, err));
    RPR_TRY(read_shape(t, name, shape, err));
    if (t->segment)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "tensor '%s' is stored in segments", name);
    int64_t count = rpr_shape_count(shape);
    if (!rpr_mul_size((size_t)count, rpr_dtype_size(*dtype), &size))
        return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': its dimensions overflow", name);
    if (is_external(t))
        RPR_TRY(rpr_onnx_external(t, name, src, size, data, err));
    else
        RPR_TRY(read_inside(t, name, *dtype, count, size, data, err));
    uint8_t *bytes = *data;
    for (size_t i = 0; *dtype == RPR_BOOL && i < size; i++)
        bytes[i] = bytes[i] != 0; /* evaluators rely on it */
    return RPR_OK;
}
