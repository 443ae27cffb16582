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

static void *help(void *user)
{
    job *j = user;
    for (int i; (i = atomic_fetch_add(&j->next, 1)) < j->n;)
        j->work(j->user, i);
    return NULL;
}

void sim_parallel(int n, void (*work)(void *user, int i), void *user)
{
    job j = {.work = work, .user = user, .n = n};
    pthread_t thread[MAX_THREADS];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int helpers = 0, wanted = n - 1 < MAX_THREADS ? n - 1 : MAX_THREADS;
    wanted = wanted < cores - 1 ? wanted : (int)cores - 1;
    while (helpers < wanted && pthread_create(&thread[helpers], NULL, help, &j) == 0)
        helpers++;
    (void)help(&j); /* if no thread can be had, this one does it all */
    for (int i = 0; i < helpers; i++)
        pthread_join(thread[i], NULL);
}
