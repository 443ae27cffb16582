/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include <libavutil/error.h>
#include <libavutil/log.h>

int media_fail(media_error *err, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return MEDIA_ERROR;
}

int media_fail_av(media_error *err, const char *name, const char *what, int code)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, text, sizeof text);
    return media_fail(err, "%s: %s (%s)", name, what, text);
}

void media_silence(void)
{
    av_log_set_level(AV_LOG_QUIET);
}
