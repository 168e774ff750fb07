/* select.c: (spec, labels) -> which samples, in which order.
 *
 * `classes` filters first, then each split takes the first N in file order (train, then val from
 * the same pool), then `shuffle` changes the order within each split. Splits cannot overlap, and a
 * split's samples do not depend on the seed.
 */
#include "data/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

/* class_of[label] = the class it becomes or -1. */
static bool keep_classes(const rq_data_spec *spec, const rq_pools *pools, int32_t *class_of,
                         rq_data *out, rq_error *err)
{
    int asked = spec->class_count;
    if (asked < 0 || asked > pools->classes)
        return rq_fail(err, "'%s' has %d classes; %d are asked for", spec->source, pools->classes,
                       asked);
    out->classes = asked ? asked : pools->classes;
    out->class_labels =
        rq_alloc_array((uint64_t)out->classes, sizeof *out->class_labels, "class labels", err);
    if (!out->class_labels) return false;
    for (int i = 0; i < pools->classes; i++) class_of[i] = -1;
    for (int k = 0; k < out->classes; k++) {
        int32_t label = spec->classes ? spec->classes[k] : k;
        if (label < 0 || label >= pools->classes)
            return rq_fail(err, "'%s' has the labels 0 to %d; the list of classes names %" PRId32,
                           spec->source, pools->classes - 1, label);
        if (class_of[label] >= 0)
            return rq_fail(err, "the list of classes names %" PRId32 " twice", label);
        class_of[label] = k;
        out->class_labels[k] = label;
    }
    return true;
}

static int64_t count_kept(const rq_pools *pools, int pool, const int32_t *class_of)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < pools->count[pool]; i++) kept += class_of[pools->labels[pool][i]] >= 0;
    return kept;
}

static bool not_enough(const rq_data_spec *spec, const rq_pools *pools, const char *which,
                       int64_t have, const char *need, rq_error *err)
{
    char of[64] = "";
    if (spec->class_count)
        snprintf(of, sizeof of, " of the %d classes asked for", spec->class_count);
    return rq_fail(err, "'%s' has %" PRId64 "%s %s%s; %s", spec->source, have, which, pools->what,
                   of, need);
}

/* Fixes how many samples each split has. */
static bool share_out(const rq_data_spec *spec, const rq_pools *pools, const int64_t kept[2],
                      rq_data *out, rq_error *err)
{
    bool own_test = pools->labels[1] != NULL;
    if (spec->train < RQ_DATA_ALL || spec->val < RQ_DATA_ALL || spec->test < RQ_DATA_ALL)
        return rq_fail(err, "a number of samples is not below 0");
    int64_t val = spec->val == RQ_DATA_ALL ? 0 : spec->val;
    int64_t test = spec->test != RQ_DATA_ALL ? spec->test : own_test ? kept[1] : 0;
    int64_t behind = own_test ? 0 : test;
    bool too_many = val > kept[0] || behind > kept[0] - val;
    int64_t train = spec->train != RQ_DATA_ALL ? spec->train
                    : too_many                 ? 0
                                               : kept[0] - val - behind;
    too_many = too_many || train > kept[0] - val - behind;
    char need[160];
    if (too_many && own_test) {
        snprintf(need, sizeof need, "train: %" PRId64 " and val: %" PRId64 " ask for more", train,
                 val);
        return not_enough(spec, pools, " training", kept[0], need, err);
    }
    if (too_many) {
        snprintf(need, sizeof need,
                 "train: %" PRId64 ", val: %" PRId64 " and test: %" PRId64 " ask for more", train,
                 val, test);
        return not_enough(spec, pools, "", kept[0], need, err);
    }
    if (own_test && test > kept[1]) {
        snprintf(need, sizeof need, "test: %" PRId64 " asks for more", test);
        return not_enough(spec, pools, " test", kept[1], need, err);
    }
    const int64_t count[RQ_SPLIT_COUNT] = {0, train, val, test};
    for (int s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++) {
        out->count[s] = count[s];
        out->first[s] = out->total;
        out->total += count[s];
    }
    return true;
}

/* place[] = the slots of a split in the order in which its samples come. */
static void order_slots(const rq_data_spec *spec, const rq_data *out, int split, int64_t *place)
{
    int64_t n = out->count[split];
    for (int64_t i = 0; i < n; i++) place[i] = out->first[split] + i;
    if (!spec->shuffle) return;
    rq_random r = rq_random_stream(spec->shuffle_seed, RQ_PURPOSE_shuffle, rq_split_names[split]);
    rq_random_shuffle(&r, place, n);
}

/* Walks the pools once and deals their kept samples out to the splits. */
static void deal(const rq_pools *pools, const int32_t *class_of, const int64_t *place, rq_data *out,
                 rq_pick *picks[2], int64_t picked[2])
{
    bool own_test = pools->labels[1] != NULL;
    for (int pool = 0; pool < 2; pool++) {
        int64_t base = pool == 0 ? 0 : out->first[RQ_SPLIT_test];
        int64_t wanted = pool == 1  ? out->count[RQ_SPLIT_test]
                         : own_test ? out->first[RQ_SPLIT_test]
                                    : out->total;
        if (pool == 1 && !own_test) wanted = 0;
        int64_t taken = 0;
        for (int64_t i = 0; taken < wanted; i++) {
            int32_t class = class_of[pools->labels[pool][i]];
            if (class < 0) continue;
            int64_t slot = place[base + taken];
            picks[pool][taken++] = (rq_pick){i, slot};
            out->labels[slot] = class;
            out->source_index[slot] = i;
        }
        picked[pool] = taken;
    }
}

static bool select_with(const rq_data_spec *spec, const rq_pools *pools, int32_t *class_of,
                        rq_data *out, rq_pick *picks[2], int64_t picked[2], rq_error *err)
{
    if (!keep_classes(spec, pools, class_of, out, err)) return false;
    int64_t kept[2] = {count_kept(pools, 0, class_of),
                       pools->labels[1] ? count_kept(pools, 1, class_of) : 0};
    if (!share_out(spec, pools, kept, out, err)) return false;
    uint64_t total = (uint64_t)out->total;
    out->labels = rq_alloc_array(total, sizeof *out->labels, "labels", err);
    out->source_index = rq_alloc_array(total, sizeof *out->source_index, "sample numbers", err);
    picks[0] = rq_alloc_array(total, sizeof **picks, "the selection", err);
    picks[1] = rq_alloc_array(total, sizeof **picks, "the selection", err);
    int64_t *place = rq_alloc_array(total, sizeof *place, "the order of samples", err);
    bool good = out->labels && out->source_index && picks[0] && picks[1] && place;
    if (good) {
        for (int s = RQ_SPLIT_train; s < RQ_SPLIT_COUNT; s++)
            order_slots(spec, out, s, place + out->first[s]);
        deal(pools, class_of, place, out, picks, picked);
    }
    rq_free(place);
    return good;
}

bool rq_select(const rq_data_spec *spec, const rq_pools *pools, rq_data *out, rq_pick *picks[2],
               int64_t picked[2], rq_error *err)
{
    picks[0] = picks[1] = NULL;
    int32_t *class_of =
        rq_alloc_array((uint64_t)pools->classes, sizeof *class_of, "class labels", err);
    if (!class_of) return false;
    bool good = select_with(spec, pools, class_of, out, picks, picked, err);
    rq_free(class_of);
    if (good) return true;
    rq_free(picks[0]);
    rq_free(picks[1]);
    picks[0] = picks[1] = NULL;
    return false;
}

bool rq_class_names(const char *const *names, rq_data *out, rq_error *err)
{
    out->class_names =
        rq_alloc_array((uint64_t)out->classes, sizeof *out->class_names, "names", err);
    for (int k = 0; out->class_names && k < out->classes; k++) {
        out->class_names[k] = rq_copy_text(names[out->class_labels[k]], err);
        if (!out->class_names[k]) return false;
    }
    return out->class_names != NULL;
}
