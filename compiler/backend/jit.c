/* jit.c: object code -> addresses in this process, by LLVM's ORC LLJIT.
 *
 * The JIT is given finished object code, the same bytes that module_write_object writes: so what it runs is what a native program
 * runs. Generated code sees the functions of abi.def and nothing else of the process.
 */
#include "backend/abi.h"
#include "backend/module.h"

#include <llvm-c/LLJIT.h>
#include <llvm-c/Target.h>

struct Jit {
    Arena *arena;
    LLVMOrcLLJITRef lljit;
};

static void define_abi(Jit *jit, LLVMOrcJITDylibRef dylib)
{
    LLVMOrcCSymbolMapPair *pairs = arena_array(jit->arena, LLVMOrcCSymbolMapPair, abi_count);
    for (size_t i = 0; i < abi_count; i++) {
        pairs[i].Name = LLVMOrcLLJITMangleAndIntern(jit->lljit, abi_rows[i].name);
        pairs[i].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)abi_rows[i].address;
        pairs[i].Sym.Flags.GenericFlags = LLVMJITSymbolGenericFlagsExported | LLVMJITSymbolGenericFlagsCallable;
    }
    llvm_check(LLVMOrcJITDylibDefine(dylib, LLVMOrcAbsoluteSymbols(pairs, abi_count)),
               "defining the functions of the runtime");
}

Jit *jit_open(void)
{
    targets_register();
    Arena *arena = arena_new("jit");
    Jit *jit = arena_make(arena, Jit);
    jit->arena = arena;
    llvm_check(LLVMOrcCreateLLJIT(&jit->lljit, NULL), "opening the JIT");
    define_abi(jit, LLVMOrcLLJITGetMainJITDylib(jit->lljit));
    return jit;
}

void jit_add(Jit *jit, Module *m)
{
    LLVMMemoryBufferRef object = module_object(m);
    module_drop(m);
    LLVMOrcJITDylibRef dylib = LLVMOrcLLJITGetMainJITDylib(jit->lljit);
    /* the buffer is the JIT's from here */
    llvm_check(LLVMOrcLLJITAddObjectFile(jit->lljit, dylib, object), "adding code to the JIT");
}

void *jit_symbol(Jit *jit, const char *name)
{
    LLVMOrcExecutorAddress address = 0;
    llvm_check(LLVMOrcLLJITLookup(jit->lljit, &address, name), name);
    return (void *)(uintptr_t)address;
}

void jit_close(Jit *jit)
{
    if (!jit) return;
    llvm_check(LLVMOrcDisposeLLJIT(jit->lljit), "closing the JIT");
    arena_drop(jit->arena);
}
