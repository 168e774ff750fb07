/* ablate.h: what an exploration takes out of a layer, to see what it is good for. */
#ifndef RQ_CHECK_ABLATE_H
#define RQ_CHECK_ABLATE_H

#include "check/model.h"

/* The kinds by the words of `over ablate:`; freeze is no change of the layer and not among them. */
AblationKind ablation_named(const char *word);

/* The layer's own output with the request's ablation of it, if there is one. {0} after a report that it does not fit. */
StageId ablate_layer(Env *e, Ident layer, StageId own);

#endif
