/* compile.h: the pipeline, from a file to machine code, and the table that the runtime executes. */
#ifndef RQ_COMPILE_H
#define RQ_COMPILE_H

#include "check/flow.h"
#include "graph/hessian.h"
#include "kernel/kernel.h"
#include "program/model.h"

/* Samples side by side in one chunk of work: a constant of the program, so that results do not depend on threads or CPU width. */
enum { LANES = 16 };

/* Reads and parses a file. Never NULL; errors are in c. */
Ast *compile_parse(Compiler *c, const char *path);
/* Reads and checks a file. NULL = errors reported in c. */
Program *compile_front(Compiler *c, const char *path, const CheckOptions *options);

/* Static verdicts with dead elements. */
Flow *compile_flow(Compiler *c, const ModelInst *model);

/* What one function of a model computes. */
typedef struct FunctionSpec {
    rq_function_kind kind;
    const char *layer; /* RQ_FUNCTION_layer: NULL = the output */
    LossKind loss;
    int real_bytes;
    Engine engine;
    bool ground; /* samples and targets are |0..0>, but for RQ_FUNCTION_layer, whose input may be any */
    const WrtList *wrt; /* RQ_FUNCTION_scan */
} FunctionSpec;

/* Stages that can be printed, in order: "ast", "inst", "cost", "graph", "grad", "kernel", "llvm", "asm". */
bool compile_stage_known(const char *stage);
/* Prints one stage of one function. False = errors reported. */
bool compile_print(Compiler *c, FILE *out, const ModelInst *model, const FunctionSpec *spec, const char *cpu, const char *stage);
/* The differentiated, simplified graph of a function; NULL = errors reported. */
Graph *compile_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec);

/* The graph pipeline alone: consumes g. */
Graph *compile_passes(Compiler *c, Graph *g);

/* A model with its code: functions are compiled when first needed, those of a training together. */
typedef struct ModelCode ModelCode;
typedef struct ModelCodeOptions {
    LossKind loss;
    int real_bytes;
    const char *cpu; /* NULL = native */
    Engine engine;
    bool ground;     /* as in FunctionSpec */
    bool detached;   /* for the table's `gradient` */
    const WrtList *wrt; /* for RQ_FUNCTION_scan; NULL: it is not asked for */
} ModelCodeOptions;
ModelCode *model_code_new(Compiler *c, const ModelInst *model, const Flow *flow, const ModelCodeOptions *options);
void model_code_drop(ModelCode *m);
const rq_model *model_code_table(const ModelCode *m);
const char *model_code_cpu(const ModelCode *m); /* "sapphirerapids" */

/* hessian.c: second derivatives by four ways; see graph/hessian.h. */
Hessian *compile_hessian(Compiler *c, const GradcheckInput *in);

/* table.c: an instance and its flow as the runtime's table, without functions. On c->keep. */
rq_model *model_table(Compiler *c, const ModelInst *model, const Flow *flow, int real_bytes, Engine wanted, bool detached);

#endif
