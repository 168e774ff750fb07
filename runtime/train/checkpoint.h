/* checkpoint.h: parameters and optimizer state in a safetensors file.
 *
 * Tensors: each group under its path (dims as declared), optimizer slots under "opt/SLOT/PATH". Metadata: schema, model, action,
 * epoch, steps, seed, source_sha256, settings. Written to a temporary file, synced, renamed.
 */
#ifndef RQ_TRAIN_CHECKPOINT_H
#define RQ_TRAIN_CHECKPOINT_H

#include "train/train.h"

/* `settings` is the resolved settings' JSON text, `epoch` the number of complete epochs. */
bool rq_checkpoint_save(const char *path, const rq_params *p, const rq_optimizer_state *state, const rq_train_settings *s,
                        const char *source, const char *settings, int64_t epoch, rq_error *err);

#endif
