/*
 * aws_frame.h - one message of an AWS event stream (application/vnd.amazon.eventstream), as bytes.
 *
 * Used by the readers of records only; everyone else sees struct lx_record.
 */
#ifndef LX_WIRE_AWS_FRAME_H
#define LX_WIRE_AWS_FRAME_H

#include "wire/record.h"

/* Where the message that began with `pending` ends in `piece`; -1 when it does not. A prelude that
 * lies, or a message larger than max, "ends" where its prelude does: lx_aws_frame_read() says what
 * is wrong with it. */
ssize_t lx_aws_frame_scan(struct lx_slice pending, struct lx_slice piece, size_t max);

/* Takes apart what lx_aws_frame_scan() found in out->raw. 1: event, data and fault are set,
 * borrowed from raw; else LX_EPROTO, LX_ELIMIT, or LX_ETRUNCATED when the message is not whole. */
int lx_aws_frame_read(struct lx_record *out, size_t max, struct lx_error *err);

#endif
