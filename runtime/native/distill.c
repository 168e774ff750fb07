/* distill.c: the verb `distill` of a native program: `rq distill` over compiled second derivatives. */
#include <stdio.h>
#include <string.h>

#include "native/verbs.h"
#include "train/interrupt.h"

static const rq_native_distillation *choose(const rq_native_program *p, const char *name, rq_error *err)
{
    char have[512] = "";
    for (int i = 0; i < p->distillation_count; i++) {
        const rq_native_distillation *n = &p->distillations[i];
        if (name ? !strcmp(n->d.name, name) : p->distillation_count == 1) return n;
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "", n->d.name);
    }
    if (!p->distillation_count) rq_fail(err, "this program has no distill action");
    else if (name) rq_fail(err, "this program has no distill action '%s'; it has %s", name, have);
    else rq_fail(err, "this program has several distill actions; choose one with --action: %s", have);
    return NULL;
}

rq_outcome rq_native_distill(const rq_native_program *p, const rq_native_options *o, rq_error *err)
{
    const rq_native_distillation *n = choose(p, o->action, err);
    if (!n || (o->set_count && !rq_native_set_refuse(p, o->set[0], err))) return RQ_OUTCOME_failed;
    const rq_action *a = &p->actions[n->action].action;
    rq_distillation d = n->d;
    rq_data data = {0};
    rq_distill_options options = {.threads = rq_verb_threads(&o->verb), .out = o->verb.out, .json = o->verb.json, .quiet = o->verb.quiet,
                                  .stop = rq_interrupt_flag()};
    char *versions = rq_versions_text(a, options.threads, err);
    rq_distill_end end = RQ_DISTILL_failed;
    d.model = a->model;
    d.data = &data;
    d.versions = versions;
    if (o->has_seed) d.seed = o->seed;
    if (versions && rq_verb_data(a, &o->verb, &data, err)) end = rq_distill(&d, &options, err);
    rq_data_free(&data);
    rq_free(versions);
    switch (end) {
    case RQ_DISTILL_done: return RQ_OUTCOME_done;
    case RQ_DISTILL_interrupted: return RQ_OUTCOME_interrupted;
    case RQ_DISTILL_diverged: fprintf(stderr, "rq: error: %s\n", err->text); return RQ_OUTCOME_no;
    case RQ_DISTILL_failed: break;
    }
    return RQ_OUTCOME_failed;
}
