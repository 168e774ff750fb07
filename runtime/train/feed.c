/* feed.c: from data sets to chunk inputs, and from chunk outputs to samples. */
#include "train/feed.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

enum { FEED_sample = 1, FEED_target, FEED_weight, FEED_dropout, FEED_params, FEED_mixed };

/* What the input is fed with, and how many numbers of a sample the data set has for it. */
static int fed_with(const rq_model *m, const char *name, int64_t reals, const rq_data *data, int64_t *have)
{
    *have = reals;
    if (!strcmp(name, "params")) return FEED_params;
    if (!strncmp(name, "dropout:", 8)) return FEED_dropout;
    if (!strcmp(name, "weight")) {
        *have = 1;
        return FEED_weight;
    }
    if (!strcmp(name, "target")) {
        *have = rq_data_target_rows(data);
        return FEED_target;
    }
    if (m->input_is_density && rq_data_embeds(data, reals)) return FEED_mixed;
    *have = data->size;
    return FEED_sample;
}

bool rq_feed_new(const rq_model *m, const rq_function *f, const rq_data *data, rq_split split, rq_feed *out, rq_error *err)
{
    *out = (rq_feed){.data = data, .split = split, .inputs = f->inputs, .weight = 1, .real_bytes = f->real_bytes};
    if (f->input_count > RQ_FEED_INPUTS)
        return rq_fail(err, "model '%s' has %u inputs, at most %d can be fed", m->name, f->input_count, RQ_FEED_INPUTS);
    const rq_leaf *wrong = NULL;
    int64_t wrong_has = 0;
    for (uint32_t i = 0; i < f->input_count; i++) {
        const rq_leaf *input = &f->inputs[i];
        int64_t have;
        out->kind[i] = fed_with(m, input->name, input->reals, data, &have);
        // a target of another size often follows from samples of another size, which are then what is to be said
        if (have != input->reals && (!wrong || out->kind[i] == FEED_sample)) {
            wrong = input;
            wrong_has = have;
        }
    }
    if (wrong && data->is_states && !strcmp(wrong->name, "target") && wrong_has == wrong->reals * wrong->reals / 2)
        return rq_fail(err, "the targets of '%s' are density matrices; losses of states compare with pure ones, of %lld amplitudes",
                       data->name, (long long)wrong->reals / 2);
    if (wrong)
        return rq_fail(err, "model '%s' wants %lld values for its '%s', but a sample of '%s' has %lld", m->name,
                       (long long)wrong->reals, wrong->name, data->name, (long long)wrong_has);
    return true;
}

static void pack_weight(const rq_feed *f, int count, int lanes, void *out)
{
    for (int l = 0; l < lanes; l++) {
        double w = l < count ? f->weight : 0;
        if (f->real_bytes == 4) ((float *)out)[l] = (float)w;
        else ((double *)out)[l] = w;
    }
}

/* The mask of each sample is drawn for (seed, layer, epoch, sample): it does not depend on batches or threads. */
static void pack_dropout(const rq_feed *f, int input, const int64_t *indices, int count, int lanes, void *out)
{
    const rq_leaf *leaf = &f->inputs[input];
    double p = strtod(leaf->name + 8, NULL);
    rq_random stream = rq_random_stream(f->seed, RQ_PURPOSE_dropout, leaf->name);
    for (int64_t e = 0; e < leaf->reals; e++)
        for (int l = 0; l < lanes; l++) {
            int64_t sample = f->epoch * f->data->count[f->split] + indices[l < count ? l : count - 1];
            double kept = rq_random_uniform01(&stream, (uint64_t)(sample * leaf->reals + e)) < p ? 0 : 1 / (1 - p);
            if (f->real_bytes == 4) ((float *)out)[e * lanes + l] = (float)kept;
            else ((double *)out)[e * lanes + l] = kept;
        }
}

/* |psi><psi| for psi. */
static void pack_mixed(const rq_feed *f, const int64_t *indices, int count, int lanes, void *out)
{
    int64_t reals = f->data->size * f->data->size / 2;
    for (int64_t e = 0; e < reals; e++)
        for (int l = 0; l < lanes; l++) {
            double x = rq_data_density_value(f->data, f->split, indices[l < count ? l : count - 1], e);
            if (f->real_bytes == 4) ((float *)out)[e * lanes + l] = (float)x;
            else ((double *)out)[e * lanes + l] = x;
        }
}

void rq_feed_pack(void *context, int input, int64_t first, int count, int lanes, void *out)
{
    const rq_feed *f = context;
    enum { MOST_LANES = 64 };
    int64_t plain[MOST_LANES];
    const int64_t *indices = plain;
    if (f->order) indices = f->order + f->first + first;
    else
        for (int l = 0; l < count && l < MOST_LANES; l++) plain[l] = f->first + first + l;
    switch (f->kind[input]) {
    case FEED_sample:
        if (f->augments && rq_data_augments(f->data))
            rq_data_pack_augmented(f->data, f->seed, f->epoch, indices, count, lanes, f->real_bytes, out);
        else rq_data_pack(f->data, f->split, indices, count, lanes, f->real_bytes, out);
        break;
    case FEED_target: rq_data_pack_target(f->data, f->split, indices, count, lanes, f->real_bytes, out); break;
    case FEED_weight: pack_weight(f, count, lanes, out); break;
    case FEED_dropout: pack_dropout(f, input, indices, count, lanes, out); break;
    case FEED_mixed: pack_mixed(f, indices, count, lanes, out); break;
    case FEED_params: break; /* the caller's */
    }
}

bool rq_outputs_new(const rq_function *f, int64_t samples, void ***out, rq_error *err)
{
    uint64_t chunks = (uint64_t)((samples + f->lanes - 1) / f->lanes);
    *out = rq_alloc_array(f->output_count, sizeof(void *), "the results", err);
    if (!*out) return false;
    for (uint32_t i = 0; i < f->output_count; i++) {
        uint64_t each = f->outputs[i].batched ? chunks * (uint64_t)f->lanes : 1;
        (*out)[i] = rq_alloc_array((uint64_t)f->outputs[i].reals, each * (uint64_t)f->real_bytes, f->outputs[i].name, err);
        if (!(*out)[i]) {
            rq_outputs_free(f, *out);
            *out = NULL;
            return false;
        }
    }
    return true;
}

void rq_outputs_free(const rq_function *f, void **outputs)
{
    if (!outputs) return;
    for (uint32_t i = 0; i < f->output_count; i++) rq_free(outputs[i]);
    rq_free(outputs);
}

double rq_output_get(const rq_function *f, void *const *outputs, int i, int64_t sample, int64_t element)
{
    int64_t at = element, reals = f->outputs[i].reals;
    if (f->outputs[i].batched) at = (sample / f->lanes * reals + element) * f->lanes + sample % f->lanes;
    return f->real_bytes == 4 ? (double)((const float *)outputs[i])[at] : ((const double *)outputs[i])[at];
}
