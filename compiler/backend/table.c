/* table.c: constant tables of a module. Equal tables are one.
 *
 * Long tables are given to LLVM as bytes: as one value instead of one for each number, which is what makes a map of a hundred thousand
 * entries cheap. Short ones keep their type, so that the text reads well.
 */
#include "backend/llvm.h"

enum { READABLE_MAX = 64 };

struct Table {
    LLVMTypeRef type; /* of an item */
    size_t size;
    uint64_t hash;
    const void *bytes;
    Value global;
};

static uint64_t hash_of(const void *bytes, size_t size)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) h = (h ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
    return h;
}

static Value readable(Emit *e, LLVMTypeRef type, const void *bytes, size_t n)
{
    Value *items = arena_array(e->arena, Value, n);
    for (size_t i = 0; i < n; i++) {
        if (type == e->i64) items[i] = l_int(e, ((const int64_t *)bytes)[i]);
        else if (type == e->i32) items[i] = l_int32(e, ((const int32_t *)bytes)[i]);
        else items[i] = l_real(e, e->k->real_bytes == 4 ? ((const float *)bytes)[i] : ((const double *)bytes)[i]);
    }
    return LLVMConstArray2(type, items, n);
}

static Value add_table(Emit *e, LLVMTypeRef type, const void *bytes, size_t n, size_t item)
{
    size_t size = n * item;
    uint64_t hash = hash_of(bytes, size);
    for (uint32_t i = 0; i < e->tables.len; i++) {
        const Table *t = e->tables.at[i];
        if (t->hash == hash && t->type == type && t->size == size && memcmp(t->bytes, bytes, size) == 0) return t->global;
    }
    Value array = n <= READABLE_MAX ? readable(e, type, bytes, n)
                                    : LLVMConstStringInContext2(e->context, bytes, size, 1);
    char *name = arena_printf(e->arena, "%s_table%u", e->k->name, e->tables.len);
    Table *t = arena_make(e->arena, Table);
    *t = (Table){type, size, hash, bytes, LLVMAddGlobal(e->module, LLVMTypeOf(array), name)};
    LLVMSetInitializer(t->global, array);
    LLVMSetGlobalConstant(t->global, 1);
    LLVMSetLinkage(t->global, LLVMInternalLinkage);
    LLVMSetAlignment(t->global, 64);
    vec_push(e->arena, &e->tables, t);
    return t->global;
}

Value table_i32(Emit *e, const int64_t *at, int64_t n)
{
    int32_t *items = arena_array(e->arena, int32_t, n);
    for (int64_t i = 0; i < n; i++) items[i] = (int32_t)at[i];
    return add_table(e, e->i32, items, (size_t)n, sizeof *items);
}

Value table_i64(Emit *e, const int64_t *at, int64_t n)
{
    int64_t *items = arena_array(e->arena, int64_t, n);
    for (int64_t i = 0; i < n; i++) items[i] = at[i];
    return add_table(e, e->i64, items, (size_t)n, sizeof *items);
}

Value table_real(Emit *e, const double *at, int64_t n)
{
    if (e->k->real_bytes == 8) {
        double *items = arena_array(e->arena, double, n);
        for (int64_t i = 0; i < n; i++) items[i] = at[i];
        return add_table(e, e->real, items, (size_t)n, sizeof *items);
    }
    float *items = arena_array(e->arena, float, n);
    for (int64_t i = 0; i < n; i++) items[i] = (float)at[i];
    return add_table(e, e->real, items, (size_t)n, sizeof *items);
}

Value table_complex(Emit *e, const double *re, const double *im, int64_t n)
{
    double *pairs = arena_array(e->arena, double, 2 * n);
    for (int64_t i = 0; i < n; i++) {
        pairs[2 * i] = re[i];
        pairs[2 * i + 1] = im ? im[i] : 0;
    }
    return table_real(e, pairs, 2 * n);
}
