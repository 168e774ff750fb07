/* skip.h: skips of a model or block: collected first, as their order does not count, and added as
 * their target is declared. */
#ifndef RQ_CHECK_SKIP_H
#define RQ_CHECK_SKIP_H

#include "check/model.h"

typedef struct SkipStmt {
    const Stmt *stmt; /* NULL: the further skip of a ModelChange */
    bool is_used;
} SkipStmt;
struct SkipList {
    VEC(SkipStmt) list;
};

/* Gathers the skips of a body; conditions of `if` are evaluated. */
void collect_skips(Env *e, const StmtList *body);
/* Takes and adds the skips that the request's placement changes. */
void change_skips(Env *e);
/* `own` plus all skips into the layer `to`. {0} after a report. */
StageId skips_into(Env *e, Ident to, StageId own);
/* Reports skips whose target was never declared. */
void skips_unused(Env *e);

#endif
