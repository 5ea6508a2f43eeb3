/*
 * file.h - a small file as a whole: credentials that lie on disk.
 */
#ifndef LX_IO_FILE_H
#define LX_IO_FILE_H

#include "base/buf.h"

/* Appends what the file holds. Blocks, so the file should be small and local. 0; LX_ENOTFOUND;
 * LX_EIO (also for what is no regular file); or what the buffer failed with. */
int lx_file_read(const char *path, struct lx_buf *out);

#endif
