/* pennylane.c: `rq emit FILE --stage pennylane`: the numbers of the reference interpreter for the script. */
#include "cli/pennylane.h"

#include <math.h>

#include "cli/reference.h"
#include "export/pennylane.h"
#include "graph/gradcheck.h"

/* Values of all layers that are real, samples by samples; states: NULL. */
static Evaluation *layer_values(const Reference *r, const double **layer)
{
    const ModelInst *m = r->model;
    Lowered *l = lower(r->c, m, (LowerOptions){.engine = ENGINE_none, .few_samples = true});
    if (!l) return NULL;
    NodeId *wanted = arena_array(r->c->keep, NodeId, m->layers.len + 1);
    for (uint32_t i = 0; i < m->layers.len; i++) {
        wanted[i] = l->stage[m->layers.at[i].value.i - 1];
        if (!type_of(l->g, wanted[i])->batched) wanted[i] = to_batch(l->g, wanted[i]);
    }
    Evaluation *e = eval(r->c, l->g, r->samples, r->bindings.at, r->bindings.len, wanted, m->layers.len);
    for (uint32_t i = 0; i < m->layers.len; i++)
        if (stage_of(m, m->layers.at[i].value)->type.kind == VALUE_real) layer[i] = evaluation_of(e, wanted[i]);
    graph_drop(l->g);
    return e;
}

int emit_pennylane(Compiler *c, const Options *o, const Program *p, FILE *out)
{
    Reference r = reference_new(c, o, p);
    const ModelInst *m = r.model;
    GradcheckInput in = {.model = m, .flow = r.flow, .loss = r.loss, .engine = session_engine(o, r.action), .samples = r.samples,
                         .bindings = r.bindings.at, .binding_count = r.bindings.len, .seed = r.seed};
    PennylaneInput script = {.model = m, .file = o->file, .version = RQ_VERSION, .loss = r.loss, .samples = r.samples,
                             .input = r.input, .target = r.target, .input_reals = r.table->input_reals,
                             .target_reals = r.table->target_reals};
    const double **layer = arena_array(c->keep, const double *, m->layers.len + 1);
    const double **group = arena_array(c->keep, const double *, m->groups.len + 1);
    const double **gradient = arena_array(c->keep, const double *, m->groups.len + 1);
    Gradcheck *g = gradcheck(c, &in);
    Evaluation *values = g ? layer_values(&r, layer) : NULL;
    for (uint32_t i = 0; i < m->groups.len; i++) group[i] = r.params.values[i];
    for (uint32_t i = 0; g && i < g->rows.len; i++)
        if (g->rows.at[i].group.i) gradient[g->rows.at[i].group.i - 1] = g->rows.at[i].gradient;
    bool ok = false;
    if (values) {
        script.loss_value = g->loss;
        script.layer = layer;
        script.group = group;
        script.gradient = gradient;
        ok = pennylane_print(c, out, &script);
        evaluation_drop(values);
    }
    reference_drop(&r);
    return ok ? EXIT_done : EXIT_source;
}
