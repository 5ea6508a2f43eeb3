/*
 * ini.h - INI files as AWS's and Oracle's command lines keep them: sections of "key = value".
 */
#ifndef LX_WIRE_INI_H
#define LX_WIRE_INI_H

#include "base/slice.h"

/* The last value of a key in the sections of that name, trimmed; absent when there is none. Lines
 * that begin with '#' or ';' are comments; quotes around a section's name and spaces in it do not
 * count twice: [profile "a"] is "profile a". Lines that belong to a key without a value (AWS nests
 * settings so) are nobody's. Borrowed. */
struct lx_slice lx_ini_get(struct lx_slice text, struct lx_slice section, struct lx_slice key);
/* True when there is such a section. */
bool lx_ini_has(struct lx_slice text, struct lx_slice section);

#endif
