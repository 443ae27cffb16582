/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *take(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    assert_non_null(p);
    return p;
}

/* ------------------------------------------------------------------- scene */

static size_t count_of(const rpr_tensor_info *t)
{
    return t->bytes / rpr_dtype_size(t->dtype);
}

static void repaint(scene *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < count_of(&s->info[i]); k++)
            s->background[i][k] = rng_unit(&s->r);
}

scene *scene_new(const rpr_model *m, uint64_t seed)
{
    scene *s = take(sizeof *s);
    *s = (scene){.r = {seed}, .frame = -1, .n = rpr_model_n_inputs(m)};
    assert_true(s->n <= MAX_ENDS);
    for (size_t i = 0; i < s->n; i++) {
        assert_int_equal(rpr_model_input(m, i, &s->info[i]), RPR_OK);
        assert_int_equal(s->info[i].dtype, RPR_F32);
        s->background[i] = take(s->info[i].bytes);
        s->data[i] = take(s->info[i].bytes);
        s->in[i] = (rpr_input){.data = s->data[i], .bytes = s->info[i].bytes};
    }
    repaint(s);
    return s;
}

void scene_free(scene *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->background[i]);
        free(s->data[i]);
    }
    free(s);
}

/** The two axes that are the picture: the last ones, but for channels that stand last. */
static void picture_axes(const rpr_tensor_info *t, int *y, int *x)
{
    bool channels_last = t->rank == 4 && t->dim[3] <= 4;
    *x = channels_last ? 2 : t->rank - 1;
    *y = *x > 0 ? *x - 1 : 0;
}

static void draw(scene *s, size_t i)
{
    const rpr_tensor_info *t = &s->info[i];
    int ay, ax;
    picture_axes(t, &ay, &ax);
    int64_t inner = 1;
    for (int a = ax + 1; a < t->rank; a++)
        inner *= t->dim[a];
    int64_t w = t->dim[ax], h = ay == ax ? 1 : t->dim[ay];
    int64_t left = s->frame % (w + 3) - 2, top = s->frame / 2 % (h + 2) - 1;
    memcpy(s->data[i], s->background[i], t->bytes);
    for (int64_t k = 0; k < (int64_t)count_of(t); k++) {
        int64_t x = k / inner % w - left, y = k / inner / w % h - top;
        if (x >= 0 && x <= w / 4 && y >= 0 && y <= h / 4)
            s->data[i][k] = (float)((x * 7 + y * 3 + k % inner) % 11) / 11.0f;
        if (rng_below(&s->r, 50) == 0)
            s->data[i][k] += 0.01f * rng_signed(&s->r);
    }
}

void scene_next(scene *s)
{
    s->frame++;
    if (s->frame == 23)
        repaint(s);
    if (s->frame % 7 == 6)
        return;
    for (size_t i = 0; i < s->n; i++)
        draw(s, i);
}

/* ------------------------------------------------------------------ player */

rpr_stream_options play_options(void)
{
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    o.bypass = 0;
    o.refresh = 0;
    return o;
}

void scene_noise(scene *s, rng *r)
{
    for (size_t i = 0; i < MAX_ENDS && s->data[i]; i++)
        for (size_t k = 0; k < s->info[i].bytes / sizeof(float); k++)
            s->data[i][k] = rng_unit(r);
}

rpr_stream_options play_bypassing(play_gate g)
{
    rpr_stream_options opt = play_options();
    opt.gate = play_gate_of(g);
    opt.oracle = 1;
    opt.bypass = 1;
    return opt;
}

player *player_of(const rpr_model *m, rpr_stream *s)
{
    player *p = take(sizeof *p);
    *p = (player){.s = s, .n = rpr_model_n_outputs(m)};
    assert_true(p->n <= MAX_ENDS);
    for (size_t i = 0; i < p->n; i++) {
        assert_int_equal(rpr_model_output(m, i, &p->info[i]), RPR_OK);
        p->out[i] = (rpr_output){.data = take(p->info[i].bytes), .bytes = p->info[i].bytes};
    }
    return p;
}

player *player_new(const rpr_model *m, const rpr_stream_options *opt)
{
    rpr_stream *s = NULL;
    rpr_error err;
    if (rpr_stream_create(m, opt, &s, &err) != RPR_OK)
        fail_msg("%s", err.message);
    return player_of(m, s);
}

player *player_go_on(const rpr_model *m, const player *p, bool clone)
{
    rpr_stream *s = NULL;
    if (clone) {
        assert_int_equal(rpr_stream_clone(p->s, &s, NULL), RPR_OK);
        return player_of(m, s);
    }
    player *to = player_new(m, &p->s->opt);
    size_t bytes = rpr_stream_save_bytes(p->s);
    void *saved = malloc(bytes);
    assert_int_equal(rpr_stream_save(p->s, saved, bytes), RPR_OK);
    assert_int_equal(rpr_stream_load(to->s, saved, bytes), RPR_OK);
    free(saved);
    return to;
}

void player_free(player *p)
{
    rpr_stream_destroy(p->s);
    for (size_t i = 0; i < p->n; i++)
        free(p->out[i].data);
    free(p);
}

void player_run(player *p, const scene *s)
{
    int status = rpr_stream_run(p->s, s->in, s->n, p->out, p->n);
    if (status != RPR_OK)
        fail_msg("%s: %s", rpr_strerror(status), rpr_stream_error(p->s));
}

/* Comparisons in the place of fmin and fmax: gcc 12.2 for AArch64 crashes on those in this loop. */
static double error_of(const float *a, const float *b, size_t n)
{
    double lo = INFINITY, hi = -INFINITY, worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        lo = (double)b[i] < lo ? (double)b[i] : lo;
        hi = (double)b[i] > hi ? (double)b[i] : hi;
    }
    double range = fmax(hi - lo, fmax(fabs(lo), fabs(hi)) * 0.1);
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&a[i], &b[i], sizeof a[i]) == 0 || (isnan(a[i]) && isnan(b[i])))
            continue;
        double d = fabs((double)a[i] - (double)b[i]);
        worst = isnan(d) ? INFINITY : fmax(worst, d > 0.0 ? d / range : 0.0);
    }
    return worst;
}

double player_error(const player *a, const player *b)
{
    double worst = 0.0;
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->info[i].dtype, RPR_F32);
        worst = fmax(worst, error_of(a->out[i].data, b->out[i].data, count_of(&a->info[i])));
    }
    return worst;
}

bool player_same(const player *a, const player *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (memcmp(a->out[i].data, b->out[i].data, a->info[i].bytes) != 0)
            return false;
    return true;
}

bool stream_has_words(const rpr_stream *s)
{
    bool any = false;
    for (int i = 0; i < s->plan->n_step; i++)
        any |= s->plan->step[i].linear && s->plan->step[i].linear->words;
    return any;
}

rpr_frame_stats player_stats(const player *p)
{
    rpr_frame_stats st;
    assert_int_equal(rpr_stream_frame_stats(p->s, &st), RPR_OK);
    return st;
}

show show_new(rpr_model *m, const rpr_stream_options *opt, uint64_t seed)
{
    return (show){.m = m, .p = player_new(m, opt), .s = scene_new(m, seed)};
}

void show_next(const show *w)
{
    scene_next(w->s);
    player_run(w->p, w->s);
}

void show_free(show *w)
{
    scene_free(w->s);
    player_free(w->p);
    rpr_model_destroy(w->m);
}

rpr_gate play_gate_of(play_gate g)
{
    const rpr_gate gates[] = {{.kind = RPR_GATE_EXACT},
                              {.kind = RPR_GATE_DEADZONE, .threshold = 2.0 / 255.0},
                              {.kind = RPR_GATE_LEVELS, .levels = 32}};
    return gates[g];
}

const char *play_gate_name(play_gate g)
{
    static const char *const names[] = {"exact", "deadzone", "levels"};
    return names[g];
}
