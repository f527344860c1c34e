/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 64 * 1024 * 1024
};

static const struct cli_option *find_option(const struct cli_option *options, const char *name,
                                            size_t size)
{
    for (; options->name != NULL; options++) {
        if (strlen(options->name) == size && strncmp(options->name, name, size) == 0) {
            return options;
        }
    }
    return NULL;
}

/* Takes the option at argv[at]; returns how many words it used, 0 after saying what is wrong. */
static int take_option(const struct cli_option *options, int argc, char **argv, int at)
{
    const char *name = argv[at] + 2;
    const char *equals = strchr(name, '=');
    size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct cli_option *option = find_option(options, name, size);
    if (option == NULL) {
        (void)fprintf(stderr, "genxi: there is no option %s here\n", argv[at]);
        return 0;
    }
    if (option->is_flag) {
        *option->value = "1";
        return 1;
    }
    if (equals != NULL) {
        *option->value = equals + 1;
        return 1;
    }
    if (at + 1 >= argc) {
        (void)fprintf(stderr, "genxi: %s needs a value\n", argv[at]);
        return 0;
    }
    *option->value = argv[at + 1];
    return 2;
}

bool cli_options(const struct cli_option *options, int *argc, char **argv)
{
    int kept = 0;
    int at = 0;
    while (at < *argc) {
        if (strncmp(argv[at], "--", 2) != 0) {
            argv[kept++] = argv[at++];
            continue;
        }
        int used = take_option(options, *argc, argv, at);
        if (used == 0) {
            return false;
        }
        at += used;
    }
    *argc = kept;
    return true;
}

void cli_path(char path[CLI_PATH_SIZE], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(path, CLI_PATH_SIZE, format, args);
    va_end(args);
    if (size < 0 || size >= CLI_PATH_SIZE) {
        (void)fprintf(stderr, "genxi: a path is longer than %d bytes\n", CLI_PATH_SIZE);
        exit(CLI_FAILED);
    }
}

char *cli_read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)fprintf(stderr, "genxi: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    size_t room = 65536;
    size_t size = 0;
    char *data = malloc(room);
    while (data != NULL && size < FILE_MAX) {
        size += fread(data + size, 1, room - size - 1, file);
        if (size + 1 < room) {
            break;
        }
        room *= 2;
        char *bigger = realloc(data, room);
        if (bigger == NULL) {
            abort();
        }
        data = bigger;
    }
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (data == NULL || failed) {
        (void)fprintf(stderr, "genxi: %s cannot be read\n", path);
        free(data);
        return NULL;
    }
    data[size] = '\0';
    *ret_size = size;
    return data;
}

bool cli_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool cli_write_new(const char *path, const char *data, size_t size, unsigned mode)
{
    if (cli_exists(path)) {
        return true;
    }
    char fresh[CLI_PATH_SIZE + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    bool written = fd >= 0 && write(fd, data, size) == (ssize_t)size && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!written || rename(fresh, path) != 0) {
        (void)fprintf(stderr, "genxi: %s cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

bool cli_make_dir(const char *path, unsigned mode)
{
    char part[CLI_PATH_SIZE];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part) {
        (void)fprintf(stderr, "genxi: the path %s is too long\n", path);
        return false;
    }
    for (char *at = part + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(part, 0755);
            *at = '/';
        }
    }
    if (mkdir(part, (mode_t)mode) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "genxi: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static const char *read_token(const struct cli_api *api)
{
    static char token[512];
    const char *given = getenv("GENXI_TOKEN");
    if (given != NULL) {
        return given;
    }
    char path[CLI_PATH_SIZE];
    cli_path(path, "%s/secrets/admin.key", api->dir);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    size_t size = fread(token, 1, sizeof token - 1, file);
    (void)fclose(file);
    token[size] = '\0';
    token[strcspn(token, "\r\n")] = '\0';
    return token;
}

struct gx_client_settings cli_client_settings(const struct cli_api *api)
{
    return (struct gx_client_settings){
        .base_url = api->url, .ca_file = api->ca, .token = api->token, .lang = api->lang};
}

const char *cli_lang(const char *given)
{
    if (given != NULL) {
        return given;
    }
    const char *lang = getenv("LANG");
    return lang != NULL && strncmp(lang, "zh", 2) == 0 ? "zh-CN" : "en";
}

struct gx_client *cli_connect(struct cli_api *api)
{
    static char ca[CLI_PATH_SIZE];
    static char url[128];
    if (api->dir == NULL) {
        const char *from_env = getenv("GENXI_DIR");
        api->dir = from_env != NULL ? from_env : "var";
    }
    if (api->url == NULL) {
        const char *port = getenv("GENXI_HTTPS_PORT");
        (void)snprintf(url, sizeof url, "https://localhost:%.8s", port == NULL ? "8443" : port);
        const char *from_env = getenv("GENXI_URL");
        api->url = from_env != NULL ? from_env : url;
    }
    if (api->ca == NULL) {
        cli_path(ca, "%s/keys/tls/ca.crt", api->dir);
        api->ca = cli_exists(ca) ? ca : NULL;
    }
    if (api->token == NULL) {
        api->token = read_token(api);
    }
    api->lang = cli_lang(api->lang);
    struct gx_client *client = NULL;
    struct gx_client_settings settings = cli_client_settings(api);
    if (gx_client_open(&settings, &client) != GX_OK) {
        (void)fprintf(stderr, "genxi: no HTTP client\n");
        return NULL;
    }
    return client;
}

int cli_refused(const char *what, enum gx_rc rc, const struct gx_answer *answer)
{
    if (rc != GX_OK) {
        (void)fprintf(stderr, "genxi: %s: no answer (%s)\n", what, gx_rc_text(rc));
        return CLI_FAILED;
    }
    const char *detail = json_string_value(json_object_get(answer->json, "detail"));
    (void)fprintf(stderr, "genxi: %s: %ld %s\n", what, answer->status,
                  detail == NULL ? answer->body : detail);
    size_t i = 0;
    json_t *fault = NULL;
    json_array_foreach(json_object_get(answer->json, "errors"), i, fault)
    {
        const char *pointer = json_string_value(json_object_get(fault, "pointer"));
        const char *text = json_string_value(json_object_get(fault, "detail"));
        (void)fprintf(stderr, "  %s  %s\n", pointer == NULL ? "" : pointer,
                      text == NULL ? "" : text);
    }
    return CLI_FAILED;
}

bool cli_admin_conninfo(const char *dir, char *conninfo, size_t size)
{
    char path[CLI_PATH_SIZE];
    cli_path(path, "%s/admin.conninfo", dir);
    size_t length = 0;
    char *text = cli_read_file(path, &length);
    if (text == NULL) {
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    bool fits = (size_t)snprintf(conninfo, size, "%s", text) < size;
    free(text);
    return fits;
}
