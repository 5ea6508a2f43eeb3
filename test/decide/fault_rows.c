/*
 * fault_rows.c - the table faults.txt: what a provider answered, read by its language's back.
 */
#include "decide.h"

#include "dialect/dialect.h"

enum { MAX_HEADERS = 8, NOW_S = 1795348800 };

void fault(const struct row *row)
{
    struct lx_header v[MAX_HEADERS];
    struct lx_headers headers = {v, 0};
    struct lx_slice said = row->in[2], one;
    struct lx_arena a;
    struct lx_fault f;
    char got[96];
    while (said.n && headers.n < MAX_HEADERS) {
        lx_slice_cut(said, ';', &one, &said);
        v[headers.n] = (struct lx_header){.name = {NULL, 0}};
        lx_slice_cut(lx_slice_trim(one), ':', &v[headers.n].name, &v[headers.n].value);
        v[headers.n].value = lx_slice_trim(v[headers.n].value);
        headers.n++;
    }
    const struct lx_dialect *d = lx_dialect_find(row->in[0]);
    assert_non_null(d);
    lx_arena_init(&a, 1 << 16);
    d->back->read_error((int)number(row->in[1], -1), row->in[3], &headers, &a, &f);
    if (f.retry_after_ms < 0 && f.kind == LX_FAULT_RATE_LIMIT) /* as the call machine does */
        f.retry_after_ms = lx_fault_reset_ms(&headers, NOW_S);
    snprintf(got, sizeof(got), "%s %d %lld", lx_fault_class(f.kind), lx_fault_status(&f),
             (long long)f.retry_after_ms);
    CHECK(row, lx_slice_eq(lx_slice_z(got), row->verdict), "%s", got);
    lx_arena_clear(&a);
}
