/* checkpoint.h: parameters and optimizer state in a safetensors file.
 *
 * Tensors: each group under its path (dims as declared), optimizer slots under "opt/SLOT/PATH". Metadata: schema, model, action,
 * epoch, steps, seed, batch, optimizer, source_sha256, settings, and what rq_progress holds. Written to a temporary file, synced, renamed.
 */
#ifndef RQ_TRAIN_CHECKPOINT_H
#define RQ_TRAIN_CHECKPOINT_H

#include "train/train.h"

/* `settings` is the resolved settings' JSON text. */
bool rq_checkpoint_save(const char *path, const rq_params *p, const rq_optimizer_state *state, const rq_progress *progress,
                        const rq_train_settings *s, const char *source, const char *settings, rq_error *err);
/* Everything back, to the bit. Another model, action, seed, batch, optimizer or data set (progress->data) is
 * an error that says what differs. */
bool rq_checkpoint_load(const char *path, rq_params *p, rq_optimizer_state *state, rq_progress *progress,
                        const rq_train_settings *s, rq_error *err);

#endif
