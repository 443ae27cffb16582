/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <math.h>

void audio_window_fill(audio_window kind, int n, int periodic, double *w)
{
    const double step = n > 1 ? 2 * acos(-1) / (periodic ? n : n - 1) : 0;
    for (int i = 0; i < n; i++) {
        const double c = n > 1 ? cos(step * i) : -1; /* a single value is the middle */
        double v = 1;
        if (kind == AUDIO_WINDOW_HANN)
            v = 0.5 - 0.5 * c;
        else if (kind == AUDIO_WINDOW_HAMMING)
            v = 0.54 - 0.46 * c;
        else if (kind == AUDIO_WINDOW_POVEY)
            v = pow(0.5 - 0.5 * c, 0.85);
        w[i] = v;
    }
}
