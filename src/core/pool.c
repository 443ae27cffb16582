/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200112L
#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/alloc.h"
#include "reprise/reprise.h"

/* Looks at the ticket before a thread that waits sleeps or gives its processor away: some hundred
   microseconds, longer than most steps of a frame that run on one thread. */
#define SPINS 20000
/* Parts per thread: uneven ones are made up for, and each costs a fraction of a microsecond. */
#define PARTS_PER_THREAD 4

/*
 * The ticket holds the number of parts of the present job (upper half) and the next part to be
 * taken (lower half). Whoever takes a part may read the job: it does not end before that part is
 * done.
 */
#define TICKET(parts) ((uint64_t)(uint32_t)(parts) << 32)

typedef struct worker {
    pthread_t id;
    rpr_pool *pool;
    int number;
} worker;

struct rpr_pool {
    _Alignas(64) _Atomic uint64_t ticket;
    _Alignas(64) _Atomic int done;
    rpr_part_fn *fn;
    void *job;
    _Alignas(64) _Atomic int asleep;
    _Atomic bool quit, busy;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    int threads, started;
    worker worker[RPR_MAX_THREADS];
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool has_part(uint64_t ticket)
{
    return (uint32_t)ticket < ticket >> 32;
}

/** Works on the present job until no part is left. */
static void take_parts(rpr_pool *p, int thread)
{
    while (has_part(atomic_load(&p->ticket))) {
        uint64_t mine = atomic_fetch_add(&p->ticket, 1);
        if (!has_part(mine))
            return;
        p->fn(p->job, (int)(uint32_t)mine, thread);
        atomic_fetch_add(&p->done, 1);
    }
}

/** Returns when there may be work, or the pool ends. */
static void wait_for_work(rpr_pool *p)
{
    for (int i = 0; i < SPINS && atomic_load(&p->busy); i++) {
        if (has_part(atomic_load(&p->ticket)))
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->asleep, 1);
    if (!has_part(atomic_load(&p->ticket)) && !atomic_load(&p->quit))
        pthread_cond_wait(&p->wake, &p->mutex);
    atomic_fetch_sub(&p->asleep, 1);
    pthread_mutex_unlock(&p->mutex);
}

static void *work(void *argument)
{
    const worker *w = argument;
    while (!atomic_load(&w->pool->quit)) {
        wait_for_work(w->pool);
        take_parts(w->pool, w->number);
    }
    return NULL;
}

static void wake_all(rpr_pool *p)
{
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

int rpr_pool_new(int threads, rpr_pool **out)
{
    *out = NULL;
    if (threads <= 1)
        return RPR_OK;
    rpr_pool *p = rpr_alloc(sizeof *p);
    if (!p)
        return RPR_ERR_NOMEM;
    p->threads = threads;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    for (int i = 1; i < threads; i++, p->started++) {
        worker *w = &p->worker[p->started];
        *w = (worker){.pool = p, .number = i};
        if (pthread_create(&w->id, NULL, work, w) != 0) {
            rpr_pool_free(p);
            return RPR_ERR_NOMEM;
        }
    }
    *out = p;
    return RPR_OK;
}

void rpr_pool_free(rpr_pool *p)
{
    if (!p)
        return;
    atomic_store(&p->quit, true);
    wake_all(p);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->worker[i].id, NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
    rpr_free(p);
}

int rpr_pool_threads(const rpr_pool *p)
{
    return p ? p->threads : 1;
}

#ifdef RPR_TEST_HOOKS
#include <stdlib.h>

static bool is_eager(void)
{
    return getenv("RPR_EAGER") != NULL;
}
#else
static bool is_eager(void)
{
    return false;
}
#endif

int64_t rpr_pool_worth(int64_t amount, int64_t least)
{
    return is_eager() ? INT32_MAX : amount / least;
}

int rpr_pool_parts(const rpr_pool *p, int64_t units, int64_t worth)
{
    int64_t most = p ? (int64_t)p->threads * PARTS_PER_THREAD : 1;
    int64_t parts = units < worth ? units : worth;
    parts = parts < most ? parts : most;
    return parts > 1 ? (int)parts : 1;
}

void rpr_pool_busy(rpr_pool *p, bool busy)
{
    if (!p)
        return;
    atomic_store(&p->busy, busy);
    if (busy && atomic_load(&p->asleep) > 0)
        wake_all(p);
}

void rpr_pool_run(rpr_pool *p, int parts, rpr_part_fn *fn, void *job)
{
    if (!p || parts <= 1) {
        for (int i = 0; i < parts; i++)
            fn(job, i, 0);
        return;
    }
    p->fn = fn;
    p->job = job;
    atomic_store(&p->done, 0);
    atomic_store(&p->ticket, TICKET(parts));
    if (atomic_load(&p->asleep) > 0)
        wake_all(p);
    take_parts(p, 0);
    for (int spins = 0; atomic_load(&p->done) < parts; spins++) {
        if (spins < SPINS)
            pause_briefly();
        else
            sched_yield(); /* its processor may be the one that the part waits for */
    }
}
