/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_load.h"

#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"

/** Puts the file in front of the message; names from the file may not break the line. */
static int name_file(rpr_error *err, const rpr_error *why, const char *name, int status)
{
    rpr_fail(err, status, "%s: %s", name, why->message);
    for (char *c = err ? err->message : NULL; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return status;
}

static int unpack(const uint8_t *data, size_t size, Onnx__ModelProto **m, rpr_error *err)
{
    *m = NULL;
    if (size == 0)
        return rpr_fail(err, RPR_ERR_FORMAT, "the file is empty");
    if (size > RPR_ONNX_MAX_BYTES)
        return rpr_fail(err, RPR_ERR_FORMAT, "%zu bytes are more than protobuf allows", size);
    RPR_TRY(rpr_onnx_scan(data, size, &onnx__model_proto__descriptor, err));
    *m = onnx__model_proto__unpack(NULL, size, data);
    if (!*m)
        return rpr_fail(err, RPR_ERR_FORMAT, "not an ONNX model: a field is corrupt");
    return RPR_OK;
}

static int build(const Onnx__ModelProto *m, const char *dir, rpr_graph **out, rpr_error *err)
{
    rpr_graph *g = rpr_graph_new();
    if (!g)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    int status = rpr_onnx_build(m, &(rpr_onnx_source){.dir = dir}, g, err);
    if (status != RPR_OK) {
        rpr_graph_free(g);
        return status;
    }
    *out = g;
    return RPR_OK;
}

int rpr_onnx_load_memory(const void *bytes, size_t size, const char *name, rpr_graph **out,
                         rpr_error *err)
{
    rpr_error why = {{0}};
    Onnx__ModelProto *m;
    *out = NULL;
    int status = unpack(bytes, size, &m, &why);
    if (status == RPR_OK)
        status = build(m, NULL, out, &why);
    onnx__model_proto__free_unpacked(m, NULL);
    return status == RPR_OK ? RPR_OK : name_file(err, &why, name, status);
}

/** The directory a file lies in, without the last slash; "." if the path has none. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (!slash)
        return rpr_strdup(".");
    if (n == 0)
        return rpr_strdup("/.");
    char *dir = rpr_alloc(n + 1);
    return dir ? memcpy(dir, path, n) : NULL;
}

int rpr_onnx_load_file(const char *path, rpr_graph **out, rpr_error *err)
{
    rpr_error why = {{0}};
    Onnx__ModelProto *m = NULL;
    void *data;
    size_t size;
    *out = NULL;
    int status = rpr_onnx_read_file(path, RPR_ONNX_MAX_BYTES, &data, &size, &why);
    if (status == RPR_OK)
        status = unpack(data, size, &m, &why);
    rpr_free(data); /* unpacked fields are copies */
    char *dir = directory_of(path);
    if (status == RPR_OK && !dir)
        status = rpr_fail(&why, RPR_ERR_NOMEM, "out of memory");
    if (status == RPR_OK)
        status = build(m, dir, out, &why);
    rpr_free(dir);
    onnx__model_proto__free_unpacked(m, NULL);
    return status == RPR_OK ? RPR_OK : name_file(err, &why, path, status);
}
