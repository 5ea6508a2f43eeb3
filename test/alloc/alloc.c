/*
 * alloc.c - counts allocations and fails the chosen ones, each thread its own.
 */
#include "alloc/alloc.h"

#include <malloc.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);

static _Thread_local struct {
    size_t count, live, fail_at;
    bool onwards;
} state;

void alloc_arm(size_t n, bool onwards)
{
    state.count = 0;
    state.fail_at = n;
    state.onwards = onwards;
}

size_t alloc_count(void)
{
    return state.count;
}

size_t alloc_live(void)
{
    return state.live;
}

static bool fails(void)
{
    size_t n = ++state.count;
    return state.fail_at > 0 && (n == state.fail_at || (state.onwards && n > state.fail_at));
}

static void *counted(void *p)
{
    state.live += malloc_usable_size(p);
    return p;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (fails())
        return NULL;
    state.live -= malloc_usable_size(p);
    void *to = __real_realloc(p, n);
    counted(to ? to : p);
    return to;
}

void __wrap_free(void *p)
{
    state.live -= malloc_usable_size(p);
    __real_free(p);
}
