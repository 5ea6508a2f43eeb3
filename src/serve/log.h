/*
 * log.h - lines for people and machines, written by a thread of their own.
 *
 * Loops append to a buffer of theirs and hand it over a few times a second; the log's thread writes
 * it out. A reader of the log that stalls (a full pipe) never stalls a request: past a ceiling,
 * lines are dropped, counted, and the count is the next thing written.
 */
#ifndef LX_SERVE_LOG_H
#define LX_SERVE_LOG_H

#include "base/buf.h"

struct lx_log;

/* Starts the thread. max_bytes: of lines waiting to be written. NULL when out of resources. */
struct lx_log *lx_log_new(int fd, bool json, size_t max_bytes);
/* Writes what is waiting (for at most two seconds) and ends the thread. NULL-safe. */
void lx_log_free(struct lx_log *log);
bool lx_log_is_json(const struct lx_log *log);
void lx_log_set_json(struct lx_log *log, bool json);

/* Takes the bytes of `lines` (whole lines); the buffer is empty afterwards. From any thread. */
void lx_log_push(struct lx_log *log, struct lx_buf *lines);

enum lx_log_level { LX_LOG_INFO, LX_LOG_WARNING, LX_LOG_ERROR };
/* One line about the server itself, at once, from any thread. */
void lx_log_say(struct lx_log *log, enum lx_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "2026-01-31T12:00:00.123Z" for wall-clock milliseconds. */
void lx_log_write_time(struct lx_buf *out, int64_t wall_ms);

#endif
