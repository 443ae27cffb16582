/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of u8. */
#ifndef RPR_TESTS_STREAM_NETS_QUANT_H
#define RPR_TESTS_STREAM_NETS_QUANT_H

#include "build.h"

/** Scales and zero points of a layer's input and output. */
typedef struct net_scales {
    float from, to;
    int from_zero, to_zero;
} net_scales;

int net_quantise(net *b, int x, float s, int zero);
int net_dequantise(net *b, int x, float s, int zero);
/** Random s8 weights, a scale for every output channel. */
int net_qconv(net *b, int x, const net_scales *s, int co, int kh, int kw, int group,
              const char *attr);

/** The same of ConvTranspose with a bias, in f32 between DequantizeLinear and QuantizeLinear. */
int net_qconv_transpose(net *b, int x, const net_scales *s, int co, int kh, int kw,
                        const char *attr);

void nets_quantised_deep(net *b);
void nets_quantised_squeeze(net *b);
void nets_quantised_rows(net *b);
/** Resizes between scales; in no list, so that the others' seeds stay what they are. */
void nets_quantised_pyramid(net *b);
#define NETS_PYRAMID_RESIZES 4
/** Its outputs are u8. */
void nets_quantised_bytes(net *b);
/** Of layers that a pass makes: rounded before it, its outputs differ by a step here and there. */
void nets_quantised_transposed(net *b);

#endif
