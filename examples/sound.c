/* SPDX-License-Identifier: Apache-2.0 */
#include "sound.h"

enum { PIECE = 512 };

int sound_push(audio_chunks *c, const float *x, size_t n, sound_fn run, void *user)
{
    size_t used;
    for (size_t at = 0; at < n; at += used)
        if (audio_chunks_push(c, x + at, n - at, &used)) {
            const int code = run(user);
            if (code)
                return code;
        }
    return 0;
}

sound_end sound_read(media_audio *a, audio_chunks *c, sound_fn run, void *user, int64_t *samples,
                     int *code, media_error *err)
{
    float x[PIECE];
    size_t n;
    for (;;) {
        const int status = media_audio_read(a, x, PIECE, &n, err);
        if (status != MEDIA_OK)
            return status == MEDIA_ERROR ? SOUND_ERROR : SOUND_END;
        *samples += (int64_t)n;
        *code = sound_push(c, x, n, run, user);
        if (*code)
            return SOUND_STOPPED;
    }
}
