/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include "args_set.h"
#include "cli.h"
#include "help.h"
#include "options.h"

enum {
    STREAMS = CMD_RUN | CMD_BENCH | CMD_VERIFY,
    FRAMES = STREAMS | CMD_CALIBRATE | CMD_QUANTIZE,
    AUDITED = CMD_RUN | CMD_BENCH,
    WINDOWS = STREAMS | CMD_CALIBRATE | CMD_INFO
};

static const option options[] = {
    {"--gate", STREAMS, set_gate,
     "off, exact, levels:C (C from 2 to 65536) or deadzone:T (0 <= T < 1, such as 2/255)"},
    {"--frames", FRAMES, set_frames, "a number of frames, 1 or more"},
    {"--skip", FRAMES, set_skip, "a number of frames, 0 or more"},
    {"--threads", FRAMES, set_threads, "a number from 1 to 64"},
    {"--refresh", STREAMS, set_refresh, "a number of frames; 0 for never"},
    {"--settle", FRAMES, set_settle, "a number of frames; 0 for never"},
    {"--all-gates", STREAMS, set_all_gates, NULL},
    {"--fit", CMD_RUN | CMD_BENCH, set_fit, NULL},
    {"--weights", STREAMS, set_weights, "auto, f32 or bf16"},
    {"--noise", STREAMS, set_noise, "off, auto or a number of sigmas up to 100"},
    {"--ignore", STREAMS, set_ignore, "X,Y,W,H in pixels of the input, at most 16 times"},
    {"--shape", FRAMES | CMD_INFO, set_shape, "[NAME=]1,3,640,640"},
    {"--rate", FRAMES, set_rate, "samples a second, from 100 to 768000"},
    {"--window", WINDOWS, set_window, "a number of columns; 0 as the model has it"},
    {"--hop", FRAMES | CMD_INFO, set_hop,
     "a number of columns (or of samples or feature frames), 1 or more"},
    {"--axis", WINDOWS, set_axis, "a number of an axis, from -8 (counted from the end) to 7"},
    {"--context", FRAMES, set_context, "a number of samples or feature frames, 0 or more"},
    {"--gain", FRAMES, set_gain, "a number other than 0"},
    {"--features", FRAMES, set_features, "kaldi-fbank:N, kaldi-mfcc:N, logmel:N or mfcc:N"},
    {"--set", FRAMES | CMD_INFO, set_fixed, "INPUT=16000, at most 16 times"},
    {"--carry", FRAMES | CMD_INFO, set_carry, "INPUT=OUTPUT, at most 16 times"},
    {"--decode", FRAMES, set_decode, "nanodet, ssd or none"},
    {"--mean", FRAMES, set_mean, "one number, or three such as 123.7,116.3,103.5"},
    {"--scale", FRAMES, set_scale, "one number, or three, none of them 0"},
    {"--range", FRAMES, set_range, "two numbers such as 0..1, -1..1 or 0..255"},
    {"--plan", STREAMS, set_plan, "a file that reprise calibrate wrote"},
    {"--budget", CMD_CALIBRATE | AUDITED, set_budget, "a number, 0 or more"},
    {"--metric", CMD_CALIBRATE | AUDITED, set_metric, "rel_l2, max_abs or f1"},
    {"--audit", AUDITED, set_audit, "a number of frames, 1 to 1000000"},
    {"--objective", CMD_CALIBRATE, set_objective, "time or macs"},
    {"--preset", CMD_CALIBRATE, set_preset, "isca2018"},
    {"--clusters", CMD_CALIBRATE, set_clusters, "a number from 2 to 65536"},
    {"--leave-out", CMD_CALIBRATE, set_leave_out, "names of layers, with commas between them"},
    {"--pareto", CMD_CALIBRATE, set_pareto, NULL},
    {"-o", CMD_CALIBRATE | CMD_QUANTIZE, set_output, "a file to write"},
    {"--out", CMD_RUN, set_out, "a directory"},
    {"--overlay", CMD_RUN, set_overlay, "a video file to write"},
    {"--trace", CMD_RUN, set_trace, "a file to write"},
    {"--ranges", CMD_QUANTIZE, set_ranges,
     "auto, mse, minmax or percentile:P (P above 50 and up to 100, such as 99.99)"},
    {"--keep", CMD_QUANTIZE, set_keep, "auto or a number of layers, 0 or more"},
    {"--error", CMD_QUANTIZE, set_error, "a number between 0 and 1"},
    {"--no-equalise", CMD_QUANTIZE, set_no_equalise, NULL},
    {"--no-bias-correction", CMD_QUANTIZE, set_no_bias_correction, NULL},
    {"--json", STREAMS | CMD_QUANTIZE, set_json, "a file to write, or - for stdout"},
    {"--json", CMD_INFO, set_json, NULL},
    {"--oracle-every", CMD_VERIFY, set_oracle_every, "a number of frames; 0 for never"},
    {"--max-rel-l2", CMD_VERIFY, set_max_rel_l2, "a number, 0 or more"},
    {"--min-f1", CMD_VERIFY, set_min_f1, "a number from 0 to 1"},
};

/* ----------------------------------------------------------------- reading */

static int take_name(void *target, const char *name)
{
    cli_options *o = target;
    if (!o->model)
        o->model = name;
    else if (!o->input && o->command != CMD_INFO)
        o->input = name;
    else
        return 0;
    return 1;
}

static int check_calibrate(const cli_options *o)
{
    if ((o->budget < 0 && !o->preset) || !o->output)
        return cli_fail(CLI_USAGE, "calibrate needs %s; see: reprise help calibrate",
                        o->budget < 0 && !o->preset ? "--budget" : "-o FILE");
    if (o->budget > 1 && o->metric != METRIC_MAX_ABS)
        return cli_fail(CLI_USAGE, "--budget %g: an error by %s is 1 at most", o->budget,
                        metric_name(o->metric));
    if (o->preset && (o->budget >= 0 || o->pareto))
        return cli_fail(CLI_USAGE, "--preset cannot stand together with %s",
                        o->pareto ? "--pareto" : "--budget");
    if (!o->preset && (o->clusters || o->leave_out))
        return cli_fail(CLI_USAGE, "%s is of --preset", o->clusters ? "--clusters" : "--leave-out");
    return CLI_DONE;
}

/* Without --axis and --window --hop is about sound. */
static int check_window(const cli_options *o)
{
    static const char axis[] = "--axis A: the axis of the input along which the window moves";
    const struct {
        const char *name;
        int given;
    } alone[] = {{"--context", o->context >= 0},
                 {"--audit", o->audit != 0},
                 {"--overlay", o->overlay != NULL},
                 {"--noise", o->noise != 0},
                 {"--ignore", o->n_ignore != 0}};
    if (!o->have_axis && (o->have_window || (o->hop && o->command == CMD_INFO)))
        return cli_fail(CLI_USAGE, "%s needs %s", o->have_window ? "--window" : "--hop", axis);
    if (!o->have_axis)
        return CLI_DONE;
    if (!o->hop)
        return cli_fail(CLI_USAGE, "--axis needs --hop K: how many columns are new in a call");
    if (o->window && o->hop >= o->window)
        return cli_fail(CLI_USAGE,
                        "--hop %d should be below --window %lld: else nothing of a "
                        "window is left in the next",
                        o->hop, (long long)o->window);
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (alone[i].given)
            return cli_fail(CLI_USAGE, "%s cannot stand together with --axis", alone[i].name);
    return CLI_DONE;
}

static int check(const cli_options *o)
{
    const char *name = help_command_name(o->command);
    if (!o->model || (!o->input && o->command != CMD_INFO))
        return cli_fail(CLI_USAGE, "%s needs %s; see: reprise help %s", name,
                        o->command == CMD_INFO ? "MODEL" : "MODEL and INPUT", name);
    if (o->have_range && o->have_mean)
        return cli_fail(CLI_USAGE, "--range cannot stand together with --mean or --scale");
    if (o->min_f1 >= 0 && o->decode == DECODE_NONE)
        return cli_fail(CLI_USAGE, "--min-f1 needs --decode: it is about boxes");
    if (o->metric == METRIC_F1 && o->decode == DECODE_NONE)
        return cli_fail(CLI_USAGE, "--metric f1 needs --decode: it is about boxes");
    if (o->audit && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--audit needs a gate: with --gate off every frame is dense");
    if ((o->command & AUDITED) && !o->audit && (o->budget >= 0 || o->have_metric))
        return cli_fail(CLI_USAGE, "%s needs --audit N: nothing else looks at errors while running",
                        o->budget >= 0 ? "--budget" : "--metric");
    if (o->plan && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--plan cannot stand together with --gate off");
    if (o->trace && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--trace needs a gate: with --gate off nothing is compared, so "
                                   "there is nothing to write");
    if (o->command == CMD_QUANTIZE && !o->output)
        return cli_fail(CLI_USAGE, "quantize needs -o FILE; see: reprise help quantize");
    if (o->have_keep && o->max_error > 0)
        return cli_fail(CLI_USAGE, "--keep cannot stand together with --error");
    int code = check_window(o);
    return code == CLI_DONE && o->command == CMD_CALIBRATE ? check_calibrate(o) : code;
}

int cli_parse(cli_command command, int argc, char **argv, cli_options *o, int *help)
{
    *o = (cli_options){.command = command,
                       .gate = {.kind = RPR_GATE_EXACT},
                       .gate_text = "exact",
                       .threads = 1,
                       .refresh = -1,
                       .settle = -1,
                       .scale = {1, 1, 1},
                       .oracle_every = 1,
                       .max_rel_l2 = -1,
                       .min_f1 = -1,
                       .context = -1,
                       .gain = 1,
                       .budget = -1,
                       .keep = RPR_KEEP_AUTO};
    const option_table table = {.option = options,
                                .n = sizeof options / sizeof options[0],
                                .command = (int)command,
                                .name = help_command_name(command),
                                .take = take_name};
    int code = options_read(&table, argc, argv, o, help);
    if (code != CLI_DONE || *help)
        return code;
    code = check(o);
    o->sound |= o->hop && !o->have_axis;
    if (o->preset && !o->clusters)
        o->clusters = 32; /* what the paper uses for networks on pictures */
    if (command == CMD_QUANTIZE && !o->frames)
        o->frames = 64;
    return code;
}
