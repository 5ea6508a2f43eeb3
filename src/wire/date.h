/*
 * date.h - dates and waits as HTTP headers and providers' lists write them. No clock: what is
 * relative is relative to a time that is given.
 */
#ifndef LX_WIRE_DATE_H
#define LX_WIRE_DATE_H

#include "wire/header.h"

/* Days from 1970-01-01 to a day of the Gregorian calendar; month 1 to 12. */
int64_t lx_date_days(int64_t year, int64_t month, int64_t day);
/* Months from January 1970 to the one that holds a day, given as its days from 1970-01-01. */
int64_t lx_date_month(int64_t days);
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7, without its obsolete forms) as Unix
 * seconds. 0 or LX_EINVAL. */
int lx_date_read_http(struct lx_slice s, int64_t *out);
/* "20" or "1.5" seconds in milliseconds, rounded up; -1: anything else. */
int64_t lx_seconds_read_ms(struct lx_slice s);
/* How long retry-after-ms or Retry-After ask to wait, in milliseconds; -1: they do not. A date is
 * relative to the Date header, which has the provider's own clock, else to now_s; where that is 0
 * too it says nothing. One that is past is 0. */
int64_t lx_headers_retry_after_ms(const struct lx_headers *h, int64_t now_s);

#endif
