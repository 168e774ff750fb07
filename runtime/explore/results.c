/* results.c: the ranking and its comparisons as CSV and JSON, every number with 17 digits. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "explore/explore.h"
#include "report/export.h"

bool rq_ranking_csv(FILE *out, const rq_ranking *r, rq_error *err)
{
    const rq_exploration *x = r->x;
    fprintf(out, "rank,variant,placement,settings,gradient,seed,purpose,epochs,metric,value\n");
    for (int i = 0; i < x->variant_count; i++) {
        const rq_variant *v = &x->variants[r->rows[i].variant];
        for (int k = 0; k < x->seeds + x->confirm; k++) {
            const rq_explored *run = &r->runs[r->rows[i].variant * (x->seeds + x->confirm) + k];
            for (int m = 0; m < RQ_METRICS; m++) {
                if (!run->done || !isfinite(run->metric[m])) continue;
                fprintf(out, "%d,", r->rows[i].rank);
                const char *const texts[] = {v->label, v->placement, v->settings, v->gradient};
                for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) rq_csv_text(out, texts[t]), fputc(',', out);
                fprintf(out, "%llu,%s,%lld,%s,%.17g\n", (unsigned long long)run->seed, k < x->seeds ? "explore" : "confirm",
                        (long long)run->epochs, rq_metric_names[m], run->metric[m]);
            }
        }
    }
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

static void csv_number(FILE *out, double x)
{
    if (isfinite(x)) fprintf(out, ",%.17g", x);
    else fputs(isinf(x) ? x > 0 ? ",inf" : ",-inf" : ",", out);
}

/* One family. Of many rows, the pairs with the first: they stand before all others. */
static void family_csv(FILE *out, const rq_ranking *r, const char *purpose, const rq_comparisons *all)
{
    int64_t shown = all->rows > RQ_PAIRS_SHOWN ? all->rows - 1 : all->count;
    for (int64_t i = 0; i < shown; i++) {
        const rq_comparison *c = &all->pair[i];
        const rq_estimate *d = &c->test.difference;
        fprintf(out, "%s,%s,", purpose, rq_metric_names[all->metric]);
        rq_csv_text(out, r->x->variants[c->a].label), fputc(',', out);
        rq_csv_text(out, r->x->variants[c->b].label);
        fprintf(out, ",%d", d->n);
        const double numbers[] = {d->mean, d->low, d->high, c->test.t, c->test.p, c->p_holm};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) csv_number(out, numbers[k]);
        fprintf(out, ",%lld\n", (long long)all->family);
    }
}

static bool comparisons_csv(FILE *out, const rq_ranking *r, int metric, rq_error *err)
{
    rq_comparisons all;
    for (int confirmed = 0; confirmed < (r->x->confirm ? 2 : 1); confirmed++) {
        if (!rq_compare(r, metric, confirmed, &all, err)) return false;
        family_csv(out, r, confirmed ? "confirm" : "explore", &all);
        rq_comparisons_free(&all);
    }
    if (!rq_compare_ablations(r, metric, &all, err)) return false;
    family_csv(out, r, "ablate", &all);
    rq_comparisons_free(&all);
    return true;
}

/* By the metric that ranks and by the test split's of the same kind. */
bool rq_comparisons_csv(FILE *out, const rq_ranking *r, rq_error *err)
{
    int rank = rq_metric_named(r->x->rank), test = rq_metric_is_loss(rank) ? 3 : 2;
    fprintf(out, "purpose,metric,a,b,pairs,difference,low,high,t,p,p_holm,family\n");
    if (!comparisons_csv(out, r, rank, err) || (test != rank && !comparisons_csv(out, r, test, err))) return false;
    return !ferror(out) || rq_fail(err, "the table could not be written");
}

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *estimates_json(const rq_exploration *x, int variant, const rq_estimate *e)
{
    json_t *all = json_object();
    for (int m = 0; m < RQ_METRICS; m++) {
        if (!e[m].n) continue;
        json_t *o = json_object();
        json_object_set_new(o, "n", json_integer(e[m].n));
        json_object_set_new(o, "mean", number(e[m].mean));
        json_object_set_new(o, "deviation", number(e[m].deviation));
        json_object_set_new(o, "low", number(e[m].low));
        json_object_set_new(o, "high", number(e[m].high));
        rq_interval set = rq_test_interval(x, variant, m, e[m].mean);
        if (isfinite(set.low)) json_object_set_new(o, "test_set", json_pack("[f, f]", set.low, set.high));
        json_object_set_new(all, rq_metric_names[m], o);
    }
    return all;
}

static json_t *row_json(const rq_ranking *r, const rq_ranked *row)
{
    const rq_variant *v = &r->x->variants[row->variant];
    json_t *flow = json_object();
    json_t *o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s}", "action", r->x->name, "rank", row->rank ? json_integer(row->rank) : json_null(),
                          "variant", v->label, "placement", v->placement, "settings", v->settings, "gradient", v->gradient);
    for (int i = 0; v->action && i < v->action->model->layer_count; i++) {
        const rq_layer *l = &v->action->model->layers[i];
        if (l->flow[0]) json_object_set_new(flow, l->name, json_string(l->flow));
    }
    json_object_set_new(o, "flow", flow);
    json_object_set_new(o, "metrics", estimates_json(r->x, row->variant, row->metric));
    if (r->x->confirm) json_object_set_new(o, "confirmed", estimates_json(r->x, row->variant, row->confirmed));
    if (row->ended) json_object_set_new(o, "ended_after", json_integer((json_int_t)row->ended));
    if (row->reason[0]) json_object_set_new(o, "reason", json_string(row->reason));
    return o;
}

static json_t *budget_json(const rq_ranking *r)
{
    json_t *rungs = json_array();
    for (int k = 0; k < r->plan.count; k++)
        json_array_append_new(rungs, json_pack("{s:i, s:I}", "variants", r->plan.rung[k].variants, "epochs", (json_int_t)r->plan.rung[k].epochs));
    return json_pack("{s:I, s:I, s:o}", "epochs", (json_int_t)r->x->budget, "used", (json_int_t)r->plan.epochs, "rungs", rungs);
}

bool rq_ranking_json(FILE *out, const rq_ranking *r, bool lines, rq_error *err)
{
    uint64_t refused = rq_memory_refused();
    json_t *all = json_array();
    size_t flags = JSON_REAL_PRECISION(17);
    bool bad = false;
    for (int i = 0; i < r->x->variant_count; i++) json_array_append_new(all, row_json(r, &r->rows[i]));
    if (rq_memory_refused() != refused) json_array_clear(all);
    for (size_t i = 0; lines && i < json_array_size(all); i++)
        bad |= json_dumpf(json_array_get(all, i), out, flags | JSON_COMPACT) != 0 || fputc('\n', out) == EOF;
    if (!lines) {
        json_t *o = json_pack("{s:i, s:s, s:s, s:b, s:I, s:i, s:i, s:O}", "schema", 1, "action", r->x->name, "rank", r->x->rank,
                              "selected_on_test", rq_selects_on_test(r->x), "seed", (json_int_t)r->x->seed, "seeds", r->x->seeds, "confirm",
                              r->x->confirm, "variants", all);
        if (r->x->budget) json_object_set_new(o, "budget", budget_json(r));
        bad = !o || json_dumpf(o, out, flags | JSON_INDENT(1)) != 0 || fputc('\n', out) == EOF;
        json_decref(o);
    }
    json_decref(all);
    return rq_memory_sufficed(refused, "the results", err) && (!bad || rq_fail(err, "the results could not be written"));
}
