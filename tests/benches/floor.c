/* SPDX-License-Identifier: Apache-2.0 */
#include "floor.h"

#include "base/clock.h"
#include "base/id.h"
#include "bench.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MEMBERS = 10000,
    REQUEST_SIZE = 1024
};

struct one_process {
    PGconn *pg;
    redisContext *redis;
    int requests;
    int pushes;
};

/* --- The one process --- */

static const char TABLES[] =
    "CREATE SCHEMA IF NOT EXISTS bench;"
    "CREATE TABLE IF NOT EXISTS bench.report (id uuid PRIMARY KEY, at bigint NOT NULL, body text "
    "NOT NULL);"
    "CREATE TABLE IF NOT EXISTS bench.offer (id uuid PRIMARY KEY, at bigint NOT NULL, body text "
    "NOT NULL);"
    "CREATE TABLE IF NOT EXISTS bench.journal (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " id uuid NOT NULL, at bigint NOT NULL, body text NOT NULL);";

static void prepare(PGconn *pg, const char *name, const char *sql)
{
    PGresult *result = PQprepare(pg, name, sql, 3, NULL);
    bench_must(PQresultStatus(result) == PGRES_COMMAND_OK, name, PQerrorMessage(pg));
    PQclear(result);
}

static PGconn *open_pg(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    bench_must(PQstatus(pg) == CONNECTION_OK, "postgres", PQerrorMessage(pg));
    PQclear(PQexec(pg, "SET client_min_messages = warning"));
    PGresult *result = PQexec(pg, TABLES);
    bench_must(PQresultStatus(result) == PGRES_COMMAND_OK, "tables", PQerrorMessage(pg));
    PQclear(result);
    prepare(pg, "report", "INSERT INTO bench.report (id, at, body) VALUES ($1, $2, $3)");
    prepare(pg, "offer", "INSERT INTO bench.offer (id, at, body) VALUES ($1, $2, $3)");
    prepare(pg, "journal", "INSERT INTO bench.journal (id, at, body) VALUES ($1, $2, $3)");
    bench_must(PQenterPipelineMode(pg) == 1, "pipeline mode", "");
    return pg;
}

static redisContext *open_redis(const char *path)
{
    redisContext *redis = redisConnectUnix(path);
    bench_must(redis != NULL && redis->err == 0, "redis", path);
    freeReplyObject(redisCommand(redis, "DEL bench:floor"));
    uint32_t dice = 1;
    for (int i = 0; i < MEMBERS; i++) {
        dice = dice * 1664525U + 1013904223U;
        double lon = 102.47 + (double)(dice >> 16) / 65536.0 * 0.4;
        dice = dice * 1664525U + 1013904223U;
        double lat = 24.84 + (double)(dice >> 16) / 65536.0 * 0.36;
        (void)redisAppendCommand(redis, "GEOADD bench:floor %f %f %d", lon, lat, i);
    }
    for (int i = 0; i < MEMBERS; i++) {
        redisReply *reply = NULL;
        bench_must(redisGetReply(redis, (void **)&reply) == REDIS_OK, "GEOADD", redis->errstr);
        freeReplyObject(reply);
    }
    return redis;
}

/* Record and journal row, one implicit transaction, one round trip. */
static void commit(PGconn *pg, const char *record, const char *body)
{
    char id[GX_ID_SIZE];
    char at[24];
    (void)snprintf(at, sizeof at, "%lld", (long long)gx_clock_wall_ms());
    const char *values[] = {gx_id_new(id), at, body};
    bench_must(PQsendQueryPrepared(pg, record, 3, values, NULL, NULL, 0) == 1 &&
                   PQsendQueryPrepared(pg, "journal", 3, values, NULL, NULL, 0) == 1 &&
                   PQpipelineSync(pg) == 1,
               "send", PQerrorMessage(pg));
    bool synced = false;
    while (!synced) {
        PGresult *result = PQgetResult(pg);
        ExecStatusType status = result == NULL ? PGRES_COMMAND_OK : PQresultStatus(result);
        synced = status == PGRES_PIPELINE_SYNC;
        bench_must(synced || status == PGRES_COMMAND_OK, "commit", PQerrorMessage(pg));
        PQclear(result);
    }
}

static void write_all(int fd, const char *text)
{
    size_t size = strlen(text);
    bench_must(write(fd, text, size) == (ssize_t)size, "write", "");
}

/* One POST into request: header, blank line, body of the length told. */
static bool read_request(int fd, char request[REQUEST_SIZE], const char **ret_body)
{
    size_t size = 0;
    for (;;) {
        ssize_t got = read(fd, request + size, REQUEST_SIZE - 1 - size);
        if (got <= 0) {
            return false;
        }
        size += (size_t)got;
        request[size] = '\0';
        const char *length = strstr(request, "Content-Length: ");
        const char *blank = strstr(request, "\r\n\r\n");
        if (length != NULL && blank != NULL &&
            strlen(blank + 4) >= strtoul(length + 16, NULL, 10)) {
            *ret_body = blank + 4;
            return true;
        }
    }
}

static double field(const char *body, const char *name)
{
    const char *at = strstr(body, name);
    return at == NULL ? 0 : strtod(at + strlen(name), NULL);
}

static void serve(struct one_process *self)
{
    char request[REQUEST_SIZE];
    const char *body = NULL;
    while (read_request(self->requests, request, &body)) {
        commit(self->pg, "report", body);
        write_all(self->requests, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
        redisReply *near = redisCommand(
            self->redis, "GEOSEARCH bench:floor FROMLONLAT %f %f BYRADIUS 3 km ASC COUNT 20",
            field(body, "\"lon\":"), field(body, "\"lat\":"));
        bench_must(near != NULL && near->type == REDIS_REPLY_ARRAY && near->elements > 0,
                   "GEOSEARCH", self->redis->errstr);
        char offer[256];
        (void)snprintf(offer, sizeof offer, "{\"responder_id\":\"%.32s\"}", near->element[0]->str);
        freeReplyObject(near);
        commit(self->pg, "offer", offer);
        char line[320];
        (void)snprintf(line, sizeof line, "event: offer.made\ndata: %s\n\n", offer);
        write_all(self->pushes, line);
    }
}

/* --- Its caller --- */

static int connect_to(const struct sockaddr_in *address)
{
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bench_must(fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0,
               "connect", "loopback");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static int accept_one(int listener)
{
    int yes = 1;
    int fd = accept(listener, NULL, NULL);
    bench_must(fd >= 0, "accept", "");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

void floor_open(struct floor *floor, const char *conninfo, const char *redis_socket)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bench_must(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 &&
                   listen(listener, 2) == 0 &&
                   getsockname(listener, (struct sockaddr *)&address, &size) == 0,
               "listen", "loopback");
    floor->pid = fork();
    bench_must(floor->pid >= 0, "fork", "");
    if (floor->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        struct one_process self = {.pg = open_pg(conninfo), .redis = open_redis(redis_socket)};
        self.requests = accept_one(listener);
        self.pushes = accept_one(listener);
        serve(&self);
        freeReplyObject(redisCommand(self.redis, "DEL bench:floor"));
        _exit(0);
    }
    floor->requests = connect_to(&address);
    floor->pushes = connect_to(&address);
    (void)close(listener);
}

int64_t floor_once_us(struct floor *floor, double lon, double lat)
{
    char body[768];
    char request[REQUEST_SIZE];
    char answer[512];
    (void)snprintf(body, sizeof body,
                   "{\"type\":\"dispute\",\"lon\":%.6f,\"lat\":%.6f,\"text\":\"bench\"}", lon, lat);
    (void)snprintf(request, sizeof request,
                   "POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                   "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    int64_t begin_us = gx_clock_mono_us();
    write_all(floor->requests, request);
    bench_must(read(floor->requests, answer, sizeof answer) > 0, "answer", "none");
    bench_must(read(floor->pushes, answer, sizeof answer) > 0, "push", "none");
    return gx_clock_mono_us() - begin_us;
}

void floor_close(struct floor *floor)
{
    (void)close(floor->requests);
    (void)close(floor->pushes);
    (void)waitpid(floor->pid, NULL, 0);
}
