/* gradcheck.c: `rq gradcheck FILE`: the gradients of a train action's model by four ways, in double
 * precision, with the slow reference interpreter; and, with --export, loss and gradients for other
 * programs to compare with. With --order 2 products of the Hessian, generated code among the ways.
 *
 * Samples are those of --input and --target, else the first of the action's data, else random ones.
 * Without a train action the file's model is checked with the mean square distance from random
 * targets.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli/reference.h"
#include "data/array.h"
#include "data/safetensors.h"
#include "graph/gradcheck.h"

enum { ELEMENTS = 64, DIRECTIONS = 2 };

static GradcheckInput input_of(const Reference *j, int64_t samples, int64_t elements, double tolerance)
{
    return (GradcheckInput){.model = j->model,
                            .flow = j->flow,
                            .loss = j->loss,
                            .engine = session_engine(j->o, j->action),
                            .samples = samples,
                            .bindings = j->bindings.at,
                            .binding_count = j->bindings.len,
                            .seed = j->seed,
                            .elements = elements,
                            .tolerance = tolerance};
}

static Gradcheck *compare(const Reference *j, int64_t samples, int64_t elements)
{
    GradcheckInput in = input_of(j, samples, elements, 1e-6);
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
static void export_gradients(const Reference *j, const Gradcheck *r)
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

static void print_hessian_json(const Hessian *h)
{
    json_t *groups = json_array();
    for (uint32_t i = 0; i < h->rows.len; i++) {
        const HessianRow *row = &h->rows.at[i];
        json_t *errors = json_object();
        for (int m = 0; m < HESSIAN_METHODS; m++)
            if (row->has[m]) json_object_set_new(errors, hessian_method_text((HessianMethod)m), number_json(row->error[m]));
        json_t *o = json_pack("{s:s, s:I, s:i, s:o, s:i, s:b}", "path", row->name, "elements", (json_int_t)row->count,
                              "directions", row->directions, "errors", errors, "kinks", row->kinked, "ok", row->ok);
        if (row->cut) json_object_set_new(o, "cut", json_string(row->cut));
        json_array_append_new(groups, o);
    }
    json_t *o = json_pack("{s:i, s:i, s:o, s:b, s:o}", "schema", 1, "order", 2, "loss", number_json(h->loss), "ok", h->ok, "groups", groups);
    if (!o || json_dumpf(o, stdout, JSON_COMPACT)) fatal("the result could not be written");
    fputc('\n', stdout);
    json_decref(o);
}

static int second_order(const Reference *j, int64_t samples)
{
    GradcheckInput in = input_of(j, samples, DIRECTIONS, 1e-5);
    Hessian *h = compile_hessian(j->c, &in);
    if (!h) return EXIT_done;
    if (j->o->json) print_hessian_json(h);
    else hessian_print(stdout, h);
    return h->ok ? EXIT_done : EXIT_answer_no;
}

static int first_order(const Reference *j, int64_t samples)
{
    Gradcheck *r = compare(j, samples, ELEMENTS);
    if (!r) return EXIT_done;
    if (j->o->json) print_json(r);
    else gradcheck_print(stdout, r);
    if (j->o->export) export_gradients(j, samples == j->samples ? r : compare(j, j->samples, 0));
    return r->ok ? EXIT_done : EXIT_answer_no;
}

int verb_gradcheck(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    bool second = o->order && !strcmp(o->order, "2");
    if (second && o->export) fatal("--export writes gradients; it does not go with --order 2");
    Program *p = session_program(c, o, &code);
    if (!p) return code;
    Reference j = reference_new(c, o, p);
    int64_t samples = j.samples < REFERENCE_SAMPLES ? j.samples : REFERENCE_SAMPLES;
    code = second ? second_order(&j, samples) : first_order(&j, samples);
    if (c->errors) code = EXIT_source;
    reference_drop(&j);
    return code;
}
