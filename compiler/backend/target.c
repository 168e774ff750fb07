/* target.c: CPU names, target machines and the optimisation pipeline.
 *
 * "native" is the host with just the features that it reports. A CPU without fused multiply-add gets products and sums instead: llvm.fma
 * would become a call there.
 */
#include "backend/llvm.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Short on purpose: what we emit is nearly final, and "default<O2>" gives the same loops for several times the time. */
static const char passes[] = "function(early-cse,instcombine<no-verify-fixpoint>,simplifycfg,"
                             "loop-mssa(licm),early-cse)";

typedef struct CpuRow {
    const char *name;
    int level;
    bool has_fma;
    const char *features;
} CpuRow;
static const CpuRow cpus[] = {
#define CPU(name, level, has_fma, features) {name, level, has_fma, features},
#include "backend/cpus.def"
#undef CPU
};

void llvm_ice(const char *what, const char *message)
{
    fprintf(stderr, "rq: internal error: %s: %s\n", what, message);
    abort();
}

void llvm_check(LLVMErrorRef error, const char *what)
{
    if (!error) return;
    char *message = LLVMGetErrorMessage(error);
    fprintf(stderr, "rq: internal error: %s: %s\n", what, message);
    LLVMDisposeErrorMessage(message);
    abort();
}

static bool is_native(const char *cpu) { return !cpu || strcmp(cpu, "native") == 0; }

static const CpuRow *cpu_row(const char *cpu)
{
    for (size_t i = 0; i < COUNT(cpus); i++)
        if (strcmp(cpus[i].name, cpu) == 0) return &cpus[i];
    return NULL;
}

bool backend_cpu_ok(const char *cpu)
{
    return is_native(cpu) || cpu_row(cpu);
}

static int host_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return 4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        return 3;
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")) return 2;
#endif
    return 0;
}

bool backend_cpu_runs_here(const char *cpu)
{
    if (is_native(cpu)) return true;
    const CpuRow *row = cpu_row(cpu);
    if (!row) return false;
    if (row->level <= host_level()) return true;
    char *host = LLVMGetHostCPUName();
    bool same = strcmp(host, cpu) == 0;
    LLVMDisposeMessage(host);
    return same;
}

const char *backend_cpu_name(Arena *a, const char *cpu)
{
    if (!is_native(cpu)) return cpu;
    char *host = LLVMGetHostCPUName();
    const char *name = arena_strdup(a, host);
    LLVMDisposeMessage(host);
    return name;
}

/* Rows of cpu_features.def that LLVM's "+avx,-xop,..." has. */
static const char *features_of_host(Arena *a)
{
    static const char *const known[] = {
#define FEATURE(name) name,
#include "program/cpu_features.def"
#undef FEATURE
    };
    char *host = LLVMGetHostCPUFeatures();
    const char *text = arena_printf(a, ",%s,", host), *words = "";
    LLVMDisposeMessage(host);
    for (size_t i = 0; i < COUNT(known); i++)
        if (strstr(text, arena_printf(a, ",+%s,", known[i])))
            words = arena_printf(a, "%s%s%s", words, *words ? " " : "", known[i]);
    return words;
}

const char *backend_cpu_features(Arena *a, const char *cpu)
{
    return is_native(cpu) ? features_of_host(a) : cpu_row(cpu) ? cpu_row(cpu)->features : "";
}

const char *backend_cpu_at(size_t i) { return i < COUNT(cpus) ? cpus[i].name : NULL; }

const char *backend_llvm_version(void) { return LLVM_VERSION_STRING; }

int backend_vector_bits(Arena *a)
{
    char *features = LLVMGetHostCPUFeatures();
    const char *list = arena_printf(a, "%s,", features);
    LLVMDisposeMessage(features);
    return strstr(list, "+avx512f,") ? 512 : strstr(list, "+avx,") ? 256 : 128;
}

static bool has_fma(const char *cpu, const char *host_features)
{
    if (!is_native(cpu)) return cpu_row(cpu) && cpu_row(cpu)->has_fma;
#if defined(__aarch64__)
    return true;
#else
    const char *at = strstr(host_features, "+fma,");
    size_t length = strlen(host_features);
    return at || (length >= 4 && strcmp(host_features + length - 4, "+fma") == 0);
#endif
}

void targets_register(void)
{
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
}

Target *target_open(Arena *a, const char *cpu)
{
    targets_register();
    Target *t = arena_make(a, Target);
    bool native = is_native(cpu);
    t->triple = LLVMGetDefaultTargetTriple();
    char *host = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures(), *message = NULL;
    LLVMTargetRef target;
    if (LLVMGetTargetFromTriple(t->triple, &target, &message)) llvm_ice("finding the target", message);
    t->machine = LLVMCreateTargetMachine(target, t->triple, native ? host : cpu, native ? features : "",
                                         LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelSmall);
    t->has_fma = has_fma(cpu, features);
    LLVMDisposeMessage(host);
    LLVMDisposeMessage(features);
    if (!t->machine) llvm_ice("making the target machine", t->triple);
    return t;
}

void target_close(Target *t)
{
    LLVMDisposeTargetMachine(t->machine);
    LLVMDisposeMessage(t->triple);
}

void target_prepare(const Target *t, LLVMModuleRef m)
{
    LLVMSetTarget(m, t->triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(t->machine);
    LLVMSetModuleDataLayout(m, layout);
    LLVMDisposeTargetData(layout);
}

const char *target_passes(void) { return passes; }

void target_optimise(const Target *t, LLVMModuleRef m)
{
    char *message = NULL;
    if (LLVMVerifyModule(m, LLVMReturnStatusAction, &message)) {
        LLVMDumpModule(m);
        llvm_ice("LLVM refuses the emitted code", message);
    }
    LLVMDisposeMessage(message);
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    llvm_check(LLVMRunPasses(m, passes, t->machine, options), "optimising");
    LLVMDisposePassBuilderOptions(options);
}
