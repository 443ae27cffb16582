/* SPDX-License-Identifier: Apache-2.0 */
/** The options of all subcommands. */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include "reprise/quantize.h"

#include "decoder.h"
#include "metrics.h"

typedef enum cli_command {
    CMD_INFO = 1,
    CMD_RUN = 2,
    CMD_BENCH = 4,
    CMD_VERIFY = 8,
    CMD_SIM = 16,
    CMD_CALIBRATE = 32,
    CMD_QUANTIZE = 64
} cli_command;

enum { CLI_MAX_SHAPES = 8, CLI_MAX_NAME = 256, CLI_MAX_RECTS = 16, CLI_MAX_FEEDS = 16 };

typedef struct cli_options {
    cli_command command;
    const char *model, *input;
    rpr_gate gate;
    const char *gate_text; /**< as the user wrote it */
    int64_t frames;        /**< 0: all */
    int64_t skip;
    int threads;
    int refresh; /**< -1: the library's default */
    int settle;  /**< -1: the plan's, or the library's default */
    int all_gates;
    int fit;
    rpr_weights weights;
    rpr_input_shape shapes[CLI_MAX_SHAPES];
    char shape_names[CLI_MAX_SHAPES][CLI_MAX_NAME];
    size_t n_shapes;
    rpr_input_value fixed[CLI_MAX_FEEDS]; /**< --set; names and values are in the next two */
    char fixed_names[CLI_MAX_FEEDS][CLI_MAX_NAME];
    double fixed_values[CLI_MAX_FEEDS];
    size_t n_fixed;
    rpr_carry carry[CLI_MAX_FEEDS];
    char carry_names[CLI_MAX_FEEDS][2][CLI_MAX_NAME];
    size_t n_carry;
    decoder_kind decode;
    int have_range, have_mean; /**< which of the two was given */
    float low, high;           /**< --range: what bytes 0 and 255 become */
    float mean[3], scale[3];   /**< --mean, --scale: (byte - mean) / scale */
    const char *out_dir, *overlay, *trace;
    const char *json;               /**< file, "-" for stdout; NULL: none */
    int oracle_every;               /**< frames; 0: never */
    double max_rel_l2;              /**< below 0: no limit */
    double min_f1;                  /**< below 0: no limit */
    const char *plan;               /**< file that calibrate wrote, or NULL */
    const char *output;             /**< calibrate: the file to write */
    double budget;                  /**< below 0: not given */
    metric_kind metric;             /**< of it */
    int have_metric;                /**< it was given */
    int audit;                      /**< every so-manieth frame; 0: none */
    double noise;                   /**< sigmas; 0: off */
    rpr_rect ignore[CLI_MAX_RECTS]; /**< in the input's own pixels */
    size_t n_ignore;
    rpr_objective objective; /**< calibrate */
    const char *preset;      /**< calibrate; "isca2018" or NULL */
    int clusters;            /**< ... of it; 0: not given */
    const char *leave_out;   /**< ... names of layers, with commas, or NULL */
    int sound;               /**< an option of sound was given */
    int rate;                /**< samples a second; 0: not given */
    int hop, context;        /**< items of a block; 0 and -1: not given. With axis: of a window */
    int64_t window;          /**< columns; 0: as the model has it */
    int axis;                /**< of the input along which the window lies */
    int have_window, have_axis;
    double gain;          /**< of samples */
    const char *features; /**< NULL: samples */
    int pareto;           /**< calibrate: compare schemes instead of writing a plan */
    rpr_ranges ranges;    /**< quantize */
    double percentile;    /**< ... 0: not given */
    int keep;             /**< ... RPR_KEEP_AUTO or a number of layers */
    int have_keep;        /**< ... it was given */
    double max_error;     /**< ... 0: not given */
    int no_equalise, no_bias_correction;
} cli_options;

/**
 * Reads the arguments after the subcommand. CLI_DONE, or CLI_USAGE after a message. *help is set,
 * and nothing else is checked, if --help is among them. o points into argv afterwards.
 */
int cli_parse(cli_command command, int argc, char **argv, cli_options *o, int *help);

#endif
