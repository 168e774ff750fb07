/* native.h: actions -> object files and the C text of their table; what `rq build` links with librq. */
#ifndef RQ_NATIVE_H
#define RQ_NATIVE_H

#include "compile.h"
#include "model_code.h"
#include "native/native.h"

typedef struct NativeFunction {
    rq_function_kind kind;
    const char *layer; /* "" for none or the output */
    const rq_function *f;
    const char *const *symbols; /* of its phases; NULL for one without code */
} NativeFunction;

typedef struct NativeModel {
    const rq_model *table;
    VEC(NativeFunction) functions;
} NativeModel;

/* What a program does with a model. */
typedef enum NativeUse {
    NATIVE_action, /* everything */
    NATIVE_twin,   /* the gradient report's comparison */
    NATIVE_trial,  /* training alone: a variant of an exploration */
    NATIVE_distill, /* second derivatives */
    NATIVE_scan    /* derivatives by parameters that are inputs */
} NativeUse;

/* A train action. `action.model` and `action.exact` are left to `model` and `exact`. */
typedef struct NativeAction {
    rq_action action;
    const NativeModel *model, *exact; /* exact: NULL if the model's gradients are exact */
    int32_t flow;                     /* index into flows */
} NativeAction;

typedef struct NativeVariant {
    rq_variant row;
    int32_t action; /* index into actions; -1: none */
} NativeVariant;
typedef struct NativeExploration {
    rq_exploration x;
    VEC(NativeVariant) variants;
} NativeExploration;

/* A distill action; model and data are those of the train action of this number. */
typedef struct NativeDistillation {
    rq_distillation d;
    int32_t action;
} NativeDistillation;

/* A scan; point i has the model and data of action first + i. */
typedef struct NativeScan {
    rq_scan s;
    VEC(rq_scan_point) points;
    int32_t first;
} NativeScan;

typedef VEC(const char *) NameList;

typedef struct NativeProgram {
    const char *build, *cpu_option, *output, *features; /* as in rq_native_program */
    VEC(NativeAction) actions; /* the file's, then those of variants */
    uint32_t action_count;     /* of the file */
    VEC(NativeExploration) explorations;
    VEC(NativeDistillation) distillations;
    VEC(NativeScan) scans;
    VEC(rq_native_flow) flows;
    NameList names, data;
} NativeProgram;

/* Where code goes: objects into `dir`, named in `objects`; with emit_*, also beside the
 * program, as OUTPUT.FUNCTION.o, .s, .ll. */
typedef struct NativeFiles {
    const char *dir, *output;
    bool emit_obj, emit_asm, emit_llvm;
    NameList objects;
    const char *error; /* NULL, or what could not be written */
    uint32_t functions; /* so far, which numbers them */
} NativeFiles;

/* Compiles the functions that this use of a model wants. NULL: errors are reported in c, or worded in files->error. */
const NativeModel *native_model(Compiler *c, const ModelInst *model, const Flow *flow, const ModelCodeOptions *options, const char *action,
                                NativeUse use, NativeFiles *files);

/* native_table.c: the table as a C file over native/native.h, with `int main`. */
void native_table_print(FILE *out, const NativeProgram *p);

#endif
