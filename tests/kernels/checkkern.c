/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares every kernel of every instruction set with its definition on random data of odd sizes.
 * Buffers end or begin at pages that trap, and carry canaries on their other side.
 *
 *     checkkern [SEED]
 *     checkkern --bench [SEED]
 *     checkkern --bench-int8 [WORD]      only the lines with WORD in them
 *     checkkern --bench-cost             the constants of rpr_cost_named_i8
 */
#include "checkkern.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reprise/reprise.h"

static struct {
    const char *isa, *kernel;
    long checks, failures;
    uint64_t random;
} state = {.isa = "", .kernel = "", .random = 1};

/* ---------------------------------------------------------------- the verdict */

void begin(const char *isa, const char *kernel)
{
    state.isa = isa;
    state.kernel = kernel;
}

void expect(bool ok, const char *format, ...)
{
    state.checks++;
    if (ok)
        return;
    if (state.failures++ < 20) {
        va_list ap;
        va_start(ap, format);
        printf("FAIL %s %s: ", state.isa, state.kernel);
        vprintf(format, ap);
        printf("\n");
        va_end(ap);
    }
}

static void put_text(const char *s)
{
    ssize_t done = write(STDOUT_FILENO, s, strlen(s));
    (void)done;
}

static void on_crash(int sig)
{
    put_text("FAIL ");
    put_text(state.isa);
    put_text(" ");
    put_text(state.kernel);
    put_text(sig == SIGILL ? ": illegal instruction\n" : ": touched memory outside its buffers\n");
    _exit(1);
}

bool same_float(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

int64_t first_difference(const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!same_float(a[i], b[i]))
            return i;
    return -1;
}

/* ---------------------------------------------------------------- random data */

uint32_t rnd(void)
{
    state.random = state.random * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = state.random ^ (state.random >> 29);
    return (uint32_t)((x * 0xbf58476d1ce4e5b9u) >> 32);
}

int32_t rnd_int(int32_t lo, int32_t hi)
{
    return lo + (int32_t)(rnd() % (uint32_t)(hi - lo + 1));
}

float rnd_float(void)
{
    return (float)(rnd() >> 8) * 0x1p-23f - 1.0f;
}

float rnd_special(void)
{
    static const float values[] = {NAN,       INFINITY,   -INFINITY, 0.0f,     -0.0f,
                                   0x1p-149f, -0x1p-130f, 3.4e38f,   -3.4e38f, 1.0f};
    return values[rnd() % (sizeof values / sizeof values[0])];
}

void fill_mixed(float *p, int64_t n, bool specials)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = specials && rnd() % 8 == 0 ? rnd_special() : rnd_float();
}

void fill_floats(float *p, int64_t n)
{
    fill_mixed(p, n, false);
}

/* ------------------------------------------------------------- guarded memory */

enum { CANARY = 0xA5, MAX_GUARDS = 64 };

static struct guard {
    unsigned char *map, *user;
    size_t map_bytes, bytes;
} guards[MAX_GUARDS];
static int n_guards;

void *guard_alloc(size_t bytes, bool left)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (bytes + page - 1) / page * page + page; /* at least a page of canaries */
    struct guard g = {.map_bytes = inner + 2 * page, .bytes = bytes};
    g.map = mmap(NULL, g.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.map == MAP_FAILED || n_guards == MAX_GUARDS) {
        printf("checkkern: out of memory\n");
        exit(2);
    }
    memset(g.map, CANARY, g.map_bytes);
    if (mprotect(g.map, page, PROT_NONE) || mprotect(g.map + page + inner, page, PROT_NONE)) {
        printf("checkkern: mprotect failed\n");
        exit(2);
    }
    g.user = left ? g.map + page : g.map + page + inner - bytes;
    guards[n_guards++] = g;
    return g.user;
}

float *guard_floats(int64_t n)
{
    return guard_alloc((size_t)n * sizeof(float), rnd() % 2);
}

float *guard_copy(const float *src, int64_t n)
{
    float *p = guard_alloc((size_t)n * sizeof(float), false);
    memcpy(p, src, (size_t)n * sizeof(float));
    return p;
}

static bool all_canary(const unsigned char *p, const unsigned char *end)
{
    while (p < end)
        if (*p++ != CANARY)
            return false;
    return true;
}

void guard_release(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < n_guards; i++) {
        struct guard *g = &guards[i];
        bool ok = all_canary(g->map + page, g->user) &&
                  all_canary(g->user + g->bytes, g->map + g->map_bytes - page);
        expect(ok, "wrote outside a buffer of %zu bytes", g->bytes);
        munmap(g->map, g->map_bytes);
    }
    n_guards = 0;
}

/* ----------------------------------------------------------------------- main */

/* From the lowest to the highest; those of other architectures are as if not there. */
enum { N_NAMES = 7 };
static const char *const names[N_NAMES] = {"scalar",   "neon",   "neondot",   "avx2",
                                           "avx2vnni", "avx512", "avx512vnni"};

static void check_table(const rpr_kernels *k, const rpr_kernels *ref)
{
    check_known_answers(k);
    check_conv_row(k);
    check_delta(k);
    check_depthwise(k);
    check_act(k, ref);
    check_bytes(k, ref);
    check_int8(k);
    if (k != ref) { /* against itself these could not fail */
        check_gates(k, ref);
        check_elementwise(k, ref);
    }
}

static void check_dispatch(void)
{
    begin("dispatch", "rpr_kernels_named");
    expect(rpr_kernels_named("sse9") == NULL, "an unknown name has a table");
    expect(rpr_kernels_named("scalar") != NULL, "the scalar table is missing");
#if defined(__aarch64__)
    expect(rpr_kernels_named("neon") != NULL, "the NEON table is missing");
#endif
    expect(strcmp(rpr_isa(), rpr_kernels_best()->isa) == 0, "rpr_isa is not the best table");
#ifdef RPR_TEST_HOOKS
    begin("dispatch", "RPR_ISA");
    unsetenv("RPR_ISA");
    const rpr_kernels *best = rpr_kernels_best(), *lower = rpr_kernels_named("scalar");
    for (int i = 0; i < N_NAMES; i++) {
        const rpr_kernels *named = rpr_kernels_named(names[i]);
        lower = named ? named : lower;
        setenv("RPR_ISA", names[i], 1);
        expect(rpr_kernels_best() == lower, "%s gives %s", names[i], rpr_isa());
    }
    setenv("RPR_ISA", "sse9", 1);
    expect(rpr_kernels_best() == best, "an unknown name gives %s", rpr_isa());
    unsetenv("RPR_ISA");
#endif
}

int main(int argc, char **argv)
{
    const bool int8 = argc > 1 && strcmp(argv[1], "--bench-int8") == 0;
    const bool cost = argc > 1 && strcmp(argv[1], "--bench-cost") == 0;
    const bool timing = int8 || cost || (argc > 1 && strcmp(argv[1], "--bench") == 0);
    if (argc > 1 + timing && !int8 && !cost)
        state.random = strtoull(argv[1 + timing], NULL, 0);
    signal(SIGSEGV, on_crash);
    signal(SIGBUS, on_crash);
    signal(SIGILL, on_crash);

    const rpr_kernels *tables[N_NAMES];
    int n = 0;
    for (int i = 0; i < N_NAMES; i++) {
        const rpr_kernels *k = rpr_kernels_named(names[i]);
        if (k)
            tables[n++] = k;
        else
            printf("SKIP %s: this processor lacks it\n", names[i]);
    }
    if (timing) {
        if (int8)
            bench_int8(tables, n, argc > 2 ? argv[2] : "");
        else if (cost)
            bench_cost(tables, n);
        else
            bench(tables, n);
        return 0;
    }
    check_half();
    check_dispatch();
    for (int i = 0; i < n; i++) {
        long checks = state.checks, failures = state.failures;
        check_table(tables[i], tables[0]);
        if (state.failures == failures)
            printf("%s: %ld checks ok\n", tables[i]->isa, state.checks - checks);
        else
            printf("%s: %ld of %ld checks FAILED\n", tables[i]->isa, state.failures - failures,
                   state.checks - checks);
    }
    return state.failures ? 1 : 0;
}
