/* abi.c: one row of abi.def -> C prototype, LLVM declaration and call, address for the JIT. */
#include "backend/abi.h"

#include "backend/llvm.h"

#define ABI(result, name, params) result name params;
#include "program/abi.def"
#undef ABI

/* Besides our rows: what LLVM itself may call for a block of memory. */
const AbiRow abi_rows[] = {
#define ABI(result, name, params) {#name, #params, (void *)name},
#include "program/abi.def"
#undef ABI
    {"memset", "(void *to, int value, size_t n)", (void *)memset},
    {"memcpy", "(void *to, const void *from, size_t n)", (void *)memcpy},
    {"memmove", "(void *to, const void *from, size_t n)", (void *)memmove},
};
const size_t abi_count = COUNT(abi_rows);

/* The LLVM type of one parameter, read from its C text up to `,` or `)`. */
static LLVMTypeRef param_type(const Emit *e, const char *text, size_t length)
{
    if (memchr(text, '*', length)) return e->ptr;
    if (length > 7 && memcmp(text, "int64_t", 7) == 0) return e->i64;
    llvm_ice("a row of abi.def has a parameter that is neither int64_t nor a pointer", text);
}

static Value declare(Emit *e, const AbiRow *row)
{
    Value known = LLVMGetNamedFunction(e->module, row->name);
    if (known) return known;
    LLVMTypeRef types[32];
    unsigned n = 0;
    for (const char *at = row->params + 1; *at; n++) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",)");
        if (n == COUNT(types)) llvm_ice("a row of abi.def has too many parameters", row->name);
        types[n] = param_type(e, at, length);
        at += length + 1;
    }
    return LLVMAddFunction(e->module, row->name, LLVMFunctionType(e->nothing, types, n, 0));
}

void call_abi(Emit *e, const char *name, Value *args, unsigned n)
{
    for (size_t i = 0; i < abi_count; i++) {
        if (strcmp(abi_rows[i].name, name) != 0) continue;
        l_call(e, declare(e, &abi_rows[i]), args, n);
        return;
    }
    llvm_ice("no row of abi.def", name);
}
