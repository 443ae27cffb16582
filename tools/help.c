/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "reprise/version.h"

typedef struct page {
    cli_command command;
    const char *name, *summary, *usage, *about;
} page;

static const page pages[] = {
    {CMD_INFO, "info", "what a model is made of and what of it can be reused",
     "reprise info MODEL [--shape [NAME=]DIMS] [--set INPUT=NUMBER] [--carry INPUT=OUTPUT] "
     "[--hop K --axis A [--window T]] [--json]",
     "Prints inputs, outputs, operators with their multiply-accumulates (MACs) and parameters,\n"
     "which layers can reuse results and which run in full. If the model holds operators that are\n"
     "not supported, every such node is listed and the exit code is 4.\n"
     "\n"
     "  --shape [NAME=]DIMS   fix the shape of an input that the file leaves open, such as\n"
     "                        --shape x=1,3,640,640; without NAME: of the first input\n"
     "  --set, --carry        as for run\n"
     "  --hop, --axis, --window\n"
     "                        the input is a window that moves, as for run: what of it every node\n"
     "                        computes on a call, and why where it is all of it\n"
     "  --json                print JSON on stdout instead\n"},
    {CMD_RUN, "run", "run a model over frames and reuse what did not change",
     "reprise run MODEL INPUT [options]",
     "Runs every frame of INPUT and prints how much was reused and how long it took. The first\n"
     "frame is computed in full, every further one only where it differs from what was used "
     "before.\n"
     "\n"
     "  --out DIR             write every output of every frame: DIR/frame000000_NAME.npy\n"
     "  --overlay FILE.mp4    write the frames with boxes (--decode) and, tinted from yellow to\n"
     "                        red, the places that were computed anew\n"
     "  --trace FILE          write a similarity trace: which inputs of every layer changed on\n"
     "                        every frame. FILE is there when the run is complete, FILE.part "
     "before\n"
     "  --audit N             run every Nth frame densely, too, spread over frames, and report "
     "the\n"
     "                        error; with a budget, tighten the gates when it is exceeded and\n"
     "                        loosen them again, never beyond the plan, when there is room\n"
     "  --budget E            the largest mean error that audits allow, by --metric (rel_l2,\n"
     "  --metric METRIC       max_abs or f1, as for calibrate); with --plan both are the plan's\n"
     "  --fit                 time the kernels on this machine while loading, and choose between\n"
     "                        correcting and recomputing by that instead of by a table. Results\n"
     "                        are then no longer the same in every bit from run to run\n"},
    {CMD_BENCH, "bench", "time a model with and without reuse, side by side",
     "reprise bench MODEL INPUT [options]",
     "Runs every frame twice, in full (dense) and with reuse, taking turns at going first, and\n"
     "compares times, work and results. Work is counted in multiply-accumulates (MACs).\n"
     "\n"
     "Beside it stands the honest rival, skipping frames: a dense run on every N-th frame only,\n"
     "whose result stands until the next. N is the largest of 1, 2, 3, 4, 5, 6, 8, 10, 12, 16,\n"
     "20, 24 and 32 that gives skipping no less work than reuse needed.\n"
     "\n"
     "  --audit N             run every Nth frame densely, too, spread over frames, and report "
     "the\n"
     "                        error; with a budget, tighten the gates when it is exceeded and\n"
     "                        loosen them again, never beyond the plan, when there is room\n"
     "  --budget E            the largest mean error that audits allow, by --metric (rel_l2,\n"
     "  --metric METRIC       max_abs or f1, as for calibrate); with --plan both are the plan's\n"
     "  --fit                 time the kernels on this machine while loading, and choose between\n"
     "                        correcting and recomputing by that instead of by a table. Results\n"
     "                        are then no longer the same in every bit from run to run\n"},
    {CMD_VERIFY, "verify", "check results with reuse against dense results",
     "reprise verify MODEL INPUT [options]",
     "Compares every output of every frame with the dense run, and every weighted layer with a\n"
     "dense evaluation on the inputs that it last used (the oracle: it computes in double and "
     "takes\n"
     "longer than the runs themselves). The exit code is 1 if the oracle finds a layer further "
     "away\n"
     "than rounding explains, or if one of the limits below is broken.\n"
     "\n"
     "  --oracle-every N      ask the oracle on every N-th frame only (default 1); 0: never\n"
     "  --max-rel-l2 E        the relative L2 error of no output may exceed E\n"
     "  --min-f1 F            the boxes must agree with the dense run's with an F1 of F or more\n"},
    {CMD_CALIBRATE, "calibrate", "find the gates that keep an error budget",
     "reprise calibrate MODEL INPUT (--budget E | --preset isca2018) -o PLAN.json [options]",
     "Runs INPUT, a sample of the stream, again and again with other gates, and writes those with\n"
     "which the fewest MACs are executed while the error stays within the budget: a plan, for\n"
     "reprise run --plan. The last fifth of the frames is held back from the search; the plan "
     "says\n"
     "what error and what work it measured on both parts. All frames are kept in memory. Ctrl-C\n"
     "ends the search; the best plan so far is written.\n"
     "\n"
     "  --budget E            the largest error, by the metric; 0 gives exact gates\n"
     "  --metric METRIC       rel_l2: relative L2 error of the worst output (default); max_abs: "
     "its\n"
     "                        largest difference; f1: 1 - F1 of the boxes, needs --decode\n"
     "  --objective WHAT      what is to be small: macs (default), or time, by a model that "
     "counts\n"
     "                        what is done and never looks at a clock\n"
     "  --preset isca2018     no search, but the procedure of the paper: the range of every "
     "layer's\n"
     "                        input is profiled and cut into clusters; run it with --all-gates\n"
     "  --clusters C          ... so many (default 32; the paper: 32, for speech 16)\n"
     "  --leave-out NAME,...  ... but in these layers, which are always dense\n"
     "  --pareto              write no plan but the error and the work of the plan with its\n"
     "                        thresholds scaled, of uniform dead-zones, levels, whole pixels and\n"
     "                        frame skipping on the frames held back; bench/fidelity.py plots it\n"
     "  --settle N            for streams whose gates settle once in N frames, as for run; the "
     "plan\n"
     "                        says so (default: 8 for f1, else 0, never)\n"
     "  -o FILE               the plan to write, - is stdout; with --pareto .json or .csv\n"},
    {CMD_QUANTIZE, "quantize", "make an 8-bit model from a sample",
     "reprise quantize MODEL INPUT -o OUT.onnx [options]",
     "Runs INPUT, a sample of the stream, and writes the model in 8 bits as ordinary ONNX with\n"
     "QuantizeLinear and DequantizeLinear (QDQ), which Reprise and ONNX Runtime run. Weights get "
     "a\n"
     "scale for every output channel. The last fifth of the frames is held back: on it the "
     "written\n"
     "model is held against the f32 one, with --decode by its boxes, too. Ctrl-C ends the work, "
     "and\n"
     "nothing is written. Shapes that the file leaves open are fixed in OUT.onnx.\n"
     "\n"
     "  -o OUT.onnx           the model to write; it is there when it is complete\n"
     "  --ranges HOW          of activations: mse: the smallest mean squared error, clipping\n"
     "                        included; minmax: all that was seen; percentile:P: P per cent of "
     "the\n"
     "                        values (default 99.999); auto (default): whichever gives the "
     "smallest\n"
     "                        error of the outputs\n"
     "  --keep N              layers that stay f32, those of the largest measured sensitivity; "
     "auto\n"
     "                        (default): those with a quarter of all error or more, as long as "
     "they\n"
     "                        have at most 5 % of the MACs\n"
     "  --error E             keep as few layers as keep the relative L2 error within E\n"
     "  --no-equalise         do not equalise channels across layers, which is otherwise done "
     "where\n"
     "                        it lowers the error\n"
     "  --no-bias-correction  do not take the mean error of every layer's outputs from its bias,\n"
     "                        which is otherwise done where it lowers the error\n"
     "  --json FILE           write the summary as JSON; - is stdout, instead of the text\n"},
    {CMD_SIM, "sim", "simulate the ISCA 2018 accelerator, with and without reuse",
     "reprise sim (--trace F | --net NAME --similarity S) [options]",
     "Runs the same executions on the accelerator of the paper without and with reuse, and prints\n"
     "cycles (and what they were spent on), accesses, energy by component, memory and area.\n"
     "\n"
     "  --trace FILE          what really changed: written by reprise run --trace\n"
     "  --net NAME            or a network of the paper: kaldi, eesen, c3d, autopilot\n"
     "  --similarity S        share of inputs that do not change, 0 to 1; or one per layer: "
     "S,S,...\n"
     "  --pattern P           how changes lie: uniform (default), clustered or clustered:RUN, in\n"
     "                        runs of RUN elements on average (16)\n"
     "  --seed N              of the made-up changes (default 1)\n"
     "  --executions N        executions to simulate after the first, dense one\n"
     "  --sequence N          length of a sequence: means are over its first and N - 1 further "
     "ones\n"
     "  --off LAYER,LAYER     layers that are left out of reuse\n"
     "  --arch FILE.ini       another machine; keys that it leaves out are as in the builtin one\n"
     "  --set SECTION.KEY=V   change one key, such as --set dram.channels=4; may be repeated\n"
     "  --sweep SECTION.KEY=V,V,...   one line per value, on all cores\n"
     "  --brief               print the sums only\n"
     "  --json FILE           everything, per layer too, and the source of every figure; - is "
     "stdout\n"
     "  --csv FILE            every count of every layer\n"
     "\n"
     "  --paper               the four networks beside the paper's figures\n"
     "  --sensitivity         what each assumption is worth\n"
     "  --compare A B         two files written by --json\n"
     "  --print-arch          the builtin INI file, to be changed and given to --arch\n"
     "  --print-tables        the energy and area figures in use, with their sources\n"},
};

static const char input_forms[] =
    "INPUT is a video file, an image sequence (dir/%04d.pgm), - (y4m on stdin), or\n"
    "rawvideo:WxH:FORMAT:FILE (FORMAT a pixel format of FFmpeg such as rgb24, gray, yuv420p or\n"
    "gbrpf32le; FILE - is stdin). Frames are scaled to the size that the model reads.\n"
    "\n"
    "For a model that takes sound (an input of fewer than four axes, or an option of sound) it is "
    "a\n"
    "file with sound, - (wav on stdin), or rawaudio:RATE[xCHANNELS]:FORMAT:FILE (FORMAT such as\n"
    "s16le or f32le). A frame is then a block: the samples or features of one call.\n"
    "\n"
    "For any model: FILE.npy, an array in C order whose first axis counts the frames.\n"
    "\n";

static const char gate_options[] =
    "  --gate GATE           when a value that a layer reads counts as changed:\n"
    "                          exact       when it differs at all (default): the results are "
    "those\n"
    "                                      of a dense run, but camera noise leaves little to "
    "reuse\n"
    "                          deadzone:T  when it moved by more than T times its layer's range\n"
    "                                      since it was last used: for video; T such as 2/255\n"
    "                                      (careful) or 4/255 (faster)\n"
    "                          levels:C    when it moved to another one of C levels\n"
    "                          off         always: dense on every frame\n"
    "  --refresh N           once in N frames compute every layer from its input as it is, a few "
    "at\n"
    "                        a time, which ends what gates and rounding left; 0: never (default "
    "256)\n"
    "  --settle N            once in N frames halve the dead-zone of each layer, in turns: ends "
    "most "
    "of\n"
    "                        the error where nothing moves (default: the plan's, else 0, never)\n"
    "  --plan FILE           gates of the layers, written by reprise calibrate; --gate is then "
    "that\n"
    "                        of layers that the plan leaves out\n"
    "  --all-gates           compare every value of every frame, as the paper does, also where\n"
    "                        that costs more than it can save\n"
    "  --weights W           of corrections: auto (default) is bf16, but f32 with the gate exact\n"
    "  --noise N             auto, or K: what lies within K standard deviations of a pixel's last\n"
    "                        used value is noise, as it is estimated from the frames, and no\n"
    "                        change; auto is 5. off (default). Of 8-bit pictures\n"
    "  --ignore X,Y,W,H      a part of the picture that keeps what it showed at first, such as a\n"
    "                        clock; in pixels of INPUT, and at most 16 times\n";

static const char frame_options[] =
    "  --frames N, --skip N  run at most N frames (quantize: 64); leave out the first N\n"
    "  --threads N           threads inside one frame (default 1); results do not depend on it\n"
    "  --shape [NAME=]DIMS   fix the shape of an input that the file leaves open\n"
    "  --set INPUT=NUMBER    an input that is the same on every frame, such as sr=16000\n"
    "  --carry INPUT=OUTPUT  an input that is what an output was on the frame before, and zeros\n"
    "                        on the first, such as state=stateN\n"
    "  --range A..B          bytes 0..255 become A..B: 0..1 (default), -1..1 (default for\n"
    "                        --decode ssd), 0..255\n"
    "  --mean M, --scale S   or become (byte - M) / S; one number, or three for R, G, B, such as\n"
    "                        --mean 123.675,116.28,103.53 --scale 58.395,57.12,57.375\n"
    "  --decode DECODER      turn outputs into boxes: nanodet, ssd (BlazeFace) or none (default)\n";

static const char sound_options[] =
    "\n"
    "  --rate HZ             sound is mixed to one channel of so many samples a second (16000)\n"
    "  --features KIND:N     features instead of samples: kaldi-fbank or logmel of N mels, "
    "kaldi-mfcc\n"
    "                        or mfcc of N cepstra, every 10 ms; without N: as the model's last "
    "axis\n"
    "                        says. Keys may follow, such as ,deltas:2,cmvn:300,left:4,right:4;\n"
    "                        doc/audio.md lists them\n"
    "  --hop N               new samples, or feature frames, of a block\n"
    "  --context N           and those before them that the block before had, too. What the model\n"
    "                        takes is N of --hop and N of --context together (default: all new)\n"
    "  --gain G              samples are multiplied by it; files give -1..1 (default 1)\n"
    "  --set INPUT=V         another input of the model is this number on every frame\n"
    "  --carry INPUT=OUTPUT  another input is what that output was on the frame before: a state\n";

static const char window_options[] =
    "\n"
    "For a model whose input is a window of columns that moves by some of them (wake words, "
    "clips):\n"
    "  --axis A              the axis of the input along which it moves, from 0, or from the end: "
    "-1\n"
    "  --hop K               columns that are new in a call: only they, and what the window's "
    "edges\n"
    "                        change, are computed. A frame is then a window: --skip and --frames\n"
    "                        count them, and results begin with the first whole one\n"
    "  --window T            columns of the window, where the model leaves them open\n"
    "A column is a frame of features, a picture, or an array: FILE.npy is one long array along "
    "axis A\n"
    "of the input, or holds one array a column. bench and verify compare with full windows.\n";

static const char report_options[] =
    "  --json FILE           write the results as JSON; - is stdout, instead of the text\n"
    "\n"
    "Similarity is the share of layer inputs that did not change, reuse the share of MACs that\n"
    "were not executed. The first frame is always dense; times, work and shares leave it out.\n";

static const char exit_codes[] =
    "Exit codes: 0 done, 1 a check failed, 2 wrong usage, 3 bad input, 4 unsupported model.\n";

static const page *find(cli_command command)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (pages[i].command == command)
            return &pages[i];
    return NULL;
}

const char *help_command_name(cli_command command)
{
    const page *p = find(command);
    return p ? p->name : "";
}

cli_command help_find_command(const char *name)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (strcmp(pages[i].name, name) == 0)
            return pages[i].command;
    return 0;
}

void help_general(void)
{
    printf("reprise %d.%d.%d: runs neural networks (ONNX) on video and recomputes only what "
           "changed\n\n",
           RPR_VERSION_MAJOR, RPR_VERSION_MINOR, RPR_VERSION_PATCH);
    puts("usage: reprise COMMAND ARGUMENTS\n");
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        printf("  %-9s %s\n", pages[i].name, pages[i].summary);
    puts("\n"
         "  reprise help COMMAND    options of a command\n"
         "  reprise --version       version and instruction set in use\n"
         "\n"
         "For example:\n"
         "  reprise info net.onnx\n"
         "  reprise run net.onnx street.mp4 --gate deadzone:2/255 --decode nanodet "
         "--overlay out.mp4\n"
         "  ffmpeg -i rtsp://camera -f yuv4mpegpipe - | reprise run net.onnx -\n");
    fputs(exit_codes, stdout);
}

void help_page(cli_command command)
{
    const page *p = find(command);
    if (!p)
        return;
    printf("usage: %s\n\n%s\n", p->usage, p->about);
    const bool streams = command == CMD_RUN || command == CMD_BENCH || command == CMD_VERIFY;
    const bool sampled = command == CMD_CALIBRATE || command == CMD_QUANTIZE;
    if (streams || sampled)
        fputs(input_forms, stdout);
    if (streams)
        fputs(gate_options, stdout);
    if (streams || sampled)
        fputs(frame_options, stdout);
    if (streams || command == CMD_CALIBRATE)
        fputs(window_options, stdout);
    if (streams || sampled)
        fputs(sound_options, stdout);
    if (streams)
        fputs(report_options, stdout);
    if (streams || sampled)
        putchar('\n');
    fputs(exit_codes, stdout);
}
