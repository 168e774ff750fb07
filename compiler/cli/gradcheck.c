/* gradcheck.c: `rq gradcheck FILE`: the gradients of a train action's model by four ways, in double
 * precision, with the slow reference interpreter; and, with --export, loss and gradients for other
 * programs to compare with.
 *
 * Samples are those of --input and --target, else the first of the action's data, else random ones.
 * Without a train action the file's model is checked with the mean square distance from random
 * targets.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli/session.h"
#include "data/array.h"
#include "data/safetensors.h"
#include "graph/gradcheck.h"
#include "random.h"

enum { SAMPLES = 4, ELEMENTS = 64 };

typedef struct Job {
    Compiler *c;
    const Options *o;
    const ActionInst *action; /* NULL: none in the file */
    const ModelInst *model;
    const Flow *flow;
    LossKind loss;
    const rq_model *table;
    uint64_t seed;
    int64_t samples;
    double *input, *target; /* [samples][reals] */
    rq_params params;
} Job;

/* ---- samples ---- */

static rq_array read_array(const char *path)
{
    rq_array a;
    rq_error err;
    if (!rq_npy_read(path, &a, &err)) fatal("%s", err.text);
    return a;
}

static double *input_file(Job *j, const char *path)
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
static void set_label(Job *j, double *target, int64_t s, double label, const char *where)
{
    int64_t classes = j->table->target_reals;
    if (!(label >= 0 && label < (double)classes) || label != floor(label))
        fatal("%s: label %g of sample %lld; the model has %lld outputs, so labels are 0 to %lld",
              where, label, (long long)s, (long long)classes, (long long)classes - 1);
    target[s * classes + (int64_t)label] = 1;
}

/* Labels [samples], or the targets themselves. */
static double *target_file(Job *j, const char *path)
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
static double *random_values(Job *j, uint64_t purpose, int64_t count)
{
    double *values = arena_alloc(j->c->keep, (size_t)count * sizeof *values);
    rq_random stream = rq_random_stream_id(j->seed, RQ_PURPOSE_gradcheck, purpose);
    for (int64_t i = 0; i < count; i++) values[i] = rq_random_uniform01(&stream, (uint64_t)i);
    return values;
}

/* Random states are normalised; random labels are classes. */
static void random_samples(Job *j)
{
    const Stage *in = stage_of(j->model, j->model->inputs.at[0]);
    int64_t reals = j->table->input_reals, outs = j->table->target_reals;
    j->samples = SAMPLES;
    j->input = random_values(j, 1, j->samples * reals);
    double *target = random_values(j, 2, j->samples * outs);
    for (int64_t s = 0; s < j->samples && in->type.kind == VALUE_state; s++) {
        double norm = 0;
        for (int64_t i = 0; i < reals; i++)
            norm += j->input[s * reals + i] * j->input[s * reals + i];
        for (int64_t i = 0; i < reals; i++) j->input[s * reals + i] /= sqrt(norm);
    }
    if (!wants_labels(j->loss)) {
        j->target = target;
        return;
    }
    j->target = arena_alloc(j->c->keep, (size_t)(j->samples * outs) * sizeof *j->target);
    for (int64_t s = 0; s < j->samples; s++)
        set_label(j, j->target, s, floor(target[s] * (double)outs), "random label");
}

static void data_samples(Job *j)
{
    rq_data data = session_data(j->c, j->o, j->action->data);
    int64_t n = data.count[RQ_SPLIT_train], rows = rq_data_target_rows(&data);
    j->samples = n < SAMPLES ? n : SAMPLES;
    if (data.size != j->table->input_reals || rows != j->table->target_reals)
        fatal("the samples of '%s' do not fit model '%s'",
              name_text(j->c->names, j->action->data->name), j->table->name);
    j->input = arena_alloc(j->c->keep, (size_t)(j->samples * data.size) * sizeof *j->input);
    j->target = arena_alloc(j->c->keep, (size_t)(j->samples * rows) * sizeof *j->target);
    for (int64_t s = 0; s < j->samples; s++) {
        for (int64_t i = 0; i < data.size; i++)
            j->input[s * data.size + i] = rq_data_value(&data, RQ_SPLIT_train, s, i);
        rq_data_pack_target(&data, RQ_SPLIT_train, &s, 1, 1, 8, j->target + s * rows);
    }
    rq_data_free(&data);
}

static void choose_samples(Job *j)
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

static void choose_model(Job *j, const Program *p)
{
    bool has_train = j->o->action != NULL;
    for (uint32_t i = 0; i < p->actions.len; i++)
        has_train |= p->actions.at[i]->kind == ACTION_train;
    if (has_train) {
        j->action = session_action(j->c, j->o, p);
        j->model = j->action->model;
        j->loss = j->action->loss;
        j->seed = (uint64_t)action_number(j->action, "seed", 0);
    } else {
        if (p->models.len) j->model = p->models.at[0];
        j->loss = LOSS_mse;
    }
    if (!j->model)
        fatal("'%s' has no model that can be instantiated; give its formals defaults or name it in "
              "a train action",
              j->o->file);
    if (j->model->inputs.len != 1) fatal("gradcheck wants a model with one input");
    if (j->o->seed.given) j->seed = j->o->seed.value;
}

static void choose_parameters(Job *j)
{
    rq_error err;
    if (!rq_params_new(j->table, &j->params, &err)) fatal("%s", err.text);
    bool ok = j->o->init ? rq_params_load(&j->params, j->o->init, &err)
                         : rq_params_init(&j->params, j->seed, &err);
    if (!ok) fatal("%s", err.text);
}

static Gradcheck *compare(Job *j, int64_t samples, int64_t elements)
{
    VEC(Binding) b = {0};
    for (uint32_t i = 0; i < j->model->groups.len; i++)
        vec_push(j->c->keep, &b, (Binding){j->model->groups.at[i].path, j->params.values[i]});
    vec_push(j->c->keep, &b, (Binding){j->table->input_name, j->input});
    vec_push(j->c->keep, &b, (Binding){"target", j->target});
    GradcheckInput in = {.model = j->model,
                         .flow = j->flow,
                         .loss = j->loss,
                         .engine = session_engine(j->o, j->action),
                         .samples = samples,
                         .bindings = b.at,
                         .binding_count = b.len,
                         .seed = j->seed,
                         .elements = elements,
                         .tolerance = 1e-6};
    return gradcheck(j->c, &in);
}

/* ---- results ---- */

static rq_array copied(const double *values, int ndim, const int64_t *dims)
{
    rq_array a;
    rq_error err;
    if (!rq_array_new(&a, RQ_DTYPE_f64, ndim, dims, "a gradient", &err)) fatal("%s", err.text);
    memcpy(a.values, values, (size_t)a.size * sizeof *values);
    return a;
}

/* "loss", every parameter under its path and the input under its name; complex: a trailing axis
 * of 2. */
static void export_gradients(Job *j, const Gradcheck *r)
{
    uint32_t n = r->rows.len;
    rq_tensor *t = arena_alloc(j->c->keep, (n + 1) * sizeof *t);
    t[0] = (rq_tensor){"loss", copied(&r->loss, 0, NULL)};
    for (uint32_t i = 0; i < n; i++) {
        const GradRow *row = &r->rows.at[i];
        int64_t dims[TYPE_MAX_RANK + 2];
        int rank = 0;
        if (!row->group.i) dims[rank++] = j->samples;
        for (int k = 0; k < row->type.rank; k++) dims[rank++] = row->type.dim[k];
        if (row->type.is_complex) dims[rank++] = 2;
        t[i + 1] = (rq_tensor){(char *)row->name, copied(row->gradient, rank, dims)};
    }
    rq_error err;
    if (!rq_safetensors_write(j->o->export, &(rq_tensors){.tensors = t, .count = (int)n + 1}, &err))
        fatal("%s", err.text);
    for (uint32_t i = 0; i <= n; i++) rq_array_free(&t[i].array);
}

static json_t *number_json(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static void print_json(const Gradcheck *r)
{
    json_t *groups = json_array();
    for (uint32_t i = 0; i < r->rows.len; i++) {
        const GradRow *row = &r->rows.at[i];
        json_t *errors = json_object();
        for (int m = GRAD_forward; m < GRAD_METHODS; m++)
            if (row->has[m])
                json_object_set_new(errors, grad_method_text((GradMethod)m),
                                    number_json(row->error[GRAD_reverse][m]));
        json_t *o = json_pack("{s:s, s:I, s:I, s:o, s:I, s:b}", "path", row->name, "elements",
                              (json_int_t)row->count, "tested", (json_int_t)row->tested, "errors",
                              errors, "kinks", (json_int_t)row->kinks, "ok", row->ok);
        if (row->cut) json_object_set_new(o, "cut", json_string(row->cut));
        json_array_append_new(groups, o);
    }
    json_t *o = json_pack("{s:i, s:o, s:b, s:o}", "schema", 1, "loss", number_json(r->loss), "ok",
                          r->ok, "groups", groups);
    if (!o || json_dumpf(o, stdout, JSON_COMPACT)) fatal("the result could not be written");
    fputc('\n', stdout);
    json_decref(o);
}

int verb_gradcheck(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Job j = {.c = c, .o = o};
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    choose_model(&j, p);
    j.flow = compile_flow(c, j.model);
    j.table = model_table(c, j.model, j.flow, 8, session_engine(o, j.action), j.action && j.action->detached);
    choose_samples(&j);
    choose_parameters(&j);
    int64_t samples = j.samples < SAMPLES ? j.samples : SAMPLES;
    Gradcheck *r = compare(&j, samples, ELEMENTS);
    if (r) {
        if (o->json)
            print_json(r);
        else
            gradcheck_print(stdout, r);
        if (o->export) export_gradients(&j, samples == j.samples ? r : compare(&j, j.samples, 0));
        code = r->ok ? EXIT_done : EXIT_answer_no;
    }
    rq_params_free(&j.params);
    return code;
}
