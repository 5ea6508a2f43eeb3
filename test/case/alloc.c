/*
 * alloc.c - counts allocations and fails the chosen ones. One thread only.
 */
#include "alloc.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);

static struct {
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
    state.live += p != NULL;
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
    void *to = __real_realloc(p, n);
    return p ? to : counted(to);
}

void __wrap_free(void *p)
{
    state.live -= p != NULL;
    __real_free(p);
}
