/* join.c: the test samples of another data set in place of a set's own: what was learned from few or made samples, asked of real ones.
 */
#include <string.h>

#include "data/data.h"

static int64_t kept_of(const rq_data *d) { return d->count[RQ_SPLIT_train] + d->count[RQ_SPLIT_val]; }

static bool fits(const rq_data *d, const rq_data *other, rq_error *err)
{
    bool same = d->size == other->size && d->is_states == other->is_states && (!d->labels || other->labels) && (d->targets || other->labels);
    if (!other->count[RQ_SPLIT_test]) return rq_fail(err, "data set '%s' has no test samples", other->name);
    if (!same)
        return rq_fail(err, "the test samples of '%s' do not fit '%s': they have %lld values and %s, not %lld and %s", other->name, d->name,
                       (long long)other->size, other->labels ? "labels" : "targets", (long long)d->size, d->labels ? "labels" : "targets");
    int64_t have = rq_data_target_rows(other), want = rq_data_target_rows(d);
    if (have == want) return true;
    return rq_fail(err, "'%s' has %lld %s, but '%s' has %lld", other->name, (long long)have, other->labels ? "classes" : "targets", d->name,
                   (long long)want);
}

/* Sample i of the joined set. */
static const rq_data *from(const rq_data *d, const rq_data *other, int64_t i, rq_split *split, int64_t *number)
{
    int64_t train = d->count[RQ_SPLIT_train];
    *split = i < train ? RQ_SPLIT_train : i < kept_of(d) ? RQ_SPLIT_val : RQ_SPLIT_test;
    *number = i < train ? i : i < kept_of(d) ? i - train : i - kept_of(d);
    return *split == RQ_SPLIT_test ? other : d;
}

/* The class with the largest share of a dense target. */
static int32_t likeliest(const double *target, int64_t n)
{
    int32_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (target[k] > target[best]) best = (int32_t)k;
    return best;
}

typedef struct Joined {
    double *reals, *targets;
    int32_t *labels;
    int64_t *source_index;
} Joined;

static bool take_memory(const rq_data *d, const rq_data *other, int64_t total, Joined *j, rq_error *err)
{
    const char *what = "the samples of two data sets";
    j->reals = rq_alloc_array((uint64_t)total, (uint64_t)d->size * sizeof(double), what, err);
    j->source_index = rq_alloc_array((uint64_t)total, sizeof *j->source_index, what, err);
    if (other->labels) j->labels = rq_alloc_array((uint64_t)total, sizeof *j->labels, what, err);
    if (d->targets) j->targets = rq_alloc_array((uint64_t)total, (uint64_t)d->target_size * sizeof(double), what, err);
    return j->reals && j->source_index && (!other->labels || j->labels) && (!d->targets || j->targets);
}

static void fill(const rq_data *d, const rq_data *other, int64_t total, Joined *j)
{
    for (int64_t i = 0; i < total; i++) {
        rq_split split;
        int64_t number, rows = d->target_size;
        const rq_data *s = from(d, other, i, &split, &number);
        for (int64_t e = 0; e < d->size; e++) j->reals[i * d->size + e] = rq_data_value(s, split, number, e);
        j->source_index[i] = s->source_index ? s->source_index[s->first[split] + number] : number;
        const double *target = s->targets ? s->targets + (s->first[split] + number) * rows : NULL;
        if (j->labels) j->labels[i] = s->labels ? rq_data_label(s, split, number) : likeliest(target, rows);
        for (int64_t k = 0; j->targets && k < rows; k++) j->targets[i * rows + k] = target ? target[k] : k == j->labels[i];
    }
}

/* Files, for those who ask what a set was made of. */
static void take_files(rq_data *d, rq_data *other)
{
    for (int i = 0; i < other->file_count && d->file_count < RQ_DATA_FILES; i++) {
        d->files[d->file_count++] = other->files[i];
        other->files[i].path = NULL;
    }
}

bool rq_data_test_from(rq_data *d, rq_data *other, rq_error *err)
{
    Joined j = {0};
    int64_t total = kept_of(d) + other->count[RQ_SPLIT_test];
    if (!fits(d, other, err) || !take_memory(d, other, total, &j, err)) {
        rq_free(j.reals);
        rq_free(j.source_index);
        rq_free(j.labels);
        rq_free(j.targets);
        return false;
    }
    fill(d, other, total, &j);
    rq_data old = *d;
    take_files(d, other);
    memset(old.files, 0, sizeof old.files);
    if (!d->classes) { /* without classes it may still hold an empty list of them, which the other gives back */
        d->classes = other->classes, d->class_labels = other->class_labels, d->class_names = other->class_names;
        other->classes = 0, other->class_labels = old.class_labels, other->class_names = old.class_names;
    }
    old.classes = 0, old.class_labels = NULL, old.class_names = NULL;
    d->bytes = NULL, d->table = NULL;
    d->reals = j.reals, d->labels = j.labels, d->targets = j.targets, d->source_index = j.source_index;
    d->total = total;
    d->first[RQ_SPLIT_train] = 0;
    d->first[RQ_SPLIT_val] = d->count[RQ_SPLIT_train];
    d->first[RQ_SPLIT_test] = kept_of(d);
    d->count[RQ_SPLIT_test] = other->count[RQ_SPLIT_test];
    rq_data_free(&old);
    return true;
}
