/* scan.c: the verb `scan` of a native program: `rq scan` over compiled points. */
#include <stdio.h>
#include <string.h>

#include "native/verbs.h"
#include "train/interrupt.h"

static const rq_native_scan *choose(const rq_native_program *p, const char *name, rq_error *err)
{
    char have[512] = "";
    for (int i = 0; i < p->scan_count; i++) {
        const rq_native_scan *n = &p->scans[i];
        if (name ? !strcmp(n->s.name, name) : p->scan_count == 1) return n;
        size_t used = strlen(have);
        snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "", n->s.name);
    }
    if (!p->scan_count) rq_fail(err, "this program has no scan action");
    else if (name) rq_fail(err, "this program has no scan action '%s'; it has %s", name, have);
    else rq_fail(err, "this program has several scan actions; choose one with --action: %s", have);
    return NULL;
}

/* The points with their models and data; from rq_alloc. */
static rq_scan_point *points_of(const rq_native_program *p, const rq_native_scan *n, rq_error *err)
{
    rq_scan_point *points = rq_alloc_array((uint64_t)n->s.point_count, sizeof *points, "the points", err);
    for (int32_t i = 0; points && i < n->s.point_count; i++) {
        const rq_action *a = &p->actions[n->first + i].action;
        points[i] = n->s.points[i];
        points[i].model = a->model;
        points[i].data = a->data;
    }
    return points;
}

rq_outcome rq_native_scan_run(const rq_native_program *p, const rq_native_options *o, rq_error *err)
{
    const rq_native_scan *n = choose(p, o->action, err);
    if (!n || (o->set_count && !rq_native_set_refuse(p, o->set[0], err))) return RQ_OUTCOME_failed;
    rq_scan s = n->s;
    rq_scan_options options = {.threads = rq_verb_threads(&o->verb), .data = o->verb.data, .out = o->verb.out, .json = o->verb.json,
                               .quiet = o->verb.quiet, .stop = rq_interrupt_flag()};
    rq_scan_point *points = points_of(p, n, err);
    char *versions = points ? rq_versions_text(&p->actions[n->first].action, options.threads, err) : NULL;
    rq_scan_end end = RQ_SCAN_failed;
    s.points = points;
    s.versions = versions;
    if (o->has_seed) s.seed = o->seed;
    if (versions) end = rq_scan_run(&s, &options, err);
    rq_free(versions);
    rq_free(points);
    switch (end) {
    case RQ_SCAN_done: return RQ_OUTCOME_done;
    case RQ_SCAN_interrupted: return RQ_OUTCOME_interrupted;
    case RQ_SCAN_unexpected: return RQ_OUTCOME_no;
    case RQ_SCAN_failed: break;
    }
    return RQ_OUTCOME_failed;
}
