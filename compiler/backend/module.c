/* module.c: LLVM module -> text, assembly, object file. */
#include "backend/cache.h"

#include <string.h>

Module *module_new(Compiler *c, const Kernels *k, const char *cpu)
{
    Arena *arena = arena_new("module");
    Module *m = arena_make(arena, Module);
    *m = (Module){.arena = arena, .c = c, .k = k, .cpu = cpu};
    return m;
}

void module_drop(Module *m)
{
    if (!m) return;
    if (m->object) LLVMDisposeMemoryBuffer(m->object);
    if (m->module) {
        LLVMDisposeModule(m->module);
        LLVMContextDispose(m->context);
        target_close(m->target);
    }
    arena_drop(m->arena);
}

static void optimise(Module *m)
{
    if (!m->module) module_emit(m);
    if (!m->optimised) target_optimise(m->target, m->module);
    m->optimised = true;
}

void module_print(FILE *out, Module *m)
{
    optimise(m);
    char *text = LLVMPrintModuleToString(m->module);
    fputs(text, out);
    LLVMDisposeMessage(text);
}

/* Code generation changes the module it is given, so it works on a copy. */
static LLVMMemoryBufferRef generate(Module *m, LLVMCodeGenFileType kind)
{
    optimise(m);
    LLVMModuleRef copy = LLVMCloneModule(m->module);
    LLVMMemoryBufferRef code = NULL;
    char *message = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(m->target->machine, copy, kind, &message, &code))
        llvm_ice("generating code", message);
    LLVMDisposeModule(copy);
    return code;
}

bool module_generate(Module *m, const char *cache)
{
    if (m->object || (cache && cache_load(cache, m))) return false;
    m->object = generate(m, LLVMObjectFile);
    return cache && cache_save(cache, m);
}

LLVMMemoryBufferRef module_object(Module *m)
{
    module_generate(m, NULL);
    LLVMMemoryBufferRef object = m->object;
    m->object = NULL; /* the caller's from here */
    return object;
}

static bool write_all(FILE *out, LLVMMemoryBufferRef code)
{
    size_t size = LLVMGetBufferSize(code);
    return fwrite(LLVMGetBufferStart(code), 1, size, out) == size;
}

bool module_print_asm(FILE *out, Module *m)
{
    LLVMMemoryBufferRef code = generate(m, LLVMAssemblyFile);
    bool ok = write_all(out, code);
    LLVMDisposeMemoryBuffer(code);
    return ok;
}

bool module_write_object(Module *m, const char *path, const char **error)
{
    FILE *out = fopen(path, "wb");
    if (!out) {
        *error = "cannot open the object file for writing";
        return false;
    }
    LLVMMemoryBufferRef code = module_object(m);
    bool ok = write_all(out, code);
    if (fclose(out) != 0) ok = false;
    LLVMDisposeMemoryBuffer(code);
    if (!ok) *error = "cannot write the object file: no space left or an input/output error";
    return ok;
}
