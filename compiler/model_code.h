/* model_code.h: the table of a model that the runtime executes, with code behind it. */
#ifndef RQ_MODEL_CODE_H
#define RQ_MODEL_CODE_H

#include "check/flow.h"
#include "functions.h"

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

/* table.c: an instance and its flow as the runtime's table, without functions. On c->keep. */
rq_model *model_table(Compiler *c, const ModelInst *model, const Flow *flow, int real_bytes, Engine wanted, bool detached);

#endif
