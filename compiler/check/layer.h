/* layer.h: kinds of layers: how a call such as `conv(6, kernel: 5)` becomes stages. */
#ifndef RQ_CHECK_LAYER_H
#define RQ_CHECK_LAYER_H

#include "check/argument.h"
#include "check/model.h"

/* A call of a kind: its arguments by slot, what it reads, where it stands. */
typedef struct LayerCall {
    Env *e;
    ModelBuild *m;
    const char *kind;  /* "dense" */
    const char *title; /* "layer 'dense'" */
    const ArgList *args;
    const Arg *slot[16];
    const char *text; /* for tables: "dense 10"; the row may set it */
    StageId source;   /* already detached if the call says so */
    ValueType type;   /* of the source */
    bool is_poison;   /* the source had a mistake: only the arguments are looked at */
    Span span;
    uint32_t first_group; /* groups from here on are the call's */
} LayerCall;

bool is_layer_kind(const Check *k, Name name);
void layer_kind_words(Check *k, WordList *words);
/* True if the name means a block in e: a declaration or a formal. */
bool layer_is_block(const Env *e, Name name);

/* The value of a kind's or block's call; source 0: the layer before. */
Val layer_call(Env *e, Ident callee, const ArgList *args, Span at, StageId source);
/* source |> kind(args) */
Val layer_pipe(Env *e, const Expr *x);
/* a op b where at least one is a value of the model. */
Val layer_binary(Env *e, BinaryOp op, Val a, Val b, Span at);
Val layer_negated(Env *e, Val v, Span at);
/* Reports an expression that has no meaning where it stands. */
Val layer_misplaced(Env *e, const Expr *x);
/* A value as a stage: numbers become constants. {0} after a report. */
StageId val_to_stage(Env *e, Val v, Span at);

/* The rows of layers.def: each gives the stage of its result, or {0} after a report. */
#define LAYER(name, function, help) StageId function(LayerCall *l);
#include "check/layers.def"
#undef LAYER

/* Reports that `l` wants another kind or rank of value: "an image [C, H, W]". */
StageId layer_wants(LayerCall *l, const char *wanted);
bool layer_wants_real(LayerCall *l);
/* Appends the stage with the groups made since the call began. */
StageId layer_stage(LayerCall *l, StageKind kind, ValueType type);

enum { LARGEST_SIZE = 1 << 28, LARGEST_SIDE = 1 << 14 };
/* Groups w [out, ...] and, if has_bias, b [out] of a dense or convolutional layer; `init` of w may be NULL. False after a report. */
bool add_affine_groups(LayerCall *l, GroupInst w, const Arg *init, bool has_bias);
/* Windows along an axis: 1 + floor((n + 2 pad - k) / stride), 0 if none fits. */
int64_t window_count(int64_t n, int64_t kernel, int64_t stride, int64_t pad);

/* The block a name means, with arguments if there are any. NULL after a report. */
const UnitRef *named_block(Env *e, Ident name, const ArgList *args, Span at);
/* The output of the block's body on `source`. */
StageId block_call(Env *e, const UnitRef *u, Span at, StageId source);

#endif
