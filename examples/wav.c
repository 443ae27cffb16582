/* SPDX-License-Identifier: Apache-2.0 */
#include "wav.h"

#include <math.h>
#include <string.h>

enum { HEADER = 44 };

static void put32(unsigned char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(v >> (8 * i));
}

/* bytes: of the samples; UINT32_MAX as FFmpeg has it where that is not known. */
static int write_header(FILE *f, uint32_t rate, uint32_t bytes)
{
    unsigned char h[HEADER] = "RIFF....WAVEfmt ";
    put32(h + 4, bytes > UINT32_MAX - HEADER ? UINT32_MAX : bytes + HEADER - 8);
    put32(h + 16, 16);
    put32(h + 20, 1 | 1 << 16); /* PCM, one channel */
    put32(h + 24, rate);
    put32(h + 28, 2 * rate);
    put32(h + 32, 2 | 16 << 16); /* bytes and bits of a sample */
    memcpy(h + 36, "data", 4);
    put32(h + 40, bytes);
    return fwrite(h, 1, HEADER, f) == HEADER ? 0 : -1;
}

int wav_create(wav *w, const char *path, int rate)
{
    w->samples = 0;
    w->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    return w->file && write_header(w->file, (uint32_t)rate, UINT32_MAX) == 0 && fflush(w->file) == 0
               ? 0
               : -1;
}

int wav_write(wav *w, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const long v = lrintf(fminf(fmaxf(32768 * x[i], -32768), 32767));
        const unsigned char bytes[2] = {(unsigned char)(v & 255), (unsigned char)(v >> 8 & 255)};
        if (fwrite(bytes, 1, 2, w->file) != 2)
            return -1;
    }
    w->samples += (int64_t)n;
    return fflush(w->file) == 0 ? 0 : -1;
}

/* The header's two lengths, if the file can be wound back and is short enough to have any. */
static int finish_header(wav *w)
{
    unsigned char length[4];
    const int64_t bytes = 2 * w->samples;
    if (bytes > (int64_t)UINT32_MAX - HEADER || fseek(w->file, 4, SEEK_SET) != 0)
        return 0;
    put32(length, (uint32_t)bytes + HEADER - 8);
    if (fwrite(length, 1, 4, w->file) != 4 || fseek(w->file, 40, SEEK_SET) != 0)
        return -1;
    put32(length, (uint32_t)bytes);
    return fwrite(length, 1, 4, w->file) == 4 ? 0 : -1;
}

int wav_close(wav *w)
{
    if (!w->file)
        return 0;
    /* A redirected stdout may have something before us: its header stays as it is. */
    const int status = w->file == stdout ? fflush(stdout) : finish_header(w);
    const int closed = w->file == stdout ? 0 : fclose(w->file);
    w->file = NULL;
    return status || closed ? -1 : 0;
}
