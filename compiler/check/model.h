/* model.h: a model under construction: its stages, layers and parameter groups. */
#ifndef RQ_CHECK_MODEL_H
#define RQ_CHECK_MODEL_H

#include "check/value.h"

/* Which model, with which arguments and changes: enough to build it again. */
typedef struct SkipList SkipList;

struct ModelRequest {
    Check *k;
    Entry *entry;
    Val *arguments; /* one for each formal */
    ModelChange change;
    ExprList freeze; /* of an action */
    Span span;
};

/* A pipeline under construction: its stages with parameters get their paths when it ends. */
typedef struct Frame {
    struct Frame *outer;
    uint32_t first_group;    /* groups from here on are the frame's */
    VEC(const char *) parts; /* "conv", "relu", "conv2": kinds in order */
} Frame;

struct ModelBuild {
    Check *k;
    const ModelRequest *request;
    ModelInst *inst;
    LayerId layer;            /* under construction; 0: none */
    StageId source;           /* what a kind without a source reads; 0: none */
    bool source_is_ambiguous; /* several inputs and no layer yet */
    bool source_is_poison;    /* the layer before had a mistake */
    bool is_poison;           /* something had: there will be no instance */
    struct SkipList *skips;   /* of the body under construction */
    const StmtList *body;
    const char *text; /* kinds of the layer so far, for tables */
    uint32_t skip;    /* index plus one of the skip under construction */
    Frame *frame;
    VEC(uint32_t) group_part; /* for each group the part of its frame */
    uint32_t depth;           /* of nested blocks */
};

/* Appends a stage; operands are copied. Group ids are those of groups made since `first_group`. */
StageId stage_add(ModelBuild *m, StageKind kind, ValueType type, const StageId *operands,
                  uint32_t n, Span span);
Stage *stage_at(ModelBuild *m, StageId id);
/* Appends a group whose path is `name` until its frame ends. */
GroupId group_add(ModelBuild *m, const char *name, GroupInst proto);
/* Gives stage the groups made since `first`. */
void stage_take_groups(ModelBuild *m, StageId id, uint32_t first);

void frame_begin(ModelBuild *m, Frame *f);
/* A further stage of the kind begins. */
void frame_part(ModelBuild *m, const char *kind);
/* Ends the frame: its groups' paths become PREFIX.NAME, or PREFIX.PART.NAME where several parts
 * have parameters. */
void frame_end(ModelBuild *m, Frame *f, const char *prefix);

ModelInst *model_build(const ModelRequest *request);
/* Statements of a model or block; the output's stage, or 0. */
StageId model_body(Env *e, const Decl *d);
/* Kind and rank of an input statement; its sizes are left 0. */
bool input_type(Env *e, const Stmt *s, ValueType *type);

/* ---- types ---- */
static inline ValueType type_scalar(void) { return (ValueType){.kind = VALUE_real}; }
ValueType type_vector(int64_t n);
ValueType type_image(int64_t c, int64_t h, int64_t w);
ValueType type_state(ValueKind kind, int64_t qubits);
bool type_equal(ValueType a, ValueType b);
int64_t value_count(ValueType t); /* saturates at 2^40 */
/* "[1, 28, 28]", "state[2]", "a number". */
const char *value_type_text(Check *k, ValueType t);

#endif
