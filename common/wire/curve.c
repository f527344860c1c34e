/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum {
    FILE_MAX = 4096
};

static bool good_name(const char *name)
{
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return size > 0 && size <= 32 && name[size] == '\0';
}

/* Copies the value of `word = "..."`; it must be a key in Z85. */
static bool find_key(const char *text, const char *word, char key[GX_CURVE_TEXT_SIZE])
{
    size_t word_size = strlen(word);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \t\r\n");
        if (strncmp(line, word, word_size) != 0) {
            continue;
        }
        const char *value = line + word_size;
        value += strspn(value, " \t=");
        uint8_t bytes[32];
        if (*value++ != '"' || memchr(value, '\0', GX_CURVE_TEXT_SIZE) != NULL ||
            value[GX_CURVE_TEXT_SIZE - 1] != '"') {
            return false;
        }
        memcpy(key, value, GX_CURVE_TEXT_SIZE - 1);
        key[GX_CURVE_TEXT_SIZE - 1] = '\0';
        return zmq_z85_decode(bytes, key) != NULL;
    }
    return false;
}

static enum gx_rc read_text(const char *path, char text[FILE_MAX])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return GX_NOT_FOUND;
    }
    size_t size = fread(text, 1, FILE_MAX - 1, file);
    bool bad = ferror(file) != 0;
    (void)fclose(file);
    text[size] = '\0';
    return bad ? GX_NOT_FOUND : GX_OK;
}

static enum gx_rc load(const char *dir, const char *name, const char *tail, bool secret,
                       struct gx_curve *ret_curve)
{
    char path[PATH_MAX];
    char text[FILE_MAX];
    if (!good_name(name) ||
        snprintf(path, sizeof path, "%s/%s.%s", dir, name, tail) >= (int)sizeof path) {
        return GX_INVALID;
    }
    enum gx_rc rc = read_text(path, text);
    if (rc != GX_OK) {
        return rc;
    }
    struct gx_curve curve = {.secret_key = ""};
    if (!find_key(text, "public-key", curve.public_key) ||
        (secret && !find_key(text, "secret-key", curve.secret_key))) {
        return GX_INVALID;
    }
    *ret_curve = curve;
    return GX_OK;
}

enum gx_rc gx_curve_load(const char *key_dir, const char *name, struct gx_curve *ret_curve)
{
    return load(key_dir, name, "key_secret", true, ret_curve);
}

enum gx_rc gx_curve_load_public(const char *key_dir, const char *name, struct gx_curve *ret_curve)
{
    return load(key_dir, name, "key", false, ret_curve);
}

static bool write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t wrote = write(fd, text, left);
        if (wrote < 0) {
            return false;
        }
        text += wrote;
        left -= (size_t)wrote;
    }
    return fsync(fd) == 0;
}

/* Whole or not at all, and never over a file that is there: written beside, then linked to its name. */
static enum gx_rc put_file(const char *path, mode_t mode, const char *text)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof beside) {
        return GX_INVALID;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return GX_UNAVAILABLE;
    }
    bool good = fchmod(fd, mode) == 0 && write_all(fd, text);
    good = close(fd) == 0 && good;
    good = good && (link(beside, path) == 0 || errno == EEXIST);
    (void)unlink(beside);
    return good ? GX_OK : GX_UNAVAILABLE;
}

static enum gx_rc put_cert(const char *path, mode_t mode, const char *name,
                           const struct gx_curve *curve)
{
    char text[FILE_MAX];
    bool secret = curve->secret_key[0] != '\0';
    (void)snprintf(text, sizeof text,
                   "#   genxi CURVE certificate, %s\n"
                   "metadata\n    name = \"%s\"\ncurve\n    public-key = \"%s\"\n%s%s%s",
                   secret ? "secret half: for its owner only" : "public half", name,
                   curve->public_key, secret ? "    secret-key = \"" : "", curve->secret_key,
                   secret ? "\"\n" : "");
    enum gx_rc rc = put_file(path, mode, text);
    explicit_bzero(text, sizeof text);
    return rc;
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

enum gx_rc gx_curve_make(const char *key_dir, const char *name)
{
    char secret[PATH_MAX];
    char public[PATH_MAX];
    char allowed[PATH_MAX];
    if (!good_name(name) || strlen(key_dir) > PATH_MAX - 64) {
        return GX_INVALID;
    }
    (void)snprintf(allowed, sizeof allowed, "%s/allowed", key_dir);
    if (!make_folder(key_dir) || !make_folder(allowed)) {
        return GX_UNAVAILABLE;
    }
    (void)snprintf(secret, sizeof secret, "%s/%s.key_secret", key_dir, name);
    (void)snprintf(public, sizeof public, "%s/%s.key", key_dir, name);
    (void)snprintf(allowed, sizeof allowed, "%s/allowed/%s.key", key_dir, name);
    struct gx_curve curve;
    if (zmq_curve_keypair(curve.public_key, curve.secret_key) != 0) {
        return GX_UNAVAILABLE;
    }
    enum gx_rc rc = put_cert(secret, 0600, name, &curve);
    if (rc == GX_OK) {
        rc = gx_curve_load(key_dir, name, &curve); /* another's, if it was there first */
    }
    explicit_bzero(curve.secret_key, sizeof curve.secret_key);
    if (rc == GX_OK) {
        rc = put_cert(public, 0644, name, &curve);
    }
    return rc == GX_OK ? put_cert(allowed, 0644, name, &curve) : rc;
}
