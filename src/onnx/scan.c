/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the wire format before it is unpacked. */
#include <string.h>

#include "onnx/internal.h"

/* Sub-graphs nest by five messages each (attribute, graph, node, ...). */
#define MAX_DEPTH 64
/* protobuf-c takes some 300 bytes even for an empty message, which may be two bytes on the wire. */
#define MAX_MESSAGES (1 << 22)
#define MAX_FIELDS 64

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

typedef struct rpr_scan {
    const uint8_t *begin;
    int64_t messages;
    rpr_error *err;
} rpr_scan;

static int corrupt(const rpr_scan *s, const uint8_t *at, const char *type)
{
    return rpr_fail(s->err, RPR_ERR_FORMAT,
                    "not an ONNX model: corrupt or truncated at byte %td (%s)", at - s->begin,
                    type);
}

/** Reads a varint of at most ten bytes; NULL if it does not end before `end`. */
static const uint8_t *varint(const uint8_t *at, const uint8_t *end, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; at < end && shift < 70; shift += 7) {
        *v |= (uint64_t)(*at & 0x7f) << (shift < 63 ? shift : 63);
        if (!(*at++ & 0x80))
            return at;
    }
    return NULL;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  uint64_t number)
{
    if (number > UINT32_MAX)
        return NULL;
    return protobuf_c_message_descriptor_get_field(type, (unsigned)number);
}

/**
 * Reads one field's key (number and wire type) and finds the extent of its value; NULL when they
 * run past the end.
 */
static const uint8_t *next_field(const uint8_t *at, const uint8_t *end, uint64_t *key,
                                 const uint8_t **value)
{
    uint64_t v, left;
    at = varint(at, end, key);
    if (!at)
        return NULL;
    *value = at;
    left = (uint64_t)(end - at);
    switch (*key & 7) {
    case WIRE_VARINT:
        return varint(at, end, &v);
    case WIRE_64:
        return left >= 8 ? at + 8 : NULL;
    case WIRE_32:
        return left >= 4 ? at + 4 : NULL;
    case WIRE_BYTES:
        at = varint(at, end, &v);
        if (!at || v > (uint64_t)(end - at))
            return NULL;
        *value = at;
        return at + v;
    default:
        return NULL;
    }
}

/* The recursion is bounded by MAX_DEPTH. */
static int scan(rpr_scan *s, const uint8_t *at, const uint8_t *end,
                const ProtobufCMessageDescriptor *type, int depth)
{
    bool seen[MAX_FIELDS] = {false};
    if (depth > MAX_DEPTH)
        return rpr_fail(s->err, RPR_ERR_FORMAT, "messages nest deeper than %d", MAX_DEPTH);
    if (++s->messages > MAX_MESSAGES)
        return rpr_fail(s->err, RPR_ERR_FORMAT, "more than %d protobuf messages", MAX_MESSAGES);
    if (type->n_fields > MAX_FIELDS)
        return rpr_fail(s->err, RPR_ERR_INTERNAL, "%s has too many fields", type->name);
    while (at < end) {
        uint64_t key;
        const uint8_t *value, *start = at;
        at = next_field(at, end, &key, &value);
        if (!at)
            return corrupt(s, start, type->short_name);
        const ProtobufCFieldDescriptor *f = find_field(type, key >> 3);
        if (!f || f->type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        if ((key & 7) != WIRE_BYTES)
            return corrupt(s, start, type->short_name);
        size_t i = (size_t)(f - type->fields);
        if (seen[i] && f->label != PROTOBUF_C_LABEL_REPEATED)
            return rpr_fail(s->err, RPR_ERR_FORMAT, "not an ONNX model: '%s' is given twice (%s)",
                            f->name, type->short_name);
        seen[i] = true;
        RPR_TRY(scan(s, value, at, f->descriptor, depth + 1));
    }
    return RPR_OK;
}

int rpr_onnx_scan(const uint8_t *data, size_t size, const ProtobufCMessageDescriptor *type,
                  rpr_error *err)
{
    rpr_scan s = {.begin = data, .err = err};
    return scan(&s, data, data + size, type, 1);
}
