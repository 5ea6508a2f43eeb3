/*
 * file.c - see file.h. A pipe or a device is not read: it might never end.
 */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { PIECE = 16384 };

static int read_all(int fd, struct lx_buf *out)
{
    struct stat about;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return LX_EIO;
    for (;;) {
        char *to = lx_buf_reserve(out, 1);
        size_t room = to ? out->cap - out->n : 0;
        ssize_t n;

        if (to && room < PIECE && out->max - out->n >= PIECE) {
            to = lx_buf_reserve(out, PIECE);
            room = PIECE;
        }
        if (!to)
            return out->failed;
        n = read(fd, to, room);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return LX_EIO;
        if (n > 0)
            lx_buf_commit(out, (size_t)n);
    }
}

int lx_file_read(const char *path, struct lx_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), code;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? LX_ENOTFOUND : LX_EIO;
    code = read_all(fd, out);
    close(fd);
    return code;
}
