/* SPDX-License-Identifier: Apache-2.0 */
/* The doors' counters: rows of one name stand together, one for each protocol. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const REASONS[DOOR_REASONS] = {[DOOR_PEER] = "peer",
                                                  [DOOR_IDLE] = "idle",
                                                  [DOOR_SLOW] = "slow",
                                                  [DOOR_JUNK] = "junk",
                                                  [DOOR_LARGE] = "too_large",
                                                  [DOOR_FULL] = "full",
                                                  [DOOR_ADDRESS] = "too_many_of_address",
                                                  [DOOR_OURS] = "ours",
                                                  [DOOR_STOPPED] = "stopped",
                                                  [DOOR_SERVED] = "served"};

enum {
    LABELS_SIZE = 96
};

struct maker {
    struct gx_metric *next;
    char (*labels)[LABELS_SIZE];
};

static struct gx_metric *add(struct maker *maker, const struct gx_metric *shape,
                             const char *protocol, const char *key, const char *value)
{
    struct gx_metric *row = maker->next++;
    char *labels = *maker->labels++;
    (void)snprintf(labels, LABELS_SIZE,
                   key == NULL ? "protocol=\"%s\"%s%s" : "protocol=\"%s\",%s=\"%s\"", protocol,
                   key == NULL ? "" : key, key == NULL ? "" : value);
    row->name = shape->name;
    row->help = shape->help;
    row->kind = shape->kind;
    row->labels = labels;
    return row;
}

void doors_metrics(struct doors *doors)
{
    static const struct gx_metric OPEN = {.name = "genxi_door_connections",
                                          .help = "Connections of devices that are open.",
                                          .kind = GX_GAUGE};
    static const struct gx_metric ACCEPTED = {
        .name = "genxi_door_accepted_total",
        .help = "Connections of devices that were taken, and datagrams.",
        .kind = GX_COUNTER};
    static const struct gx_metric CLOSED = {
        .name = "genxi_door_closed_total",
        .help = "Connections of devices that ended or were refused, by reason.",
        .kind = GX_COUNTER};
    static const struct gx_metric FRAMES = {.name = "genxi_door_frames_total",
                                            .help = "Frames of devices, by what became of them.",
                                            .kind = GX_COUNTER};
    size_t rows = doors->port_count * (2 + DOOR_REASONS + DOOR_OUTCOMES_MAX);
    doors->metrics = calloc(rows, sizeof *doors->metrics);
    char(*labels)[LABELS_SIZE] = calloc(rows, sizeof *labels);
    if (doors->metrics == NULL || labels == NULL) {
        abort();
    }
    struct maker maker = {doors->metrics, labels};
    for (size_t i = 0; i < doors->port_count; i++) {
        struct port *port = &doors->ports[i];
        port->open = add(&maker, &OPEN, port->door.protocol->name, NULL, NULL);
    }
    for (size_t i = 0; i < doors->port_count; i++) {
        struct port *port = &doors->ports[i];
        port->accepted = add(&maker, &ACCEPTED, port->door.protocol->name, NULL, NULL);
    }
    for (size_t i = 0; i < doors->port_count; i++) {
        struct port *port = &doors->ports[i];
        port->closed = maker.next;
        for (size_t n = 0; n < DOOR_REASONS; n++) {
            (void)add(&maker, &CLOSED, port->door.protocol->name, "reason", REASONS[n]);
        }
    }
    for (size_t i = 0; i < doors->port_count; i++) {
        struct port *port = &doors->ports[i];
        const struct door_protocol *protocol = port->door.protocol;
        port->frames = maker.next;
        for (size_t n = 0; n < protocol->outcome_count; n++) {
            (void)add(&maker, &FRAMES, protocol->name, "outcome", protocol->outcomes[n]);
        }
    }
    gx_metrics_register(doors->metrics, (size_t)(maker.next - doors->metrics));
}
