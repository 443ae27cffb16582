/* SPDX-License-Identifier: Apache-2.0 */
#include "segments.h"

void segments_defaults(segments_options *o, int rate)
{
    *o = (segments_options){.threshold = 0.5,
                            .release = 0.35,
                            .min_speech = (int64_t)rate * 250 / 1000,
                            .min_silence = (int64_t)rate * 100 / 1000,
                            .pad = (int64_t)rate * 30 / 1000};
}

void segments_init(segments *s, const segments_options *o)
{
    *s = (segments){.opt = *o, .quiet = -1};
}

static int64_t below(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Gives out the closed segment; `room` is up to where it may be padded. */
static int give(segments *s, int64_t room, segment *out)
{
    *out = (segment){s->closed.start, s->closed.end + below(s->opt.pad, room)};
    s->waiting = 0;
    return 1;
}

/*
 * The open segment ends here. If another one still waits its end is known now: *out. Where both
 * pads do not fit in between, each takes half of it.
 */
static int close_segment(segments *s, int64_t end, segment *out)
{
    int given = 0;
    s->speaking = 0;
    s->quiet = -1;
    if (end - s->start <= s->opt.min_speech)
        return 0;
    int64_t before = s->start; /* what may be padded in front of it */
    if (s->waiting) {
        const int64_t gap = s->start - s->closed.end;
        before = gap < 2 * s->opt.pad ? gap / 2 : s->opt.pad;
        given = give(s, before, out);
    }
    s->closed = (segment){s->start - below(s->opt.pad, before), end};
    s->waiting = 1;
    return given;
}

/* No later segment can come near to the one that waits. */
static int give_if_alone(segments *s, segment *out)
{
    const int64_t next = s->speaking ? s->start : s->now;
    return s->waiting && next - s->closed.end >= 2 * s->opt.pad && give(s, s->opt.pad, out);
}

int segments_push(segments *s, double probability, int64_t samples, segment *out)
{
    const int64_t at = s->now;
    int given = 0;
    s->now += samples;
    if (probability >= s->opt.threshold) {
        s->quiet = -1;
        if (!s->speaking) {
            s->speaking = 1;
            s->start = at;
        }
    } else if (probability < s->opt.release && s->speaking) {
        if (s->quiet < 0)
            s->quiet = at;
        if (at - s->quiet >= s->opt.min_silence)
            given = close_segment(s, s->quiet, out);
    }
    return given || give_if_alone(s, out);
}

int segments_end(segments *s, segment *out)
{
    if (s->speaking && close_segment(s, s->now, out))
        return 1;
    return s->waiting && give(s, s->now - s->closed.end, out);
}
