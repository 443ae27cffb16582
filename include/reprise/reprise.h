/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reprise: run a neural network on a stream and recompute only what changed.
 *
 *     rpr_model *m;  rpr_stream *s;
 *     rpr_model_load("net.onnx", NULL, &m, NULL);
 *     rpr_stream_create(m, NULL, &s, NULL);
 *     while (next_frame(rgb))                             // 8-bit, height x width x channels
 *         rpr_stream_run(s, &(rpr_input){.data = rgb, .format = RPR_FORMAT_U8_HWC}, 1,
 *                        &(rpr_output){.data = scores, .bytes = sizeof scores}, 1);
 *
 * Threads: an rpr_model is immutable and may be shared between threads. An rpr_stream is used by
 * one thread at a time. There is no other state.
 */
#ifndef REPRISE_H
#define REPRISE_H

#include <stddef.h>
#include <stdint.h>

#include "reprise/version.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RPR_API __attribute__((visibility("default")))
#else
#define RPR_API
#endif

#define RPR_MAX_RANK 8

/** Status codes. Their values never change. */
typedef enum rpr_status {
    RPR_OK = 0,
    RPR_ERR_ARGUMENT = -1, /**< a parameter of the call is wrong */
    RPR_ERR_NOMEM = -2,    /**< memory ran out */
    RPR_ERR_IO = -3,       /**< a file could not be read */
    RPR_ERR_FORMAT = -4,   /**< a file is not what it should be: truncated, corrupt, hostile */
    RPR_ERR_UNSUPPORTED =
        -5,                 /**< the model uses an operator or a form of it that is not supported */
    RPR_ERR_SHAPE = -6,     /**< shapes do not fit each other or the given input */
    RPR_ERR_NONFINITE = -7, /**< an input holds NaN or infinity; the stream was left as it was */
    RPR_ERR_STATE = -8,     /**< a saved state does not belong to this model and these options */
    RPR_ERR_INTERNAL = -9   /**< a bug in this library */
} rpr_status;

/** A short text for a status code; never NULL. */
RPR_API const char *rpr_strerror(int status);

/** 0x00MMmmpp of the library that is linked. */
RPR_API uint32_t rpr_version(void);

/** What went wrong, in one line that names the file, node or option. Owned by the caller. */
typedef struct rpr_error {
    char message[1024];
} rpr_error;

/** Element types, with ONNX's numbers. */
typedef enum rpr_dtype {
    RPR_UNDEFINED = 0,
    RPR_F32 = 1,
    RPR_U8 = 2,
    RPR_I8 = 3,
    RPR_U16 = 4,
    RPR_I16 = 5,
    RPR_I32 = 6,
    RPR_I64 = 7,
    RPR_BOOL = 9,
    RPR_F16 = 10,
    RPR_F64 = 11,
    RPR_U32 = 12,
    RPR_U64 = 13
} rpr_dtype;

/** Bytes of one element; 0 for a type the library does not know. */
RPR_API size_t rpr_dtype_size(rpr_dtype t);

typedef struct rpr_tensor_info {
    const char *name; /**< owned by the model */
    rpr_dtype dtype;
    int rank;
    int64_t dim[RPR_MAX_RANK]; /**< ONNX's order, all known and positive */
    size_t bytes;              /**< of a dense row-major tensor */
} rpr_tensor_info;

/* ------------------------------------------------------------------ model */

typedef struct rpr_model rpr_model;

typedef enum rpr_log_level {
    RPR_LOG_ERROR = 0,
    RPR_LOG_WARNING = 1,
    RPR_LOG_INFO = 2
} rpr_log_level;

/** Receives one line without newline. Called only from inside the call that was given it. */
typedef void (*rpr_log_fn)(void *user, rpr_log_level level, const char *line);

/** A fixed shape for one input of the model; needed where the file leaves dimensions open. */
typedef struct rpr_input_shape {
    const char *name; /**< NULL: the first input */
    int rank;
    int64_t dim[RPR_MAX_RANK];
} rpr_input_shape;

/** One input that is the same on every call: it becomes a constant and is no longer asked for. */
typedef struct rpr_input_value {
    const char *name;
    const double *value; /**< row-major; converted to the input's type */
    size_t n;            /**< as many as the input has elements, or 1 for all of them */
} rpr_input_value;

/**
 * An input that a stream keeps itself: on a frame it is what `output` was on the frame before, and
 * `initial` on the first one after create or reset. It is no longer asked for; the output may still
 * be read. Both have the same type and shape.
 */
typedef struct rpr_carry {
    const char *input, *output;
    const void *initial; /**< dense row-major, of the input's type; NULL: zeros */
    size_t bytes;        /**< of `initial` */
} rpr_carry;

/**
 * An input that is a window sliding along one of its axes: from call to call it drops its first
 * `hop` columns (indices along that axis) and takes in as many new ones at its end. A call then
 * gives the new columns only, and rpr_model_input says so: its dimension `axis` is `hop`. What a
 * column's results do not change by moving is not computed again (doc/time.md). Outputs are those
 * of the whole window.
 */
typedef struct rpr_window {
    const char *input; /**< NULL: the first input */
    int axis;          /**< of that input; negative: from the end */
    int64_t length;    /**< T, columns of the window: the input's dimension. Fixes it if the file
                          leaves it open; 0: as the file or `shapes` have it */
    int64_t hop;       /**< k, new columns of a call: 1 to T - 1 */
} rpr_window;

typedef struct rpr_model_options {
    size_t struct_size; /**< sizeof(rpr_model_options); set by rpr_model_options_init */
    const rpr_input_shape *shapes;
    size_t n_shapes;
    rpr_log_fn log; /**< may be NULL; every unsupported node is one RPR_LOG_ERROR line */
    void *log_user;
    int fit; /**< what the cost model chooses by. 0, the default: a table, the same on every machine
                  with the instruction set. 1: the kernels are timed while loading, for some tens of
                  milliseconds, and one RPR_LOG_INFO line says with what result; streams of two such
                  models may choose differently, and their results differ within the contract */
    const rpr_input_value *fixed; /**< inputs that are constants; read while loading only */
    size_t n_fixed;
    const rpr_carry *carry; /**< inputs that streams keep; read while loading only. Such models
                                 cannot be audited */
    size_t n_carry;
    const rpr_window *window; /**< NULL: none; read while loading only. Such models cannot be
                                 audited, and their streams never bypass reuse */
} rpr_model_options;

RPR_API void rpr_model_options_init(rpr_model_options *o);

/**
 * Loads an ONNX file and prepares it: shapes, constants, fused layers, packed weights.
 * opt and err may be NULL. On failure *out is NULL and err says why.
 */
RPR_API int rpr_model_load(const char *path, const rpr_model_options *opt, rpr_model **out,
                           rpr_error *err);

/** The same from memory; external data cannot be resolved. The bytes may be freed afterwards. */
RPR_API int rpr_model_load_memory(const void *bytes, size_t size, const rpr_model_options *opt,
                                  rpr_model **out, rpr_error *err);

/** Frees a model. Every stream of it must have been destroyed before. NULL is allowed. */
RPR_API void rpr_model_destroy(rpr_model *m);

/** Inputs that a caller gives: those that are fixed or carried are not counted. */
RPR_API size_t rpr_model_n_inputs(const rpr_model *m);
RPR_API size_t rpr_model_n_outputs(const rpr_model *m);
/** i below the count; otherwise RPR_ERR_ARGUMENT. */
RPR_API int rpr_model_input(const rpr_model *m, size_t i, rpr_tensor_info *info);
RPR_API int rpr_model_output(const rpr_model *m, size_t i, rpr_tensor_info *info);

/** One step of the executable plan. */
typedef struct rpr_layer_info {
    const char *name;   /**< the ONNX node's name, or its first output's if it has none */
    const char *op;     /**< ONNX operator type */
    int64_t macs;       /**< multiply-accumulates of a dense evaluation, borders not counted */
    int64_t parameters; /**< weights and biases */
    int weighted;       /**< 1: has constant weights and a gate */
    int sparse;         /**< 1: changes pass through element by element or pixel by pixel;
                             0: runs densely when an input changed and compares its result */
    int gate;           /**< number of the gate that a weighted layer reads through; -1: none */
    int64_t gated;      /**< values that this gate compares on a frame that touches all */
    int compares;       /**< 0: the gate is left open unless all_gates is set: its layers cost less
                             than comparing */
    int quantised; /**< 1: its results are of 8 bits; of a weighted layer inputs and weights, too,
                        and its sums are exact */
    int recurrent; /**< 1: not `weighted`, but has gates of its own along the steps of a call,
                        on its input and on the state before; layer_gates may name it */
} rpr_layer_info;

/** What a window comes to. */
typedef struct rpr_window_info {
    int64_t length, hop;
    int64_t calls; /**< that fill a window: T / k, rounded up */
    int64_t lead;  /**< columns of a stream's first call that lie before its first window, if a
                        window is to end with every call: calls * k - T; below k */
    int64_t macs, macs_hop; /**< of a dense evaluation: of a whole window, and of a call */
    size_t state_bytes;     /**< of a stream's memory: what keeps earlier columns */
    size_t n_layers;
} rpr_window_info;

/** RPR_ERR_ARGUMENT if the model was loaded without a window. */
RPR_API int rpr_model_window(const rpr_model *m, rpr_window_info *info);

typedef enum rpr_window_verdict {
    RPR_WINDOW_CONSTANT = 0, /**< does not depend on the window: as without one */
    RPR_WINDOW_SHIFTED = 1,  /**< computes new columns, and those that see the window's edges */
    RPR_WINDOW_SUMMED = 2,   /**< adds up what earlier calls found of their columns */
    RPR_WINDOW_WHOLE = 3     /**< computes the whole window; delta reuse applies */
} rpr_window_verdict;

/** One node of the graph, in the order in which they run. */
typedef struct rpr_window_layer {
    const char *name, *op; /**< owned by the model */
    rpr_window_verdict verdict;
    const char *reason;        /**< of WHOLE: why; "" otherwise. Owned by the model */
    int64_t columns, computed; /**< of its output along the window's axis: all, and those computed
                                  on a call; 0 where it has no such axis. SUMMED: of its input */
    int64_t macs, macs_hop;    /**< dense, borders not counted: of a whole window, and of a call */
} rpr_window_layer;

/** i below rpr_window_info.n_layers; otherwise RPR_ERR_ARGUMENT. */
RPR_API int rpr_model_window_layer(const rpr_model *m, size_t i, rpr_window_layer *info);

RPR_API size_t rpr_model_n_layers(const rpr_model *m);
RPR_API int rpr_model_layer(const rpr_model *m, size_t i, rpr_layer_info *info);
/** A number that two models share only if they have the same layers, shapes and weights. */
RPR_API uint64_t rpr_model_fingerprint(const rpr_model *m);
/** Bytes of weights and constants that all streams of this model share. */
RPR_API size_t rpr_model_bytes(const rpr_model *m);

/* ----------------------------------------------------------------- stream */

typedef struct rpr_stream rpr_stream;

typedef enum rpr_gate_kind {
    RPR_GATE_OFF = 0,     /**< no reuse: every layer dense on every frame; the baseline */
    RPR_GATE_EXACT = 1,   /**< changed when x != xhat; the output equals the dense run */
    RPR_GATE_LEVELS = 2,  /**< changed when the cluster of a linear quantiser changes (ISCA 2018) */
    RPR_GATE_DEADZONE = 3 /**< changed when |x - xhat| > threshold * range of the layer's input */
} rpr_gate_kind;

typedef struct rpr_gate {
    rpr_gate_kind kind;
    int levels;       /**< LEVELS: clusters, 2 to 65536 */
    double threshold; /**< DEADZONE: share of the range, 0 <= threshold < 1 */
    double lo, hi;    /**< range of the layer's input, if it is known: finite, lo < hi. Both 0:
                           profiled on the first frame */
} rpr_gate;

/**
 * A gate for one weighted layer, by its index in rpr_model_layer. Kind OFF: all values pass,
 * always. Layers that read the same tensor share a gate (rpr_layer_info.gate). A recurrent layer
 * (rpr_layer_info.recurrent) can be named, too: lo and hi are then its input's range, that of the
 * state before is -1 to 1.
 */
typedef struct rpr_layer_gate {
    size_t layer;
    rpr_gate gate;
} rpr_layer_gate;

/** How a layer chooses between skip, correct and dense recompute. Never changes the result. */
typedef enum rpr_policy {
    RPR_POLICY_AUTO = 0,    /**< the cheaper one by the cost model */
    RPR_POLICY_CORRECT = 1, /**< always correct, element by element */
    RPR_POLICY_DENSE = 2,   /**< always recompute (from the gated input) */
    RPR_POLICY_RANDOM = 3   /**< by `seed`: for tests */
} rpr_policy;

/** Weights that corrections use. What is computed from nothing always uses f32. */
typedef enum rpr_weights {
    RPR_WEIGHTS_AUTO = 0, /**< BF16 behind gates that let errors pass, F32 behind exact ones */
    RPR_WEIGHTS_F32 = 1,
    RPR_WEIGHTS_BF16 =
        2 /**< rounded to 8 bits of precision, where that is faster: a layer is off by
               at most 2^-8 |w| times what its inputs moved since it was recomputed */
} rpr_weights;

typedef struct rpr_stream_options {
    size_t struct_size; /**< sizeof(rpr_stream_options); set by rpr_stream_options_init */
    rpr_gate gate;      /**< of every weighted layer; default EXACT */
    int refresh; /**< once in so many frames every gate takes its input as it is and its layers
                      are computed from nothing, which ends the gate's error and float drift;
                      gates take turns, spread by cost. 0: never. Default 256 */
    int threads; /**< threads inside one frame, 1 (default) to 64, the caller's among them;
                      while a frame runs they wait for work on their processors. No bit of
                      a result depends on it. Streams may run on threads of their own */
    rpr_policy policy;
    uint64_t seed;       /**< RPR_POLICY_RANDOM */
    int allow_nonfinite; /**< 1: NaN and infinity in an input are run as they are */
    int trace;     /**< 1: keeps complete change lists, which an rpr_trace needs; takes memory (up
                        to 8 bytes per gated value) and a little time, and changes no result */
    int all_gates; /**< 1: compares every value of every frame, as the paper does. 0, the default:
                        what costs more to compare than it could save passes as it is, with no
                        error: inputs of depthwise and other cheap layers, and of any layer while
                        too much of its input changes */
    int bypass; /**< 1, the default: while reuse costs more than it saves (by the cost model, from
                     counts alone), frames are run densely and without any gate's error, as with
                     OFF; now and then reuse is tried again. A frame with reuse that becomes dearer
                     than that is finished so, too. 0: never. Policy AUTO only, and not with
                     all_gates */
    int oracle; /**< 1: keeps what rpr_stream_oracle reads; takes memory and changes no result */
    rpr_weights weights; /**< of corrections */
    const rpr_layer_gate
        *layer_gates; /**< in place of `gate`, which stays that of all other layers;
                           read by rpr_stream_create only. With `gate` OFF not used */
    size_t n_layer_gates;
    double noise; /**< K > 0: the noise of U8_HWC pictures is estimated on line, by the level of the
                       values. A value within K standard deviations of its last used one has not
                       changed, whatever the layers' gates are; nor has that of a pixel of which no
                       neighbour changed within 2 K. 0, the default: off; at most 100 */
    int settle;   /**< once in so many frames the dead-zone of each gate is half as wide, gates in
                       turns, front to back: takes in most of what is held back where nothing
                       moves, for less work than a refresh. 0, the default: never */
} rpr_stream_options;

#define RPR_NOISE_AUTO 5.0 /**< for rpr_stream_options.noise */

RPR_API void rpr_stream_options_init(rpr_stream_options *o);

/** Allocates everything that running will need. The model must outlive the stream. */
RPR_API int rpr_stream_create(const rpr_model *m, const rpr_stream_options *opt, rpr_stream **out,
                              rpr_error *err);
RPR_API void rpr_stream_destroy(rpr_stream *s);

typedef enum rpr_format {
    RPR_FORMAT_TENSOR = 0, /**< dense, row-major, ONNX's order and the input's own element type */
    RPR_FORMAT_U8_HWC =
        1 /**< 8-bit picture, height x width x channels; becomes x * scale + offset */
} rpr_format;

typedef struct rpr_input {
    const void *data; /**< owned by the caller, read during the call only */
    size_t bytes;     /**< 0: trust that it is large enough */
    rpr_format format;
    size_t row_bytes; /**< U8_HWC: bytes from row to row; 0: width * channels */
    float scale[4];   /**< U8_HWC, per channel; all zero means 1/255 */
    float offset[4];  /**< U8_HWC, per channel */
} rpr_input;

typedef struct rpr_output {
    void *data;   /**< owned by the caller; dense, row-major, ONNX's order. NULL: not wanted */
    size_t bytes; /**< room; must hold rpr_tensor_info.bytes */
    int keep;     /**< 1: `data` still holds what this stream's call before wrote there; what
                       has not changed since may then be left as it is. 0: all is written */
} rpr_output;

/**
 * Runs one frame. in and out are in the model's order; n_out may be 0. Allocates nothing.
 * On an error the stream's state is what it was before the call.
 */
RPR_API int rpr_stream_run(rpr_stream *s, const rpr_input *in, size_t n_in, rpr_output *out,
                           size_t n_out);

/** A rectangle of an input's picture: x from the left and y from the top, in its pixels. */
typedef struct rpr_rect {
    int32_t x, y, w, h; /**< w and h not negative; parts outside of the picture do not count */
} rpr_rect;

/** What the caller knows of an input's frame. Read during the call only. */
typedef struct rpr_mask {
    const rpr_rect *damage; /**< what may differ from the frame before: the rest is not looked at,
                               and is taken as it was. NULL: anything may */
    size_t n_damage;        /**< 0 of a damage that is not NULL: nothing differs */
    const rpr_rect *ignore; /**< what keeps its last used values, whatever the frame shows there */
    size_t n_ignore;
} rpr_mask;

/**
 * rpr_stream_run with one mask for every input, or NULL. A first frame is taken whole, and so is
 * one that comes in another format, scale or offset than the one before, and every frame of a
 * stream with its gate OFF. RPR_ERR_ARGUMENT if a rectangle has a negative size or lies outside, or
 * if the input has no two axes that are a picture's (a tensor of rank 4).
 */
RPR_API int rpr_stream_run_masked(rpr_stream *s, const rpr_input *in, size_t n_in,
                                  const rpr_mask *mask, rpr_output *out, size_t n_out);

/**
 * Calls that are still to be made until outputs are those of a whole window: rpr_window_info.calls
 * after create or reset, 0 once enough columns are in, and of models without a window. Until then
 * outputs are computed as if something unspecified but finite came before, and carried inputs stay
 * what they are at first.
 */
RPR_API int64_t rpr_stream_window_missing(const rpr_stream *s);

/** The last error of this stream in one line; "" if none. Owned by the stream. */
RPR_API const char *rpr_stream_error(const rpr_stream *s);

/** Forgets everything: the next frame is computed densely and ranges are profiled on it. */
RPR_API void rpr_stream_reset(rpr_stream *s);

/**
 * Asks for a refresh: from the next frame on every gate takes its input as it is, front to back,
 * and its layers are computed from nothing, which ends what gates and rounding have left. A frame
 * takes as many gates as keep it below 1.3 dense frames by the cost model, but at least an eighth
 * of the work: usually one to five frames do, and never more than 16. A call while such a sweep is
 * under way asks for another one after it. For the stream's thread, between frames. RPR_OK, also
 * where there is nothing to refresh (gate OFF, bypassed frames).
 */
RPR_API int rpr_stream_refresh(rpr_stream *s);

/**
 * Scales what the gates let pass: thresholds of dead-zones are multiplied by `scale`, levels become
 * 1 / scale times as many (65536 at most). 0 <= scale <= 1, the options' gates being 1; 0 makes
 * dead-zones exact. RPR_ERR_ARGUMENT otherwise. A smaller scale than before asks for a refresh.
 * Saved and copied with the state; a reset sets it to 1. An rpr_audit (audit.h) calls this by
 * itself.
 */
RPR_API int rpr_stream_scale_gates(rpr_stream *s, double scale);
RPR_API double rpr_stream_gate_scale(const rpr_stream *s);

/** A copy that goes on by itself. */
RPR_API int rpr_stream_clone(const rpr_stream *s, rpr_stream **out, rpr_error *err);

/** Bytes that this stream holds. */
RPR_API size_t rpr_stream_state_bytes(const rpr_stream *s);

/** Size of a saved state, and saving and restoring it. A state fits the same model and options. */
RPR_API size_t rpr_stream_save_bytes(const rpr_stream *s);
RPR_API int rpr_stream_save(const rpr_stream *s, void *buffer, size_t bytes);
RPR_API int rpr_stream_load(rpr_stream *s, const void *buffer, size_t bytes);

/* ------------------------------------------------------------- statistics */

typedef enum rpr_choice {
    RPR_CHOICE_SKIP = 0,
    RPR_CHOICE_CORRECT = 1,
    RPR_CHOICE_DENSE = 2
} rpr_choice;

/** Counts of one frame; similarity = 1 - changed / inputs, reuse = 1 - executed / dense. */
typedef struct rpr_frame_stats {
    uint64_t frame;        /**< 0 for the first after create or reset */
    int64_t inputs;        /**< elements that met a gate */
    int64_t changed;       /**< of them changed */
    int64_t macs_dense;    /**< of a dense evaluation, with true fan-out at borders */
    int64_t macs_executed; /**< really executed */
    double ms;             /**< wall-clock of the call */
    int layers[3];         /**< weighted layers by rpr_choice */
    int refreshed;         /**< layers recomputed for refresh (counted in DENSE too) */
    int bypassed;          /**< 1: run without reuse, which would have cost more */
    int cut;               /**< 1: taken as the first frame of another scene: run from nothing */
    double cost;           /**< modelled time of what was done, by counts and never by clocks: about
                                cycles of a core that does 16 multiply-adds in one. Layers that run
                                by their definition, input and output are not in it */
    double cost_dense;     /**< the same of a frame without reuse; larger than 0 */
} rpr_frame_stats;

/** Of the last frame. */
RPR_API int rpr_stream_frame_stats(const rpr_stream *s, rpr_frame_stats *st);

typedef struct rpr_layer_stats {
    rpr_choice choice;
    int64_t inputs, changed;
    int64_t macs_dense, macs_executed;
    double ms;                      /**< 0 unless timing was switched on */
    float range_lo, range_hi;       /**< of the layer's input, profiled on the first frame */
    int64_t pixels, changed_pixels; /**< of its input; changed: any value of them did */
    int64_t weight_bytes; /**< of recurrent layers: bytes of weights that the executed products were
                               made of, those of every step for itself, wherever they were then: 4
                               for each weight (outputs rounded up to 16), 2 where a correction used
                               half weights. 0 of other layers */
} rpr_layer_stats;

/** Of layer i of rpr_model_layer, on the last frame. */
RPR_API int rpr_stream_layer_stats(const rpr_stream *s, size_t i, rpr_layer_stats *st);
/** Per-layer times cost a clock read per layer; off by default. */
RPR_API void rpr_stream_time_layers(rpr_stream *s, int on);

/**
 * Where the last frame was recomputed: for each cell of a w x h grid laid over the first input's
 * picture, the share (0 to 1) of dense multiply-accumulates that were executed there, over all
 * layers with two spatial axes.
 */
RPR_API int rpr_stream_heat(const rpr_stream *s, int w, int h, float *cells);

/** Result of holding every weighted layer's z against a dense evaluation on its xhat. */
typedef struct rpr_oracle {
    double worst;   /**< largest |z - dense| / bound; at most 1 when the contract holds */
    double max_rel; /**< largest |z - dense| / largest (sum of |w * xhat| + |b|) of a layer */
    size_t layer;   /**< where worst was seen */
} rpr_oracle;

/** Slow; for verification, of streams with the option `oracle`. Changes nothing. The bound is
 * described in doc/contract.md. */
RPR_API int rpr_stream_oracle(const rpr_stream *s, rpr_oracle *result);

/** Name of the instruction-set bundle in use: "scalar", "neon", "neondot", "avx2", "avx2vnni",
 *  "avx512", "avx512vnni". */
RPR_API const char *rpr_isa(void);

/* ------------------------------------------------------------------ trace */

/**
 * Writes a similarity trace of a stream: what its weighted layers are and, frame by frame, which of
 * the values that they read counted as changed and what was done about it. doc/trace-format.md
 * describes the bytes. Used by the stream's thread.
 */
typedef struct rpr_trace rpr_trace;

/** Takes n bytes; returns 0, or anything else if they could not be written. */
typedef int (*rpr_write_fn)(void *user, const void *bytes, size_t n);

/**
 * Begins a trace of the frames that follow: allocates everything that writing will need, and writes
 * the header. The stream must outlive the trace and must have been created with `trace` and with
 * a gate other than OFF: else RPR_ERR_ARGUMENT. RPR_ERR_IO if `write` failed, RPR_ERR_UNSUPPORTED
 * if the model does not fit the format's limits, or has layers that the format has no words for:
 * quantised ones, and GRUs of several steps without linear_before_reset. On failure *out is NULL.
 */
RPR_API int rpr_trace_create(const rpr_stream *s, rpr_write_fn write, void *user, rpr_trace **out,
                             rpr_error *err);

/**
 * Writes the frame that the stream has just run; to be called after each successful rpr_stream_run.
 * Allocates nothing. RPR_ERR_ARGUMENT if there is no such frame, if it was written already, or if
 * one before it was not (then the trace cannot go on); RPR_ERR_IO if `write` failed, also earlier.
 */
RPR_API int rpr_trace_frame_write(rpr_trace *t);

/** Writes the end, without which a trace counts as cut short. Nothing can be written afterwards. */
RPR_API int rpr_trace_end(rpr_trace *t);

/** The last error in one line; "" if none. Owned by the trace. */
RPR_API const char *rpr_trace_error(const rpr_trace *t);

/** Frees a trace; writes nothing. NULL is allowed. */
RPR_API void rpr_trace_destroy(rpr_trace *t);

#ifdef __cplusplus
}
#endif

#endif
