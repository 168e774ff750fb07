/* reference.c: which model, which samples, which parameters. */
#include "cli/reference.h"

#include <complex.h>
#include <math.h>

#include "data/array.h"
#include "random.h"

/* ---- samples ---- */

static rq_array read_array(const char *path)
{
    rq_array a;
    rq_error err;
    if (!rq_npy_read(path, &a, &err)) fatal("%s", err.text);
    return a;
}

static double *input_file(Reference *j, const char *path)
{
    rq_array a = read_array(path);
    int64_t reals = j->table->input_reals;
    j->samples = a.ndim ? a.dims[0] : 0;
    if (!j->samples || a.size != j->samples * reals)
        fatal("'%s' does not hold samples of %lld values each, which '%s' of model '%s' wants",
              path, (long long)reals, j->table->input_name, j->table->name);
    double *values = arena_alloc(j->c->keep, (size_t)a.size * sizeof *values);
    for (int64_t i = 0; i < a.size; i++) values[i] = rq_array_get(&a, i);
    rq_array_free(&a);
    return values;
}

static bool wants_labels(LossKind loss) { return loss == LOSS_cross_entropy || loss == LOSS_nll; }

/* Sets sample s's one-hot target. */
static void set_label(Reference *j, double *target, int64_t s, double label, const char *where)
{
    int64_t classes = j->table->target_reals;
    if (!(label >= 0 && label < (double)classes) || label != floor(label))
        fatal("%s: label %g of sample %lld; the model has %lld outputs, so labels are 0 to %lld",
              where, label, (long long)s, (long long)classes, (long long)classes - 1);
    target[s * classes + (int64_t)label] = 1;
}

/* Labels [samples], or the targets themselves. */
static double *target_file(Reference *j, const char *path)
{
    rq_array a = read_array(path);
    int64_t reals = j->table->target_reals;
    bool labels = wants_labels(j->loss) && a.size == j->samples;
    double *target = arena_alloc(j->c->keep, (size_t)(j->samples * reals) * sizeof *target);
    if (!labels && a.size != j->samples * reals)
        fatal("'%s' holds %lld values; for %lld samples %s%lld were expected", path,
              (long long)a.size, (long long)j->samples,
              wants_labels(j->loss) ? "as many labels, or " : "", (long long)(j->samples * reals));
    for (int64_t i = 0; i < a.size; i++) {
        if (labels)
            set_label(j, target, i, rq_array_get(&a, i), path);
        else
            target[i] = rq_array_get(&a, i);
    }
    rq_array_free(&a);
    return target;
}

/* Uniform in [0, 1), always the same for a seed. */
static double *random_values(Reference *j, uint64_t purpose, int64_t count)
{
    double *values = arena_alloc(j->c->keep, (size_t)count * sizeof *values);
    rq_random stream = rq_random_stream_id(j->seed, RQ_PURPOSE_gradcheck, purpose);
    for (int64_t i = 0; i < count; i++) values[i] = rq_random_uniform01(&stream, (uint64_t)i);
    return values;
}

static void make_unit(double *v, int64_t reals)
{
    double norm = 0;
    for (int64_t i = 0; i < reals; i++) norm += v[i] * v[i];
    for (int64_t i = 0; i < reals; i++) v[i] /= sqrt(norm);
}

/* Makes random numbers a state, or half of a pure and half of the completely mixed density matrix. */
static void make_state(double *v, const ValueType *t)
{
    int64_t d = INT64_C(1) << t->dim[0];
    make_unit(v, 2 * d);
    if (t->kind == VALUE_state) return;
    double complex psi[1 << DENSITY_QUBITS];
    for (int64_t i = 0; i < d; i++) psi[i] = v[2 * i] + _Complex_I * v[2 * i + 1];
    for (int64_t i = 0; i < d * d; i++) {
        double complex e = psi[i / d] * conj(psi[i % d]) / 2 + (i / d == i % d ? 0.5 / (double)d : 0);
        v[2 * i] = creal(e);
        v[2 * i + 1] = cimag(e);
    }
}

/* Random states are normalised; random labels are classes. */
static void random_samples(Reference *j)
{
    const Stage *in = stage_of(j->model, j->model->inputs.at[0]);
    int64_t reals = j->table->input_reals, outs = j->table->target_reals;
    j->samples = REFERENCE_SAMPLES;
    j->input = random_values(j, 1, j->samples * reals);
    double *target = random_values(j, 2, j->samples * outs);
    for (int64_t s = 0; s < j->samples && in->type.kind != VALUE_real; s++) make_state(j->input + s * reals, &in->type);
    for (int64_t s = 0; s < j->samples && j->loss == LOSS_infidelity; s++) make_unit(target + s * outs, outs);
    if (!wants_labels(j->loss)) {
        j->target = target;
        return;
    }
    j->target = arena_alloc(j->c->keep, (size_t)(j->samples * outs) * sizeof *j->target);
    for (int64_t s = 0; s < j->samples; s++)
        set_label(j, j->target, s, floor(target[s] * (double)outs), "random label");
}

static void data_samples(Reference *j)
{
    rq_data data = session_data(j->c, j->o, j->action->data);
    int64_t n = data.count[RQ_SPLIT_train], rows = rq_data_target_rows(&data);
    j->samples = n < REFERENCE_SAMPLES ? n : REFERENCE_SAMPLES;
    int64_t reals = j->table->input_reals;
    bool embeds = j->table->input_is_density && rq_data_embeds(&data, reals);
    if ((data.size != reals && !embeds) || rows != j->table->target_reals)
        fatal("the samples of '%s' do not fit model '%s'",
              name_text(j->c->names, j->action->data->name), j->table->name);
    j->input = arena_alloc(j->c->keep, (size_t)(j->samples * reals) * sizeof *j->input);
    j->target = arena_alloc(j->c->keep, (size_t)(j->samples * rows) * sizeof *j->target);
    for (int64_t s = 0; s < j->samples; s++) {
        for (int64_t i = 0; i < reals; i++)
            j->input[s * reals + i] = embeds ? rq_data_density_value(&data, RQ_SPLIT_train, s, i) : rq_data_value(&data, RQ_SPLIT_train, s, i);
        rq_data_pack_target(&data, RQ_SPLIT_train, &s, 1, 1, 8, j->target + s * rows);
    }
    rq_data_free(&data);
}

static void choose_samples(Reference *j)
{
    if (!j->o->input != !j->o->target)
        fatal("--input and --target belong together; only one of them was given");
    if (j->o->input) {
        j->input = input_file(j, j->o->input);
        j->target = target_file(j, j->o->target);
    } else if (j->action && j->action->data) {
        data_samples(j);
    } else {
        random_samples(j);
    }
}

/* ---- model ---- */

static void choose_model(Reference *j, const Program *p)
{
    bool has_train = j->o->action != NULL;
    for (uint32_t i = 0; i < p->actions.len; i++)
        has_train |= p->actions.at[i]->kind == ACTION_train;
    if (has_train) {
        j->action = session_action(j->c, j->o, p);
        j->model = j->action->model;
        j->loss = j->action->loss;
        j->seed = (uint64_t)action_number(j->action, "seed", 0);
    } else if (p->models.len) {
        j->model = p->models.at[0];
    }
    if (!j->model)
        fatal("'%s' has no model that can be instantiated; give its formals defaults or name it in "
              "a train action",
              j->o->file);
    if (!j->loss) j->loss = stage_of(j->model, j->model->output)->type.kind == VALUE_real ? LOSS_mse : LOSS_infidelity;
    if (j->model->inputs.len != 1) fatal("gradcheck wants a model with one input");
    if (j->o->seed.given) j->seed = j->o->seed.value;
}

static void choose_parameters(Reference *j)
{
    rq_error err;
    if (!rq_params_new(j->table, &j->params, &err)) fatal("%s", err.text);
    bool ok = j->o->init ? rq_params_load(&j->params, j->o->init, &err)
                         : rq_params_init(&j->params, j->seed, &err);
    if (!ok) fatal("%s", err.text);
}

Reference reference_new(Compiler *c, const Options *o, const Program *p)
{
    Reference r = {.c = c, .o = o};
    choose_model(&r, p);
    r.flow = compile_flow(c, r.model);
    r.table = model_table(c, r.model, r.flow, 8, session_engine(o, r.action), r.action && r.action->detached);
    choose_samples(&r);
    choose_parameters(&r);
    for (uint32_t i = 0; i < r.model->groups.len; i++)
        vec_push(c->keep, &r.bindings, (Binding){r.model->groups.at[i].path, r.params.values[i]});
    vec_push(c->keep, &r.bindings, (Binding){r.table->input_name, r.input});
    vec_push(c->keep, &r.bindings, (Binding){"target", r.target});
    return r;
}

void reference_drop(Reference *r) { rq_params_free(&r->params); }
