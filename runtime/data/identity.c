/* identity.c: what tells one data set from another: its name, how many samples each split has, and a hash of what they are.
 *
 * Sets from files are what their files and the choice of samples make them; sets that are drawn are hashed themselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/data.h"
#include "data/sha256.h"

static void add(rq_sha256 *s, const void *values, int64_t count, size_t each)
{
    if (values) rq_sha256_add(s, values, (size_t)count * each);
}

const char *rq_data_identity(const rq_data *d, char *text, size_t size)
{
    rq_sha256 s;
    char hex[65];
    rq_sha256_start(&s);
    add(&s, d->dims, d->ndim, sizeof d->dims[0]);
    add(&s, d->table, d->table ? d->channels * 256 : 0, sizeof d->table[0]);
    add(&s, d->labels, d->total, sizeof d->labels[0]);
    add(&s, d->class_labels, d->class_labels ? d->classes : 0, sizeof d->class_labels[0]);
    add(&s, d->source_index, d->total, sizeof d->source_index[0]);
    for (int i = 0; i < d->file_count; i++) add(&s, d->files[i].sha256, 64, 1);
    if (!d->file_count) {
        add(&s, d->bytes, d->total * d->size, 1);
        add(&s, d->reals, d->total * d->size, sizeof d->reals[0]);
        add(&s, d->targets, d->total * d->target_size, sizeof d->targets[0]);
    }
    rq_sha256_end(&s, hex);
    snprintf(text, size, "%s %" PRId64 "/%" PRId64 "/%" PRId64 " %.16s", d->name, d->count[RQ_SPLIT_train], d->count[RQ_SPLIT_val],
             d->count[RQ_SPLIT_test], hex);
    return text;
}
