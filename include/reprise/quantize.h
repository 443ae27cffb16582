/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Quantisation: from a model and a sample of its stream to the same model in 8 bits, as ordinary
 * ONNX with QuantizeLinear and DequantizeLinear (QDQ).
 *
 *     rpr_quantize_options o;
 *     rpr_quantize_options_init(&o);
 *     rpr_quantize("net.onnx", NULL, &(rpr_sample){.n = 32, .frame = my_frame}, &o, &q, NULL);
 *     fwrite(q->bytes, 1, q->size, file);
 *
 * Threads: as of rpr_stream; several calls may run at the same time.
 */
#ifndef REPRISE_QUANTIZE_H
#define REPRISE_QUANTIZE_H

#include "reprise/calibrate.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How the range of an activation follows from the sample. It always holds 0. */
typedef enum rpr_ranges {
    RPR_RANGES_AUTO = 0,   /**< whichever of the others gives the smallest error of the outputs */
    RPR_RANGES_MSE = 1,    /**< the smallest mean squared error, clipping included */
    RPR_RANGES_MINMAX = 2, /**< all that was seen */
    RPR_RANGES_PERCENTILE = 3 /**< all but a share at either end */
} rpr_ranges;

#define RPR_KEEP_AUTO (-1) /**< those that cost most of the accuracy, see rpr_quantize_options */

typedef struct rpr_quantize_options {
    size_t struct_size; /**< set by rpr_quantize_options_init */
    rpr_ranges ranges;
    double
        percentile; /**< PERCENTILE: per cent of the values inside, 50 < p <= 100; default 99.999 */
    int keep;       /**< weighted layers that stay f32, those of the largest measured sensitivity;
                         RPR_KEEP_AUTO (default): those whose error alone is a quarter of all or
                         more, as long as they have at most 5 % of the multiply-accumulates */
    double error;   /**< > 0: in place of `keep`, as few as keep the relative L2 error of the worst
                         output within this on the frames that are looked at; below 1. 0: not
                         used */
    int equalise;   /**< 1 (default): channels are equalised across layers, if that lowers the
                         error; 0: never */
    int correct_bias; /**< 1 (default): the mean error of every layer's outputs is taken from its
                         bias, if that lowers the error; 0: never */
    double held_back; /**< share of the sample, at its end, on which the result is measured only; at
                           least one frame. 0 <= share < 1, default 0.2 */
    int threads;      /**< of the runs that measure, 1 (default) to 64 */
    const rpr_metric *metric; /**< NULL, or a second error to be measured on those frames */
    /** Called now and then with the share of the work that is done; other than 0 ends it. */
    int (*progress)(void *user, double done);
    void *progress_user;
} rpr_quantize_options;

RPR_API void rpr_quantize_options_init(rpr_quantize_options *o);

/** One weighted layer. */
typedef struct rpr_quantized_layer {
    const char *name, *op; /**< owned by the result */
    int64_t macs;
    int quantised;      /**< 0: it stays f32 */
    int possible;       /**< 0: it has no integer form here and was left as it is */
    double sensitivity; /**< relative L2 error of the worst output with this layer alone quantised;
                             NaN where it was not measured */
} rpr_quantized_layer;

typedef struct rpr_quantization {
    void *bytes; /**< the file */
    size_t size;
    int opset;
    rpr_quantized_layer *layer; /**< in the model's order */
    size_t n_layers;
    int equalised;      /**< pairs of layers whose channels were equalised */
    rpr_ranges ranges;  /**< the way that was used, never AUTO */
    int bias_corrected; /**< 1: biases were corrected */
    size_t seen_frames; /**< that were looked at: memory bounds them */
    double seen_error;  /**< relative L2 of the worst output, by emulation */
    size_t held_frames;
    double held_error;  /**< of the written model on the frames held back, run by this library */
    double held_metric; /**< `metric` on them; NaN without */
} rpr_quantization;

/**
 * Quantises a model file. The sample holds 2 frames or more; the model options are those of
 * rpr_model_load (NULL: none), shapes that they fix are fixed in the result. RPR_ERR_UNSUPPORTED if
 * the model has no layer that can be quantised, or an operator that cannot be written;
 * RPR_ERR_NONFINITE if a value of the sample is; RPR_ERR_ARGUMENT for bad options, a sample that
 * cannot be read, or when `progress` ended it. On failure *out is NULL.
 */
RPR_API int rpr_quantize(const char *path, const rpr_model_options *model, const rpr_sample *sample,
                         const rpr_quantize_options *opt, rpr_quantization **out, rpr_error *err);

/** NULL is allowed. */
RPR_API void rpr_quantization_destroy(rpr_quantization *q);

#ifdef __cplusplus
}
#endif

#endif
