/* patches.h: windows of an image for layers that compute something from each: quanv and patchwise. */
#ifndef RQ_CHECK_PATCHES_H
#define RQ_CHECK_PATCHES_H

#include "check/layer.h"

/* The arguments as written; NULL: left out. */
typedef struct PatchArgs {
    const Arg *kernel, *stride, *pad, *channels, *out;
} PatchArgs;

/* Fills kernel, stride, pad, patches, channels and out of `a` from the arguments and the source, an image. False after a report. */
bool patches_read(LayerCall *l, const PatchArgs *p, QuantumAttr *a);
/* Values of a patch; patches of a sample, those of every channel counted. */
int64_t patches_values(const LayerCall *l, const QuantumAttr *a);
int64_t patches_count(const LayerCall *l, const QuantumAttr *a);
/* The type of the image made of `results` numbers per patch; chooses a->out if it is not given. False after a report. */
bool patches_out(LayerCall *l, const PatchArgs *p, QuantumAttr *a, int64_t results, ValueType *type);
/* Warns of pixels that no patch covers. */
void patches_warn(LayerCall *l, const QuantumAttr *a);

#endif
