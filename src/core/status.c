/* SPDX-License-Identifier: Apache-2.0 */
#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>

int rpr_fail(rpr_error *err, int status, const char *format, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, format);
        (void)vsnprintf(err->message, sizeof err->message, format, ap);
        va_end(ap);
    }
    return status;
}

const char *rpr_strerror(int status)
{
    switch (status) {
    case RPR_OK:
        return "success";
    case RPR_ERR_ARGUMENT:
        return "wrong argument";
    case RPR_ERR_NOMEM:
        return "out of memory";
    case RPR_ERR_IO:
        return "file could not be read";
    case RPR_ERR_FORMAT:
        return "malformed file";
    case RPR_ERR_UNSUPPORTED:
        return "unsupported model";
    case RPR_ERR_SHAPE:
        return "shapes do not fit";
    case RPR_ERR_NONFINITE:
        return "input holds NaN or infinity";
    case RPR_ERR_STATE:
        return "saved state does not fit";
    case RPR_ERR_INTERNAL:
        return "internal error";
    default:
        return "unknown status";
    }
}

uint32_t rpr_version(void)
{
    return (uint32_t)RPR_VERSION_MAJOR << 16 | (uint32_t)RPR_VERSION_MINOR << 8 | RPR_VERSION_PATCH;
}

size_t rpr_dtype_size(rpr_dtype t)
{
    switch (t) {
    case RPR_U8:
    case RPR_I8:
    case RPR_BOOL:
        return 1;
    case RPR_U16:
    case RPR_I16:
    case RPR_F16:
        return 2;
    case RPR_F32:
    case RPR_I32:
    case RPR_U32:
        return 4;
    case RPR_F64:
    case RPR_I64:
    case RPR_U64:
        return 8;
    case RPR_UNDEFINED:
        break;
    }
    return 0;
}
