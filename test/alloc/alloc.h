/*
 * alloc.h - malloc and its family, wrapped at link time, so that they can be counted and failed.
 * Each thread has its own counts.
 */
#ifndef LX_TEST_ALLOC_H
#define LX_TEST_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Lets allocation number n from now on (1, 2, ...) fail, and with `onwards` every one after it.
 * 0: none fails. Counting starts again. */
void alloc_arm(size_t n, bool onwards);
/* Allocations since alloc_arm(). */
size_t alloc_count(void);
/* Bytes in blocks that are allocated and not freed, as malloc_usable_size() has them. */
size_t alloc_live(void);

/* What the linker's --wrap needs. */
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

#endif
