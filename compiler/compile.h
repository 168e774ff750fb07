/* compile.h: the pipeline, from a file to machine code; any stage of it printed. */
#ifndef RQ_COMPILE_H
#define RQ_COMPILE_H

#include "backend/function.h"
#include "check/flow.h"
#include "functions.h"
#include "graph/hessian.h"

/* Samples side by side in one chunk of work: a constant of the program, so that results do not depend on threads or CPU width. */
enum { LANES = 16 };

/* Reads and parses a file. Never NULL; errors are in c. */
Ast *compile_parse(Compiler *c, const char *path);
/* Reads and checks a file. NULL = errors reported in c. */
Program *compile_front(Compiler *c, const char *path, const CheckOptions *options);

/* Static verdicts with dead elements. */
Flow *compile_flow(Compiler *c, const ModelInst *model);

/* Stages that can be printed, in order: "ast", "inst", "cost", "graph", "grad", "kernel", "llvm", "asm". */
bool compile_stage_known(const char *stage);
/* Prints one stage of one function. False = errors reported. */
bool compile_print(Compiler *c, FILE *out, const ModelInst *model, const FunctionSpec *spec, const char *cpu, const char *stage);
/* The differentiated, simplified graph of a function; NULL = errors reported. */
Graph *compile_graph(Compiler *c, const ModelInst *model, const FunctionSpec *spec);

/* The graph pipeline alone: consumes g. */
Graph *compile_passes(Compiler *c, Graph *g);
/* n functions of a model, to their machine code in one module; code[i] lives as long as jit. False = errors reported. */
bool compile_code(Compiler *c, Jit *jit, const ModelInst *model, const FunctionSpec *specs, size_t n, const char *cpu,
                  const rq_function **code);

/* hessian.c: second derivatives by four ways; see graph/hessian.h. */
Hessian *compile_hessian(Compiler *c, const GradcheckInput *in);

#endif
