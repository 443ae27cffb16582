/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "sim/experiment.h"

#define MAX_THREADS 64

typedef struct job {
    void (*work)(void *user, int i);
    void *user;
    int n;
    atomic_int next;
} job;

/** Works until nothing is left; only the thread that called has a tick. */
static void work_on(job *j, const sim_tick *tick)
{
    for (int i; (i = atomic_fetch_add(&j->next, 1)) < j->n;) {
        if (tick && tick->fn)
            tick->fn(tick->user, i);
        j->work(j->user, i);
    }
}

static void *help(void *user)
{
    work_on(user, NULL);
    return NULL;
}

void sim_parallel(int n, void (*work)(void *user, int i), void *user, const sim_tick *tick)
{
    job j = {.work = work, .user = user, .n = n};
    pthread_t thread[MAX_THREADS];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int helpers = 0, wanted = n - 1 < MAX_THREADS ? n - 1 : MAX_THREADS;
    wanted = wanted < cores - 1 ? wanted : (int)cores - 1;
    while (helpers < wanted && pthread_create(&thread[helpers], NULL, help, &j) == 0)
        helpers++;
    work_on(&j, tick); /* if no thread can be had, this one does it all */
    for (int i = 0; i < helpers; i++)
        pthread_join(thread[i], NULL);
}
