/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <stdlib.h>
#include <string.h>

int audio_context_init(audio_context *c, int width, int left, int right)
{
    *c = (audio_context){.width = width, .left = left, .right = right};
    c->ring = malloc((size_t)(left + 1 + right) * (size_t)width * sizeof *c->ring);
    return c->ring != NULL;
}

void audio_context_free(audio_context *c)
{
    free(c->ring);
    c->ring = NULL;
}

void audio_context_reset(audio_context *c)
{
    c->pushed = c->taken = 0;
    c->ended = 0;
}

static float *slot(const audio_context *c, int64_t index)
{
    return c->ring + (size_t)(index % (c->left + 1 + c->right)) * (size_t)c->width;
}

void audio_context_push(audio_context *c, const float *frame)
{
    memcpy(slot(c, c->pushed), frame, (size_t)c->width * sizeof *frame);
    c->pushed++;
}

int audio_context_ready(const audio_context *c)
{
    return c->taken + (c->ended ? 0 : c->right) < c->pushed;
}

const float *audio_context_at(const audio_context *c, int offset)
{
    int64_t index = c->taken + offset;
    if (index >= c->pushed)
        index = c->pushed - 1;
    return slot(c, index < 0 ? 0 : index);
}

void audio_context_take(audio_context *c)
{
    c->taken++;
}

int audio_delta_scale_count(int order, int window)
{
    return (order + 1) + order * (order + 1) * window;
}

void audio_delta_scales(int order, int window, float *scale)
{
    float *last = scale;
    double norm = 0;
    for (int j = 1; j <= window; j++)
        norm += 2.0 * j * j;
    *scale++ = 1;
    for (int k = 1; k <= order; k++) {
        const int n = 2 * k * window + 1, before = n - 2 * window;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = -window; j <= window; j++) {
                const int at = i - window - j;
                if (at >= 0 && at < before)
                    sum += j * (double)last[at];
            }
            scale[i] = (float)(sum / norm);
        }
        last = scale;
        scale += n;
    }
}

void audio_context_deltas(const audio_context *c, int order, int window, const float *scale,
                          float *out)
{
    for (int k = 0; k <= order; k++) {
        const int reach = k * window;
        for (int i = 0; i < c->width; i++) {
            float sum = 0;
            for (int j = -reach; j <= reach; j++)
                sum += scale[j + reach] * audio_context_at(c, j)[i];
            *out++ = sum;
        }
        scale += 2 * reach + 1;
    }
}

void audio_context_splice(const audio_context *c, float *out)
{
    for (int j = -c->left; j <= c->right; j++, out += c->width)
        memcpy(out, audio_context_at(c, j), (size_t)c->width * sizeof *out);
}
