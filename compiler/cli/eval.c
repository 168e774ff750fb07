/* eval.c: `rq eval RUN|FILE` and `rq predict RUN|FILE`: a trained model on its data or on given samples. */
#include <string.h>
#include <sys/stat.h>

#include "cli/session.h"
#include "data/array.h"

typedef struct Loaded {
    const ActionInst *action;
    ModelCode *code;
    rq_params params;
} Loaded;

/* Parameters come from --init, else from the run directory's best or last checkpoint. */
static const char *parameter_file(Compiler *c, const Options *o)
{
    struct stat info;
    if (o->init) return o->init;
    if (!o->run)
        fatal("'%s' has no trained parameters: name a run directory in place of the file, or give --init FILE.safetensors", o->file);
    const char *best = arena_printf(c->keep, "%s/best.safetensors", o->run);
    return stat(best, &info) ? arena_printf(c->keep, "%s/last.safetensors", o->run) : best;
}

static bool load(Compiler *c, const Options *o, Loaded *l, int *code)
{
    Program *p = session_program(c, o, code);
    if (!p) return false;
    l->action = session_action(c, o, p);
    diag_flush(c);
    rq_error err;
    l->code = session_code(c, o, l->action, l->action->model, flow_of(c, l->action->model), l->action->detached);
    const rq_model *m = model_code_table(l->code);
    if (!rq_params_new(m, &l->params, &err) || !rq_params_load(&l->params, parameter_file(c, o), &err)) fatal("%s", err.text);
    return true;
}

static void unload(Loaded *l)
{
    rq_params_free(&l->params);
    model_code_drop(l->code);
}

static void print_split(const Options *o, const char *split, int64_t n, double loss, double accuracy)
{
    if (o->json) {
        printf("{\"schema\": 1, \"split\": \"%s\", \"samples\": %lld, \"loss\": %.9g", split, (long long)n, loss);
        if (accuracy == accuracy) printf(", \"accuracy\": %.9g", accuracy);
        printf("}\n");
        return;
    }
    printf("%-5s  %7lld samples  loss %.6g", split, (long long)n, loss);
    if (accuracy == accuracy) printf("  accuracy %.2f%%", 100 * accuracy);
    printf("\n");
}

int verb_eval(Compiler *c, const Options *given)
{
    Options options = session_options(c, given), *o = &options;
    Loaded l = {0};
    int code = EXIT_done;
    if (!load(c, o, &l, &code)) return code;
    rq_data data = session_data(o, l.action->data, 0);
    for (rq_split split = RQ_SPLIT_train; split < RQ_SPLIT_COUNT; split++) {
        rq_error err;
        double loss, accuracy;
        if (!data.count[split]) continue;
        if (!rq_evaluate(model_code_table(l.code), &l.params, &data, split, session_threads(o), &loss, &accuracy, NULL, &err))
            fatal("%s", err.text);
        print_split(o, rq_split_names[split], data.count[split], loss, accuracy);
    }
    rq_data_free(&data);
    unload(&l);
    return EXIT_done;
}

/* The model's layer of that name, or a fatal() with the nearest one. */
static void check_layer(Compiler *c, const ModelInst *model, const char *layer)
{
    const char **names = arena_array(c->keep, const char *, model->layers.len);
    for (uint32_t i = 0; i < model->layers.len; i++) {
        names[i] = name_text(c->names, model->layers.at[i].name);
        if (!strcmp(names[i], layer)) return;
    }
    const char *near = closest_name(layer, names, model->layers.len);
    fatal("--layer: model '%s' has no layer '%s'%s%s%s", name_text(c->names, model->name), layer, near ? "; did you mean '" : "",
          near ? near : "", near ? "'?" : "");
}

int verb_predict(Compiler *c, const Options *given)
{
    Options options = session_options(c, given), *o = &options;
    if (!o->input) fatal("predict wants --input FILE.npy with one sample per row");
    if (!o->output) fatal("predict wants -o FILE.npy to write to");
    Loaded l = {0};
    int code = EXIT_done;
    if (!load(c, o, &l, &code)) return code;
    if (o->layer) check_layer(c, l.action->model, o->layer);
    const rq_model *m = model_code_table(l.code);
    rq_array in, result;
    rq_error err;
    if (!rq_npy_read(o->input, &in, &err)) fatal("%s", err.text);
    int64_t samples = in.ndim ? in.dims[0] : 0, reals = samples ? in.size / samples : 0, out_reals;
    if (reals != m->input_reals)
        fatal("'%s' holds %lld samples of %lld values, but '%s' of model '%s' wants %lld each", o->input, (long long)samples,
              (long long)reals, m->input_name, m->name, (long long)m->input_reals);
    double *rows = rq_alloc_array((uint64_t)in.size, sizeof(double), "the input", &err), *out;
    if (!rows) fatal("%s", err.text);
    for (int64_t i = 0; i < in.size; i++) rows[i] = rq_array_get(&in, i);
    if (!rq_predict(m, &l.params, o->layer, rows, samples, session_threads(o), &out, &out_reals, &err)) fatal("%s", err.text);
    int64_t dims[2] = {samples, out_reals};
    if (!rq_array_new(&result, RQ_DTYPE_f64, 2, dims, "the prediction", &err)) fatal("%s", err.text);
    memcpy(result.values, out, (size_t)(samples * out_reals) * sizeof(double));
    if (!rq_npy_write(o->output, &result, &err)) fatal("%s", err.text);
    rq_array_free(&result);
    rq_array_free(&in);
    rq_free(rows);
    rq_free(out);
    unload(&l);
    return EXIT_done;
}
