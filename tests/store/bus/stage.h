/* SPDX-License-Identifier: Apache-2.0 */
/* What each bus test stands on: a folder with keys, and processes of the program `peer`. */
#ifndef TESTS_STORE_BUS_STAGE_H
#define TESTS_STORE_BUS_STAGE_H

#include "wire/bus.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
    STAGE_PEERS = 8,
    STAGE_PATH = 256
};

struct stage {
    char dir[64];
    char keys[STAGE_PATH];
    char brokers[2 * STAGE_PATH]; /* both */
    char broker[2][STAGE_PATH];
    char log[STAGE_PATH]; /* ids of commands that workers served */
    pid_t peers[STAGE_PEERS];
};

void stage_open(struct stage *stage);
/* Kills what is left and removes the folder. */
void stage_close(struct stage *stage);

pid_t stage_broker(struct stage *stage, int which, int queue);
/* A worker of `service` with the certificate key_name at the listed brokers. */
pid_t stage_worker(struct stage *stage, const char *brokers, const char *service,
                   const char *key_name);
/* Sends the signal and waits for the end. */
void stage_stop(struct stage *stage, pid_t pid, int signal);

struct gx_bus_settings stage_settings(struct stage *stage, const char *brokers,
                                      const char *key_name);
struct gx_caller *stage_caller(struct stage *stage, const char *brokers);
int stage_served(const struct stage *stage); /* lines in the log */
/* The worker has served something; waits up to 30 s. */
bool stage_has_served(const struct stage *stage, pid_t worker);
/* Waits up to 30 s until a call through that one broker is served. */
void stage_wait(struct stage *stage, int broker);
void stage_sleep_ms(long ms);

/* shift_close(id) with its deadline in `ms`; the faults stay in ctx. */
enum gx_rc stage_close_shift(struct gx_caller *caller, struct gx_ctx *ctx, const char *id, int ms);
enum gx_rc stage_list_partners(struct gx_caller *caller, struct gx_ctx *ctx, int ms);

#endif
