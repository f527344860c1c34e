/* SPDX-License-Identifier: Apache-2.0 */
#include "proof/note.h"

#include "base/text.h"
#include "proof/b64.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_PREFIX "PRIVATE+KEY+"
#define SIGNATURE_PREFIX "\xe2\x80\x94 " /* an em dash and a space */
#define PROOF_HEADER "c2sp.org/tlog-proof@v1\n"

enum {
    ALGORITHM_ED25519 = 1,
    SIGNATURE_BYTES = 4 + 64,
    KEY_BYTES = 1 + 32
};

/* Text put together piece by piece; `over` once it did not fit. */
struct sink {
    char *text;
    size_t size;
    size_t used;
    bool over;
};

static void put(struct sink *sink, const char *piece)
{
    size_t size = strlen(piece);
    sink->over = sink->over || sink->used + size >= sink->size;
    if (!sink->over) {
        memcpy(sink->text + sink->used, piece, size + 1);
        sink->used += size;
    }
}

static void put_number(struct sink *sink, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    put(sink, text);
}

static bool b64_decode(struct gx_view text, uint8_t *bytes, size_t size)
{
    size_t got = 0;
    return gx_b64_decode(text, bytes, size, &got) && got == size;
}

/* Spaces of Unicode that could make two names look alike; names with them are refused. */
static bool has_space(const char *name)
{
    static const char *const SPACES[] = {" ",
                                         "\t",
                                         "\n",
                                         "\v",
                                         "\f",
                                         "\r",
                                         "\xc2\x85",
                                         "\xc2\xa0",
                                         "\xe1\x9a\x80",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\x9f",
                                         "\xe3\x80\x80"};
    for (size_t i = 0; i < GX_COUNT_OF(SPACES); i++) {
        if (strstr(name, SPACES[i]) != NULL) {
            return true;
        }
    }
    for (const char *at = strstr(name, "\xe2\x80"); at != NULL; at = strstr(at + 1, "\xe2\x80")) {
        uint8_t last = (uint8_t)at[2]; /* U+2000..U+200A */
        if (last >= 0x80 && last <= 0x8a) {
            return true;
        }
    }
    return false;
}

static bool name_valid(const char *name)
{
    size_t size = strlen(name);
    return size > 0 && size <= GX_NOTE_NAME_MAX && gx_utf8_valid(name, size) &&
           strchr(name, '+') == NULL && !has_space(name);
}

static void key_id(struct gx_note_verifier *key)
{
    uint8_t data[GX_NOTE_NAME_MAX + 1 + KEY_BYTES];
    size_t size = strlen(key->name);
    memcpy(data, key->name, size);
    data[size++] = '\n';
    data[size++] = ALGORITHM_ED25519;
    memcpy(data + size, key->public_key, sizeof key->public_key);
    size += sizeof key->public_key;
    struct gx_hash hash = gx_sha256((struct gx_view){data, size}, (struct gx_view){NULL, 0});
    memcpy(key->id, hash.bytes, sizeof key->id);
}

static void key_text(const char *prefix, const struct gx_note_verifier *key,
                     const uint8_t bytes[32], char *text, size_t size)
{
    uint8_t raw[KEY_BYTES];
    char b64[48];
    char id[9];
    raw[0] = ALGORITHM_ED25519;
    memcpy(raw + 1, bytes, 32);
    gx_hex_encode(key->id, sizeof key->id, id);
    (void)gx_b64_encode(raw, sizeof raw, b64, sizeof b64);
    struct sink sink = {text, size, 0, false};
    const char *const pieces[] = {prefix, key->name, "+", id, "+", b64};
    for (size_t i = 0; i < GX_COUNT_OF(pieces); i++) {
        put(&sink, pieces[i]);
    }
    sodium_memzero(raw, sizeof raw);
    sodium_memzero(b64, sizeof b64);
}

void gx_note_vkey(const struct gx_note_verifier *verifier, char ret_vkey[GX_NOTE_VKEY_SIZE])
{
    key_text("", verifier, verifier->public_key, ret_vkey, GX_NOTE_VKEY_SIZE);
}

int gx_note_key_make(const char *name, char ret_secret[GX_NOTE_SECRET_SIZE],
                     char ret_vkey[GX_NOTE_VKEY_SIZE])
{
    if (sodium_init() < 0 || !name_valid(name)) {
        return -1;
    }
    struct gx_note_signer signer;
    uint8_t seed[32];
    randombytes_buf(seed, sizeof seed);
    (void)snprintf(signer.verifier.name, sizeof signer.verifier.name, "%s", name);
    crypto_sign_seed_keypair(signer.verifier.public_key, signer.secret_key, seed);
    key_id(&signer.verifier);
    key_text(SECRET_PREFIX, &signer.verifier, seed, ret_secret, GX_NOTE_SECRET_SIZE);
    gx_note_vkey(&signer.verifier, ret_vkey);
    sodium_memzero(seed, sizeof seed);
    gx_note_signer_done(&signer);
    return 0;
}

/* "<name>+<8 hex>+<base64>": name into key, the claimed id, the 32 bytes. */
static int key_parse(const char *text, struct gx_note_verifier *key, uint8_t bytes[32])
{
    size_t size = strlen(text);
    if (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    const char *plus = memchr(text, '+', size);
    size_t name_size = plus == NULL ? 0 : (size_t)(plus - text);
    if (plus == NULL || name_size > GX_NOTE_NAME_MAX || size < name_size + 10 || plus[9] != '+') {
        return -1;
    }
    memcpy(key->name, text, name_size);
    key->name[name_size] = '\0';
    char id[9];
    memcpy(id, plus + 1, 8);
    id[8] = '\0';
    uint8_t raw[KEY_BYTES];
    struct gx_view b64 = {(const uint8_t *)plus + 10, size - name_size - 10};
    bool good = name_valid(key->name) && gx_hex_decode(id, key->id, sizeof key->id) == 0 &&
                strpbrk(id, "ABCDEF") == NULL && /* a key has one form */
                b64_decode(b64, raw, sizeof raw) && raw[0] == ALGORITHM_ED25519;
    memcpy(bytes, raw + 1, 32);
    sodium_memzero(raw, sizeof raw);
    return good ? 0 : -1;
}

/* The id that the key really has; the one that its text claimed must be the same. */
static int key_settle(struct gx_note_verifier *key)
{
    uint8_t claimed[4];
    memcpy(claimed, key->id, sizeof claimed);
    key_id(key);
    return memcmp(claimed, key->id, sizeof claimed) == 0 ? 0 : -1;
}

int gx_note_verifier_parse(const char *vkey, struct gx_note_verifier *ret_verifier)
{
    struct gx_note_verifier key = {.name = ""};
    if (sodium_init() < 0 || key_parse(vkey, &key, key.public_key) != 0 || key_settle(&key) != 0) {
        return -1;
    }
    *ret_verifier = key;
    return 0;
}

int gx_note_signer_parse(const char *secret, struct gx_note_signer *ret_signer)
{
    size_t prefix = strlen(SECRET_PREFIX);
    if (sodium_init() < 0 || strncmp(secret, SECRET_PREFIX, prefix) != 0) {
        return -1;
    }
    struct gx_note_signer signer = {.verifier = {.name = ""}};
    uint8_t seed[32] = {0};
    int rc = key_parse(secret + prefix, &signer.verifier, seed);
    if (rc == 0) {
        crypto_sign_seed_keypair(signer.verifier.public_key, signer.secret_key, seed);
        rc = key_settle(&signer.verifier);
    }
    if (rc == 0) {
        *ret_signer = signer;
    }
    sodium_memzero(seed, sizeof seed);
    gx_note_signer_done(&signer);
    return rc;
}

void gx_note_signer_done(struct gx_note_signer *signer)
{
    sodium_memzero(signer, sizeof *signer);
}

/* UTF-8 without control characters but LF. */
static bool text_fit(struct gx_view text)
{
    if (text.size == 0 || !gx_utf8_valid((const char *)text.data, text.size)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' && text.data[i] != '\n') {
            return false;
        }
    }
    return true;
}

int gx_note_sign(const char *text, const struct gx_note_signer *signer, char *ret_note, size_t size)
{
    struct gx_view view = {(const uint8_t *)text, strlen(text)};
    if (!text_fit(view) || text[view.size - 1] != '\n') {
        return -1;
    }
    uint8_t signature[SIGNATURE_BYTES];
    memcpy(signature, signer->verifier.id, 4);
    crypto_sign_detached(signature + 4, NULL, view.data, view.size, signer->secret_key);
    char b64[96];
    (void)gx_b64_encode(signature, sizeof signature, b64, sizeof b64);
    int used = snprintf(ret_note, size, "%s\n" SIGNATURE_PREFIX "%s %s\n", text,
                        signer->verifier.name, b64);
    return used > 0 && (size_t)used < size ? 0 : -1;
}

struct signature {
    char name[GX_NOTE_NAME_MAX + 1];
    uint8_t bytes[SIGNATURE_BYTES];
    bool ed25519; /* the right length for our keys; other lengths are other algorithms */
};

/* One line without its LF. Names longer than ours are of unknown keys: kept as "". */
static bool signature_parse(struct gx_view line, struct signature *ret)
{
    size_t prefix = strlen(SIGNATURE_PREFIX);
    if (line.size <= prefix || memcmp(line.data, SIGNATURE_PREFIX, prefix) != 0) {
        return false;
    }
    const uint8_t *name = line.data + prefix;
    size_t rest = line.size - prefix;
    const uint8_t *space = memchr(name, ' ', rest);
    if (space == NULL || space == name || memchr(name, '+', (size_t)(space - name)) != NULL) {
        return false;
    }
    size_t name_size = (size_t)(space - name);
    struct gx_view b64 = {space + 1, rest - name_size - 1};
    uint8_t raw[GX_NOTE_MAX];
    size_t got = 0;
    if (!gx_b64_decode(b64, raw, sizeof raw, &got) || got < 5) {
        return false;
    }
    bool ours = name_size <= GX_NOTE_NAME_MAX;
    memcpy(ret->name, name, ours ? name_size : 0);
    ret->name[ours ? name_size : 0] = '\0';
    memcpy(ret->bytes, raw, got < SIGNATURE_BYTES ? got : SIGNATURE_BYTES);
    ret->ed25519 = got == SIGNATURE_BYTES;
    return true;
}

static const struct gx_note_verifier *known(const struct signature *signature,
                                            const struct gx_note_verifier *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, signature->name) == 0 &&
            memcmp(keys[i].id, signature->bytes, 4) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* The end of the text: the last empty line of the note. */
static bool split_note(struct gx_view note, struct gx_view *ret_text,
                       struct gx_view *ret_signatures)
{
    for (size_t i = note.size; i >= 2; i--) {
        if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n') {
            *ret_text = (struct gx_view){note.data, i - 1};
            *ret_signatures = (struct gx_view){note.data + i, note.size - i};
            return ret_text->size > 1 || note.data[0] != '\n';
        }
    }
    return false;
}

enum gx_note_result gx_note_open(struct gx_view note, const struct gx_note_verifier *keys,
                                 size_t key_count, struct gx_view *ret_text)
{
    struct gx_view text;
    struct gx_view rest;
    if (sodium_init() < 0 || note.size > GX_NOTE_MAX || !text_fit(note) ||
        !split_note(note, &text, &rest) || rest.size == 0 || rest.data[rest.size - 1] != '\n') {
        return GX_NOTE_MALFORMED;
    }
    size_t count = 0;
    size_t valid = 0;
    bool forged = false;
    while (rest.size > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        size_t line = (size_t)(end - rest.data);
        struct signature signature;
        if (++count > GX_NOTE_SIGNATURES_MAX ||
            !signature_parse((struct gx_view){rest.data, line}, &signature)) {
            return GX_NOTE_MALFORMED;
        }
        const struct gx_note_verifier *key = known(&signature, keys, key_count);
        if (key != NULL) {
            bool holds =
                signature.ed25519 && crypto_sign_verify_detached(signature.bytes + 4, text.data,
                                                                 text.size, key->public_key) == 0;
            forged = forged || !holds;
            valid += holds ? 1 : 0;
        }
        rest.data += line + 1;
        rest.size -= line + 1;
    }
    if (forged) {
        return GX_NOTE_FORGED;
    }
    if (valid == 0) {
        return GX_NOTE_UNKNOWN;
    }
    *ret_text = text;
    return GX_NOTE_VALID;
}

/* Takes a line off text; false without a LF. */
static bool next_line(struct gx_view *text, struct gx_view *ret_line)
{
    const uint8_t *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
    if (end == NULL) {
        return false;
    }
    *ret_line = (struct gx_view){text->data, (size_t)(end - text->data)};
    text->size -= ret_line->size + 1;
    text->data = end + 1;
    return true;
}

static bool decimal(struct gx_view text, uint64_t *ret_value)
{
    char digits[21];
    if (text.size == 0 || text.size >= sizeof digits || (text.data[0] == '0' && text.size > 1)) {
        return false;
    }
    memcpy(digits, text.data, text.size);
    digits[text.size] = '\0';
    int64_t value = 0;
    if (digits[0] < '0' || digits[0] > '9' || gx_parse_int(digits, 0, INT64_MAX, &value) != 0) {
        return false;
    }
    *ret_value = (uint64_t)value;
    return true;
}

int gx_checkpoint_parse(struct gx_view text, struct gx_checkpoint *ret_checkpoint)
{
    struct gx_view origin;
    struct gx_view size;
    struct gx_view root;
    struct gx_checkpoint checkpoint;
    if (!text_fit(text) || !next_line(&text, &origin) || !next_line(&text, &size) ||
        !next_line(&text, &root) || origin.size == 0 || origin.size > GX_NOTE_NAME_MAX ||
        !decimal(size, &checkpoint.size) ||
        !b64_decode(root, checkpoint.root.bytes, GX_HASH_SIZE)) {
        return -1;
    }
    memcpy(checkpoint.origin, origin.data, origin.size);
    checkpoint.origin[origin.size] = '\0';
    *ret_checkpoint = checkpoint;
    return 0;
}

int gx_checkpoint_sign(uint64_t tree_size, const struct gx_hash *root,
                       const struct gx_note_signer *signer, char *ret_note, size_t size)
{
    char b64[48];
    char text[GX_NOTE_NAME_MAX + 80];
    (void)gx_b64_encode(root->bytes, GX_HASH_SIZE, b64, sizeof b64);
    (void)snprintf(text, sizeof text, "%s\n%" PRIu64 "\n%s\n", signer->verifier.name, tree_size,
                   b64);
    return gx_note_sign(text, signer, ret_note, size);
}

enum gx_note_result gx_checkpoint_open(struct gx_view note, const struct gx_note_verifier *key,
                                       struct gx_checkpoint *ret_checkpoint)
{
    struct gx_view text = {NULL, 0};
    enum gx_note_result result = gx_note_open(note, key, 1, &text);
    if (result != GX_NOTE_VALID) {
        return result;
    }
    struct gx_checkpoint checkpoint;
    if (gx_checkpoint_parse(text, &checkpoint) != 0 || strcmp(checkpoint.origin, key->name) != 0) {
        return GX_NOTE_MALFORMED;
    }
    *ret_checkpoint = checkpoint;
    return GX_NOTE_VALID;
}

int gx_tlog_proof_format(uint64_t index, const struct gx_proof *proof, const char *checkpoint_note,
                         char *ret_text, size_t size)
{
    struct sink sink = {ret_text, size, 0, false};
    put(&sink, PROOF_HEADER "index ");
    put_number(&sink, index);
    put(&sink, "\n");
    for (size_t i = 0; i < proof->count; i++) {
        char b64[48];
        put(&sink, gx_b64_encode(proof->hashes[i].bytes, GX_HASH_SIZE, b64, sizeof b64));
        put(&sink, "\n");
    }
    put(&sink, "\n");
    put(&sink, checkpoint_note);
    return sink.over ? -1 : (int)sink.used;
}

/* Header, index and hashes up to the empty line; what is left is the checkpoint. "extra" is
 * skipped: nobody vouches for it. */
static bool tlog_proof_parse(struct gx_view *text, uint64_t *ret_index, struct gx_proof *ret_proof)
{
    static const char INDEX[] = "index ";
    struct gx_view line;
    if (!next_line(text, &line) || line.size + 1 != strlen(PROOF_HEADER) ||
        memcmp(line.data, PROOF_HEADER, line.size) != 0 || !next_line(text, &line)) {
        return false;
    }
    if (line.size >= 6 && memcmp(line.data, "extra ", 6) == 0 && !next_line(text, &line)) {
        return false;
    }
    size_t prefix = sizeof INDEX - 1;
    if (line.size <= prefix || memcmp(line.data, INDEX, prefix) != 0 ||
        !decimal((struct gx_view){line.data + prefix, line.size - prefix}, ret_index)) {
        return false;
    }
    ret_proof->count = 0;
    while (next_line(text, &line)) {
        if (line.size == 0) {
            return true;
        }
        if (ret_proof->count == GX_PROOF_MAX ||
            !b64_decode(line, ret_proof->hashes[ret_proof->count].bytes, GX_HASH_SIZE)) {
            return false;
        }
        ret_proof->count++;
    }
    return false;
}

enum gx_note_result gx_tlog_proof_verify(struct gx_view text, struct gx_view leaf_data,
                                         const struct gx_note_verifier *key, uint64_t *ret_index)
{
    struct gx_proof proof;
    uint64_t index = 0;
    if (!tlog_proof_parse(&text, &index, &proof)) {
        return GX_NOTE_MALFORMED;
    }
    struct gx_checkpoint checkpoint;
    enum gx_note_result result = gx_checkpoint_open(text, key, &checkpoint);
    if (result != GX_NOTE_VALID) {
        return result;
    }
    struct gx_hash leaf = gx_merkle_leaf(leaf_data);
    if (!gx_merkle_verify_inclusion(&leaf, index, checkpoint.size, &proof, &checkpoint.root)) {
        return GX_NOTE_FORGED;
    }
    *ret_index = index;
    return GX_NOTE_VALID;
}
