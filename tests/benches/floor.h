/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The yardstick of the pipeline: one process that does the same work in the plainest way. It reads a POST from loopback TCP, commits record
 * and journal row in one pipelined transaction, answers, asks Redis for the 20 nearest of 10,000, commits the offer and its journal row, and
 * pushes a line on a second connection. No TLS, no rules.
 */
#ifndef GX_BENCH_FLOOR_H
#define GX_BENCH_FLOOR_H

#include <stdint.h>
#include <sys/types.h>

struct floor {
    pid_t pid;
    int requests; /* connection that the POST goes on */
    int pushes;   /* connection that the line comes on */
};

/* conninfo may make a schema of its own ("bench"); redis_socket is a path. */
void floor_open(struct floor *floor, const char *conninfo, const char *redis_socket);
/* From the POST's first byte to the pushed line. */
int64_t floor_once_us(struct floor *floor, double lon, double lat);
void floor_close(struct floor *floor);

#endif
