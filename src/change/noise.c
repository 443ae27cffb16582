/* SPDX-License-Identifier: Apache-2.0 */
#include "change/noise.h"

#define FEWEST_VALUES 256 /* of a level, to say anything about it */
#define FRAMES 16         /* that an estimate remembers, about */
#define HIGHEST_SIGMA 8   /* steps; what is beyond that is no noise */
#define HIGHEST_LIMIT 64

/*
 * Of normal noise the median of |difference| is 0.6745 and the 90 % quantile 1.645 of the
 * difference's sigma, 2.44 times as much; of moving edges it is 3.3 times and more.
 */
#define CALM_TIMES 3
#define CALM_PLUS (RPR_NOISE_UNIT / 2) /* values are whole numbers */

/* 1 / (0.6745 sqrt(2)): from the median of |difference| to the sigma of one frame. */
#define SIGMA_OF_MEDIAN 1074 /* in 1024ths */

void rpr_noise_count(rpr_noise_counts *c, const uint8_t *now, const uint8_t *last, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int d = now[i] > last[i] ? now[i] - last[i] : last[i] - now[i];
        c->n[last[i] / 16][d < RPR_NOISE_BINS ? d : RPR_NOISE_BINS - 1]++;
    }
}

/** Where so many thousandths of the values lie below, a distance k standing for k - 0.5 to k + 0.5.
 */
static int64_t quantile(const int32_t *n, int64_t all, int64_t thousandths)
{
    const int64_t want = all * thousandths;
    int64_t below = 0;
    int k = 0;
    while (k < RPR_NOISE_BINS - 1 && (below + n[k]) * 1000 < want)
        below += n[k++];
    const int64_t width = k == 0 ? RPR_NOISE_UNIT / 2 : RPR_NOISE_UNIT; /* 0 is folded */
    const int64_t start = k == 0 ? 0 : (int64_t)k * RPR_NOISE_UNIT - RPR_NOISE_UNIT / 2;
    return start + (n[k] > 0 ? width * (want - below * 1000) / (1000 * (int64_t)n[k]) : 0);
}

static void update_level(rpr_noise *s, int level, const int32_t *n)
{
    int64_t all = 0;
    for (int k = 0; k < RPR_NOISE_BINS; k++)
        all += n[k];
    if (all < FEWEST_VALUES)
        return;
    const int64_t median = quantile(n, all, 500), most = quantile(n, all, 900);
    int64_t sigma = median * SIGMA_OF_MEDIAN / 1024;
    if (most > CALM_TIMES * median + CALM_PLUS || sigma > HIGHEST_SIGMA * RPR_NOISE_UNIT)
        return;
    int32_t *seen = &s->seen[level];
    *seen += *seen < FRAMES;
    s->sigma[level] += ((int32_t)sigma - s->sigma[level]) / *seen;
}

void rpr_noise_update(rpr_noise *s, const rpr_noise_counts *c)
{
    for (int level = 0; level < RPR_BYTE_LEVELS; level++)
        update_level(s, level, c->n[level]);
}

/** The sigma of the levels that are so far away; below 0 if they are not known. */
static int32_t sigma_near(const rpr_noise *s, int level, int away)
{
    int32_t sigma = -1;
    const int at[] = {level - away, level + away};
    for (int i = 0; i < 2; i++)
        if (at[i] >= 0 && at[i] < RPR_BYTE_LEVELS && s->seen[at[i]] > 0 &&
            (sigma < 0 || s->sigma[at[i]] < sigma))
            sigma = s->sigma[at[i]];
    return sigma;
}

int rpr_noise_limit(const rpr_noise *s, int level, double sigmas)
{
    int32_t sigma = -1;
    for (int away = 0; away < RPR_BYTE_LEVELS && sigma < 0; away++)
        sigma = sigma_near(s, level, away);
    double limit = sigma > 0 ? sigmas * (double)sigma / RPR_NOISE_UNIT : 0.0;
    return limit < HIGHEST_LIMIT ? (int)limit : HIGHEST_LIMIT;
}
