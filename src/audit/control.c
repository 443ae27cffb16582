/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/control.h"

#include <math.h>

#define ROUNDING 1e-5  /* errors that are none */
#define SURE 1.5       /* standard errors above the budget, with few audits */
#define ENORMOUS 20.0  /* times the budget: one audit is enough */
#define AIM 0.8        /* of the budget, after tightening */
#define MOST_CUT 0.25  /* of the scale in one decision, ... */
#define LEAST_CUT 0.9  /* ... and at least */
#define FAR_BELOW 0.6  /* of the budget, to loosen */
#define CALM_AUDITS 4  /* that show it, ... */
#define MOST_CALM 256  /* ... when loosening has led to breaches again and again */
#define MOST_RISE 1.15 /* of the scale in one decision */
#define TIGHTEST (1.0 / 64.0)
#define LARGEST 1e3 /* times the budget: larger errors count as this one */

/** Mean of the powers. */
static double mean_of(const rpr_control *c)
{
    double sum = 0.0;
    for (int i = 0; i < c->n; i++)
        sum += c->error[i];
    return c->n > 0 ? sum / c->n : 0.0;
}

/** An error of the mean power m. */
static double root(const rpr_control *c, double m)
{
    return m > 0.0 ? pow(m, 1.0 / c->power) : 0.0;
}

double rpr_control_mean(const rpr_control *c)
{
    return root(c, mean_of(c));
}

/** Standard error of the mean; of a single audit all of it, unless one is all that is asked for. */
static double doubt_of(const rpr_control *c, double mean)
{
    double squares = 0.0;
    if (c->n < 2)
        return c->window > 1 ? mean : 0.0;
    for (int i = 0; i < c->n; i++)
        squares += (c->error[i] - mean) * (c->error[i] - mean);
    return sqrt(squares / (c->n - 1) / c->n);
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

void rpr_control_forget(rpr_control *c)
{
    c->n = c->at = c->since = 0;
}

static void decide(rpr_control *c, bool loosened)
{
    rpr_control_forget(c);
    c->loosened = loosened;
}

void rpr_control_begin(rpr_control *c, double budget, double power, int window)
{
    *c = (rpr_control){.budget = budget, .power = power, .window = window, .patience = CALM_AUDITS};
}

static rpr_verdict tighten(rpr_control *c, double over, double *scale)
{
    *scale *= clamp(AIM * c->budget / over, MOST_CUT, LEAST_CUT);
    if (*scale < TIGHTEST)
        *scale = 0.0;
    c->patience *= c->loosened && c->patience < MOST_CALM ? 2 : 1;
    decide(c, false);
    return RPR_TIGHTEN;
}

static rpr_verdict loosen(rpr_control *c, double under, double *scale)
{
    const double rise = under > 0.0 ? AIM * c->budget / under : MOST_RISE;
    const double wider = *scale * clamp(rise, 1.0, MOST_RISE);
    *scale = clamp(wider, TIGHTEST, 1.0);
    c->patience /= c->loosened && c->patience > CALM_AUDITS ? 2 : 1;
    decide(c, true);
    return RPR_LOOSEN;
}

static void keep(rpr_control *c, double error)
{
    const double most = LARGEST * (c->budget > ROUNDING ? c->budget : ROUNDING);
    c->error[c->at] = pow(c->budget >= 0.0 && error > most ? most : error, c->power);
    c->at = (c->at + 1) % c->window;
    c->n += c->n < c->window;
    c->since += c->since < MOST_CALM;
}

rpr_verdict rpr_control_add(rpr_control *c, double error, double *scale)
{
    const double limit = c->budget > ROUNDING ? c->budget : ROUNDING;
    keep(c, error);
    if (c->budget < 0.0)
        return RPR_KEEP;
    const double mean = mean_of(c), doubt = doubt_of(c, mean);
    const double sure = SURE * (1.0 - (double)c->n / c->window);
    const double least = root(c, mean - sure * doubt), most = root(c, mean + doubt);
    if (error > ENORMOUS * limit)
        return tighten(c, error, scale);
    if (least > limit)
        return tighten(c, least, scale);
    if (*scale < 1.0 && c->since >= c->patience && most < FAR_BELOW * c->budget)
        return loosen(c, most, scale);
    return error > limit ? RPR_DOUBT : RPR_KEEP;
}
