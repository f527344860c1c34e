/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's own TLS authority: an EC P-256 CA (10 years) and the server's certificate (825 days, renewed when under 30 days are left). */
#ifndef CLI_CA_H
#define CLI_CA_H

#include <stdbool.h>

/*
 * Makes dir/ca.key, dir/ca.crt when missing; dir/server.key, dir/server.crt for `host`, localhost, 127.0.0.1 and ::1 when missing or near
 * their end. Keys get mode 0600. False after saying why.
 */
bool cli_ca_make(const char *dir, const char *host);

#endif
