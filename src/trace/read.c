/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/read.h"

#include <errno.h>

#include "core/alloc.h"
#include "core/status.h"
#include "trace/crc.h"
#include "trace/net.h"
#include "trace/parse.h"

#define FIRST_ROOM 65536 /* bytes of the buffer; more as they come, whatever a length says */

struct rpr_trace_reader {
    FILE *file;
    char *path;
    uint8_t *bytes;  /* what was read of the header or of one record */
    size_t n, room;  /* RPR_BITS_SLACK not counted */
    uint64_t offset; /* of bytes in the file */
    uint64_t limit;  /* bytes of a frame's payload at most */
    rpr_trace_net net;
    rpr_trace_frame frame;
    uint64_t *bits; /* of all inputs */
    rpr_row_decoder rows;
    rpr_crc crc;
    uint64_t frames; /* read so far */
    bool ended;
    int status; /* of the first call of rpr_trace_next that failed */
    rpr_error error;
};

/* ------------------------------------------------------------------- bytes */

static rpr_trace_cursor cursor_of(const rpr_trace_reader *r, size_t first, size_t n, rpr_error *err)
{
    return (rpr_trace_cursor){
        .path = r->path, .base = r->bytes + first, .n = n, .offset = r->offset + first, .err = err};
}

static int wrong(const rpr_trace_reader *r, size_t at, const char *what, rpr_error *err)
{
    const rpr_trace_cursor c = cursor_of(r, 0, r->n, err);
    return rpr_trace_wrong(&c, at, "%s", what);
}

static int no_memory(const rpr_trace_reader *r, rpr_error *err)
{
    return rpr_fail(err, RPR_ERR_NOMEM, "%.700s: out of memory", r->path);
}

/** What was in the buffer is done with. */
static void drop_bytes(rpr_trace_reader *r)
{
    r->offset += r->n;
    r->n = 0;
}

static bool grow(rpr_trace_reader *r, size_t room)
{
    uint8_t *bytes = rpr_alloc(room + RPR_BITS_SLACK);
    if (!bytes)
        return false;
    memcpy(bytes, r->bytes, r->n);
    rpr_free(r->bytes);
    r->bytes = bytes;
    r->room = room;
    return true;
}

/** Appends the next `more` bytes of the file; room is taken for bytes that have come only. */
static int fetch(rpr_trace_reader *r, uint64_t more, rpr_error *err)
{
    while (more > 0) {
        if (r->n == r->room && !grow(r, r->room * 2))
            return no_memory(r, err);
        size_t want = r->room - r->n < more ? r->room - r->n : (size_t)more;
        size_t got = fread(r->bytes + r->n, 1, want, r->file);
        r->n += got;
        more -= got;
        if (ferror(r->file))
            return rpr_fail(err, RPR_ERR_IO, "%.700s: byte %llu: cannot be read (%s)", r->path,
                            (unsigned long long)(r->offset + r->n), strerror(errno));
        if (got < want)
            return wrong(r, r->n, "the file is cut short here", err);
    }
    return RPR_OK;
}

/** Fetches a checksum of everything in the buffer, and compares. */
static int check_sum(rpr_trace_reader *r, rpr_error *err)
{
    size_t n = r->n;
    RPR_TRY(fetch(r, RPR_TRACE_CRC, err));
    if (rpr_get_u32(r->bytes + n) != rpr_crc_update(&r->crc, 0, r->bytes, n))
        return wrong(r, n, "the checksum is wrong", err);
    return RPR_OK;
}

/* ------------------------------------------------------------------ header */

static int read_preamble(rpr_trace_reader *r, uint32_t *version, uint32_t *description,
                         rpr_error *err)
{
    int status = fetch(r, RPR_TRACE_MAGIC_BYTES, err);
    size_t n = r->n;
    if (status != RPR_ERR_IO && memcmp(r->bytes, RPR_TRACE_MAGIC, n) != 0)
        return wrong(r, 0, "this is not a similarity trace", err);
    if (status != RPR_OK)
        return status;
    RPR_TRY(fetch(r, RPR_TRACE_PREAMBLE - n, err));
    *version = rpr_get_u32(r->bytes + n);
    const rpr_trace_cursor c = cursor_of(r, 0, r->n, err);
    if (*version < 1 || *version > RPR_TRACE_VERSION)
        return rpr_trace_wrong(&c, n,
                               "version %u of the format; this program reads up to version %d",
                               *version, RPR_TRACE_VERSION);
    *description = rpr_get_u32(r->bytes + n + 4);
    if (*description > RPR_TRACE_MAX_HEADER)
        return rpr_trace_wrong(&c, n + 4, "a description of %u bytes; at most %u are allowed",
                               *description, RPR_TRACE_MAX_HEADER);
    return RPR_OK;
}

static bool take_frame(rpr_trace_reader *r)
{
    size_t n_input = (size_t)r->net.n_input, words = 0;
    rpr_trace_frame *f = &r->frame;
    for (size_t i = 0; i < n_input; i++)
        words += rpr_trace_words(rpr_trace_elements(&r->net.input[i]));
    r->bits = rpr_alloc_array(words, sizeof *r->bits);
    f->changed = rpr_alloc_array(n_input, sizeof *f->changed);
    f->n_changed = rpr_alloc_array(n_input, sizeof *f->n_changed);
    f->lo = rpr_alloc_array(n_input, sizeof *f->lo);
    f->hi = rpr_alloc_array(n_input, sizeof *f->hi);
    f->layer = rpr_alloc_array((size_t)r->net.n_layer, sizeof *f->layer);
    if (!r->bits || !f->changed || !f->n_changed || !f->lo || !f->hi || !f->layer)
        return false;
    uint64_t *bits = r->bits;
    for (size_t i = 0; i < n_input; i++) {
        f->changed[i] = bits;
        bits += rpr_trace_words(rpr_trace_elements(&r->net.input[i]));
    }
    int32_t pixels, elements;
    rpr_trace_net_row(&r->net, &pixels, &elements);
    return rpr_row_decoder_init(&r->rows, pixels, elements);
}

static int read_header(rpr_trace_reader *r, rpr_error *err)
{
    uint32_t version = 0, description = 0;
    RPR_TRY(read_preamble(r, &version, &description, err));
    RPR_TRY(fetch(r, description, err));
    RPR_TRY(check_sum(r, err));
    rpr_trace_cursor c = cursor_of(r, RPR_TRACE_PREAMBLE, description, err);
    RPR_TRY(rpr_trace_parse_net(&c, version, &r->net));
    r->limit = rpr_trace_frame_limit(&r->net);
    return take_frame(r) ? RPR_OK : no_memory(r, err);
}

int rpr_trace_open_file(FILE *file, const char *path, rpr_trace_reader **out, rpr_error *err)
{
    *out = NULL;
    rpr_trace_reader *r = rpr_alloc(sizeof *r);
    if (!r) {
        (void)fclose(file);
        return rpr_fail(err, RPR_ERR_NOMEM, "%.700s: out of memory", path);
    }
    r->file = file;
    r->path = rpr_strdup(path);
    r->bytes = rpr_alloc(FIRST_ROOM + RPR_BITS_SLACK);
    r->room = FIRST_ROOM;
    rpr_crc_init(&r->crc);
    int status = r->path && r->bytes ? read_header(r, err)
                                     : rpr_fail(err, RPR_ERR_NOMEM, "%.700s: out of memory", path);
    if (status != RPR_OK) {
        rpr_trace_close(r);
        return status;
    }
    *out = r;
    return RPR_OK;
}

int rpr_trace_open(const char *path, rpr_trace_reader **out, rpr_error *err)
{
    *out = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return rpr_fail(err, RPR_ERR_IO, "%.700s: cannot be opened (%s)", path, strerror(errno));
    return rpr_trace_open_file(file, path, out, err);
}

const rpr_trace_net *rpr_trace_reader_net(const rpr_trace_reader *r)
{
    return &r->net;
}

void rpr_trace_close(rpr_trace_reader *r)
{
    if (!r)
        return;
    (void)fclose(r->file);
    rpr_row_decoder_free(&r->rows);
    rpr_trace_net_free(&r->net);
    rpr_free(r->frame.changed);
    rpr_free(r->frame.n_changed);
    rpr_free(r->frame.lo);
    rpr_free(r->frame.hi);
    rpr_free(r->frame.layer);
    rpr_free(r->bits);
    rpr_free(r->bytes);
    rpr_free(r->path);
    rpr_free(r);
}

/* ----------------------------------------------------------------- records */

static int read_end(rpr_trace_reader *r, rpr_error *err)
{
    const rpr_trace_cursor c = cursor_of(r, RPR_TRACE_RECORD, 8, err);
    uint64_t frames = rpr_get_u64(c.base);
    if (frames != r->frames)
        return rpr_trace_wrong(&c, 0, "%llu frames should have come, not %llu",
                               (unsigned long long)frames, (unsigned long long)r->frames);
    drop_bytes(r);
    if (fgetc(r->file) != EOF)
        return wrong(r, 0, "something stands behind the end", err);
    r->ended = true;
    return RPR_OK;
}

static int read_record(rpr_trace_reader *r, rpr_error *err)
{
    drop_bytes(r);
    RPR_TRY(fetch(r, RPR_TRACE_RECORD, err));
    const uint32_t kind = r->bytes[0], payload = rpr_get_u32(r->bytes + 1);
    if (kind != RPR_TRACE_KIND_FRAME && kind != RPR_TRACE_KIND_END)
        return wrong(r, 0, "neither a frame nor the end", err);
    bool end = kind == RPR_TRACE_KIND_END;
    if (end ? payload != 8 : payload > r->limit)
        return wrong(r, 1, "the length of a record is impossible", err);
    RPR_TRY(fetch(r, payload, err));
    RPR_TRY(check_sum(r, err));
    if (end)
        return read_end(r, err);
    rpr_trace_cursor c = cursor_of(r, RPR_TRACE_RECORD, payload, err);
    RPR_TRY(rpr_trace_parse_frame(&c, &r->net, &r->rows, r->frames, &r->frame));
    r->frames++;
    return RPR_OK;
}

int rpr_trace_next(rpr_trace_reader *r, const rpr_trace_frame **frame, rpr_error *err)
{
    *frame = NULL;
    if (r->status == RPR_OK && !r->ended)
        r->status = read_record(r, &r->error);
    if (r->status != RPR_OK)
        return rpr_fail(err, r->status, "%s", r->error.message);
    *frame = r->ended ? NULL : &r->frame;
    return RPR_OK;
}
