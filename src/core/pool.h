/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that work on the parts of one job after another. They wait for the next job a moment on
 * the processor, then asleep: the jobs of a frame follow each other within microseconds.
 */
#ifndef RPR_CORE_POOL_H
#define RPR_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define RPR_MAX_THREADS 64

typedef struct rpr_pool rpr_pool;

/** Does part `part` of a job on thread `thread` of the pool, which is in [0, threads). */
typedef void rpr_part_fn(void *job, int part, int thread);

/**
 * A pool of `threads` in [2, RPR_MAX_THREADS], the caller's among them; 1 gives NULL, which every
 * function here takes. RPR_ERR_NOMEM if memory or the system's threads ran out.
 */
int rpr_pool_new(int threads, rpr_pool **out);
void rpr_pool_free(rpr_pool *p);

/**
 * Jobs are about to follow, or the last one is done: until then threads without work wait on their
 * processors for a while, from then on asleep.
 */
void rpr_pool_busy(rpr_pool *p, bool busy);

int rpr_pool_threads(const rpr_pool *p);

/**
 * Does parts 0 to parts - 1, each once, in any order and on any thread, and returns when all are
 * done. Parts must not depend on each other. Allocates nothing. One job at a time.
 */
void rpr_pool_run(rpr_pool *p, int parts, rpr_part_fn *fn, void *job);

/**
 * How many parts `amount` of work is worth if each is to have `least`. In builds with
 * RPR_TEST_HOOKS the environment variable RPR_EAGER makes any amount worth any number.
 */
int64_t rpr_pool_worth(int64_t amount, int64_t least);

/** Parts that give every thread something to do: at most `units`, at most `worth`, at least 1. */
int rpr_pool_parts(const rpr_pool *p, int64_t units, int64_t worth);

/** Where part i of `parts` begins among `total` units. */
static inline int64_t rpr_part_start(int64_t total, int parts, int i)
{
    return total * i / parts;
}

#endif
