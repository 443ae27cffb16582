/* SPDX-License-Identifier: Apache-2.0 */
/* Tensor data that lies in a file beside the model. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"

/** A decimal number without sign, nothing behind it. */
static bool parse_size(const char *s, int64_t *v)
{
    size_t n = strspn(s, "0123456789");
    if (n == 0 || n > 18 || s[n])
        return false;
    *v = strtoll(s, NULL, 10);
    return true;
}

/** True if the location stays inside the directory it is relative to. */
static bool is_inside(const char *location)
{
    if (!*location || *location == '/' || strchr(location, '\\'))
        return false;
    for (const char *part = location; part;) {
        size_t n = strcspn(part, "/");
        if (n == 2 && part[0] == '.' && part[1] == '.')
            return false;
        part = part[n] ? part + n + 1 : NULL;
    }
    return true;
}

static char *join(const char *dir, const char *file)
{
    size_t n = strlen(dir), m = strlen(file);
    char *path = rpr_alloc(n + m + 2);
    if (!path)
        return NULL;
    memcpy(path, dir, n);
    if (n)
        path[n++] = '/';
    memcpy(path + n, file, m);
    return path;
}

typedef struct rpr_onnx_place {
    const char *location;
    int64_t offset, length; /* length -1: not given */
} rpr_onnx_place;

static int find_place(const Onnx__TensorProto *t, const char *name, rpr_onnx_place *p,
                      rpr_error *err)
{
    *p = (rpr_onnx_place){.length = -1};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = rpr_onnx_text(t->external_data[i]->key);
        const char *value = rpr_onnx_text(t->external_data[i]->value);
        bool good = true;
        if (strcmp(key, "location") == 0)
            p->location = value;
        else if (strcmp(key, "offset") == 0)
            good = parse_size(value, &p->offset);
        else if (strcmp(key, "length") == 0)
            good = parse_size(value, &p->length);
        if (!good)
            return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': external data has %s '%s'", name,
                            key, value);
    }
    if (!p->location)
        return rpr_fail(err, RPR_ERR_FORMAT, "tensor '%s': external data without a location", name);
    if (!is_inside(p->location))
        return rpr_fail(err, RPR_ERR_FORMAT,
                        "tensor '%s': external data '%s' is not inside the model's directory", name,
                        p->location);
    return RPR_OK;
}

int rpr_onnx_external(const Onnx__TensorProto *t, const char *name, const rpr_onnx_source *src,
                      size_t size, void **data, rpr_error *err)
{
    rpr_onnx_place p;
    RPR_TRY(find_place(t, name, &p, err));
    if (!src->dir)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED,
                        "tensor '%s': external data '%s' of a model that is read from memory", name,
                        p.location);
    if (p.length >= 0 && (uint64_t)p.length != size)
        return rpr_fail(err, RPR_ERR_FORMAT,
                        "tensor '%s': external data has %lld bytes, its shape needs %zu", name,
                        (long long)p.length, size);
    char *path = join(src->dir, p.location);
    if (!path)
        return rpr_fail(err, RPR_ERR_NOMEM, "tensor '%s': out of memory", name);
    rpr_error why = {{0}};
    int status = rpr_onnx_read_part(path, p.offset, size, data, &why);
    if (status != RPR_OK)
        rpr_fail(err, status, "tensor '%s': external data '%s' %s", name, p.location, why.message);
    rpr_free(path);
    return status;
}
