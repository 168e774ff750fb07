/* type.c: shapes and kinds of values. */
#include "graph/op.h"

#include <string.h>

int64_t type_count(const Type *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) n *= t->dim[i];
    return n;
}

int64_t type_outer(const Type *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->outer; i++) n *= t->dim[i];
    return n;
}

int64_t type_inner(const Type *t)
{
    int64_t n = 1;
    for (int i = t->outer; i < t->rank; i++) n *= t->dim[i];
    return n;
}

bool type_same_shape(const Type *a, const Type *b)
{
    return a->outer == b->outer && a->rank == b->rank && !memcmp(a->dim, b->dim, sizeof *a->dim * a->rank);
}

bool type_same(const Type *a, const Type *b)
{
    return a->is_complex == b->is_complex && a->batched == b->batched && type_same_shape(a, b);
}

Type type_real(int rank, const int64_t *dim)
{
    Type t = {.rank = (uint8_t)rank};
    if (rank) memcpy(t.dim, dim, sizeof *dim * (size_t)rank);
    return t;
}

char *type_text(Arena *a, const Type *t)
{
    char dims[TYPE_MAX_RANK * 21 + 2];
    size_t len = 0;
    for (int i = 0; i < t->rank; i++) {
        if (i == t->outer && i) dims[len++] = '|';
        else if (i) dims[len++] = ',';
        len += (size_t)snprintf(dims + len, sizeof dims - len, "%lld", (long long)t->dim[i]);
    }
    if (t->outer && t->outer == t->rank) dims[len++] = '|';
    dims[len] = 0;
    return arena_printf(a, "%s[%s]%s", t->is_complex ? "complex" : "real", dims, t->batched ? " S" : "");
}

bool join_outer(Type *t, const Type *b)
{
    if (!b->outer) return true;
    if (t->outer) return t->outer == b->outer && !memcmp(t->dim, b->dim, sizeof *t->dim * t->outer);
    if (t->rank + b->outer > TYPE_MAX_RANK) return false;
    memmove(t->dim + b->outer, t->dim, sizeof *t->dim * t->rank);
    memcpy(t->dim, b->dim, sizeof *t->dim * b->outer);
    t->outer = b->outer;
    t->rank = (uint8_t)(t->rank + b->outer);
    return true;
}

void take_shape(Type *t, const Type *shape)
{
    t->outer = shape->outer;
    t->rank = shape->rank;
    memset(t->dim, 0, sizeof t->dim);
    memcpy(t->dim, shape->dim, sizeof *t->dim * shape->rank);
}
