/* scan.c: `rq scan FILE`: a scan action's points as the run time executes them. */
#include <string.h>

#include "backend/backend.h"
#include "cli/scan.h"
#include "train/interrupt.h"

enum { SAMPLES = 1000, SAMPLES_TO_ERROR = 1 << 24 };

/* All that a scan holds. */
typedef struct Scanning {
    Compiler *c;
    const Options *o;
    const ActionInst *scan;
    const ScanPlan *plan;
    ModelCode **code; /* of each point */
} Scanning;

ModelCodeOptions scan_code_options(const Options *o, const ScanPoint *p)
{
    ModelCodeOptions options = session_code_options(o, p->scan, false);
    options.wrt = &p->scan->wrt;
    if (options.engine == ENGINE_transfer)
        fatal("--engine transfer: in a scan every draw has its own parameters, and the transfer engine wants them shared; 'auto', 'state' and 'density' can do it");
    return options;
}

rq_scan_point scan_point(Compiler *c, const ScanPoint *p)
{
    const ActionInst *a = p->scan;
    double error = action_number(a, "error", 0);
    const char **elements = arena_array(c->keep, const char *, a->wrt.len);
    for (uint32_t e = 0; e < a->wrt.len; e++) elements[e] = a->wrt.at[e].path;
    return (rq_scan_point){.label = p->label, .curve = p->curve, .values = p->value, .axis = p->axis, .data = session_data_spec(c, a->data),
                           .elements = elements, .element_count = (int32_t)a->wrt.len, .has_expected = a->has_expected,
                           .expected = a->expected, .error = error,
                           .samples = (int64_t)action_number(a, "samples", error > 0 ? SAMPLES_TO_ERROR : SAMPLES)};
}

static const char *loss_text(const ScanPlan *plan)
{
    static const char *const losses[] = {"", "cross_entropy", "nll", "mse", "infidelity", "local"};
    LossKind first = plan->points.at[0].scan->loss;
    for (uint32_t i = 1; i < plan->points.len; i++)
        if (plan->points.at[i].scan->loss != first) return "the cost";
    return losses[first];
}

/* What `wrt` says, if it is one number at every point. */
static const char *wrt_text(const ScanPlan *plan)
{
    const ConstValue *wrt = action_field(plan->points.at[0].scan, "wrt");
    for (uint32_t i = 0; i < plan->points.len; i++)
        if (plan->points.at[i].scan->wrt.len != 1) return "";
    return wrt ? wrt->text : plan->points.at[0].scan->wrt.at[0].path;
}

static const char *methods_text(Compiler *c, const Options *o, const ActionInst *a)
{
    return arena_printf(c->keep,
                        "Every parameter is drawn from its initialiser, anew for each draw and each point, by Philox4x32-10 keyed by seed, point and "
                        "parameter path; the cost is the mean over the data's training samples, in %s. Derivatives are exact, by reverse mode on the "
                        "simulated circuits; that of a unitary matrix V by its element (r, c) is along V <- exp(t H) V with H = i|r><r| (r = c), "
                        "|r><c| - |c><r| (r < c) or i(|r><c| + |c><r|) (r > c). Variances are of independent draws, each element on its own. Their "
                        "relative standard error is sqrt((kurtosis - 1)/S) for S draws; where `error` is given it is tested at S = 2^k from 16,384 on, "
                        "and two successive passes end the drawing. An interval is unreliable where the kurtosis is above S/100. Quantiles are of |g|, "
                        "from a histogram with bins of 4.4%%. Lines are fitted to the logarithm of the variance by weighted least squares; a verdict "
                        "needs 6 points on the axis, p above 0.01, and an AIC lower by more than 10 than that of the other law. Results do not depend "
                        "on the number of threads.",
                        session_real_bytes(o, a) == 8 ? "f64" : "f32");
}

rq_scan scan_fields(Compiler *c, const Options *o, const ActionInst *a, const ScanPlan *plan)
{
    return (rq_scan){.name = name_text(c->names, a->name), .file = o->file, .source = c->sources.list.at[0]->text,
                     .settings_text = settings_json(c, o, a), .methods = methods_text(c, o, a), .loss = loss_text(plan), .wrt = wrt_text(plan),
                     .axis = plan->axis,
                     .names = plan->name.at, .name_count = (int32_t)plan->name.len, .point_count = (int32_t)plan->points.len,
                     .seed = o->seed.given ? o->seed.value : (uint64_t)action_number(a, "seed", 0)};
}

static rq_scan scan_of(Scanning *x)
{
    Compiler *c = x->c;
    uint32_t n = x->plan->points.len;
    rq_scan_point *points = arena_array(c->keep, rq_scan_point, n);
    rq_scan s = scan_fields(c, x->o, x->scan, x->plan);
    x->code = arena_array(c->keep, ModelCode *, n);
    for (uint32_t i = 0; i < n; i++) {
        const ActionInst *a = x->plan->points.at[i].scan;
        ModelCodeOptions options = scan_code_options(x->o, &x->plan->points.at[i]);
        x->code[i] = model_code_new(c, a->model, flow_of(c, a->model), &options);
        points[i] = scan_point(c, &x->plan->points.at[i]);
        points[i].model = model_code_table(x->code[i]);
    }
    s.points = points;
    return s;
}

static int run(Scanning *x)
{
    Compiler *c = x->c;
    rq_verb_options verb = session_verb_options(x->o);
    rq_scan s = scan_of(x);
    rq_action named = {.llvm = backend_llvm_version(), .cpu = model_code_cpu(x->code[0])};
    rq_error err = {0};
    char *versions = rq_versions_text(&named, rq_verb_threads(&verb), &err);
    rq_scan_options options = {.threads = rq_verb_threads(&verb), .data = x->o->data, .out = x->o->out, .json = x->o->json,
                               .quiet = x->o->quiet, .stop = rq_interrupt_flag()};
    rq_scan_end end = RQ_SCAN_failed;
    s.versions = versions ? versions : "";
    if (versions && !c->errors) end = rq_scan_run(&s, &options, &err);
    rq_free(versions);
    for (uint32_t i = 0; i < x->plan->points.len; i++) model_code_drop(x->code[i]);
    bool is_wrong = c->errors != 0;
    diag_flush(c);
    if (is_wrong) return EXIT_source;
    switch (end) {
    case RQ_SCAN_failed: fatal("%s", err.text);
    case RQ_SCAN_done: return EXIT_done;
    case RQ_SCAN_interrupted: return EXIT_interrupted;
    case RQ_SCAN_unexpected: return EXIT_answer_no;
    }
    unreachable();
}

/* What would run. */
static void print_plan(const Scanning *x)
{
    for (uint32_t i = 0; i < x->plan->points.len; i++) {
        const ScanPoint *p = &x->plan->points.at[i];
        const WrtList *wrt = &p->scan->wrt;
        printf("%-30s by %s", *p->label ? p->label : "one point", wrt->at[0].path);
        if (wrt->len > 1) printf(" and %u more", wrt->len - 1);
        if (p->scan->has_expected) printf("   expected %.6g", p->scan->expected);
        printf("\n");
    }
    printf("%u points%s%s\n", x->plan->points.len, *x->plan->axis ? ", fitted along " : "", x->plan->axis);
}

int scan_action(Compiler *c, const Options *o, const ActionInst *a)
{
    Scanning x = {.c = c, .o = o, .scan = a};
    x.plan = scan_plan(c, a);
    bool is_wrong = c->errors != 0;
    diag_flush(c);
    if (!x.plan || is_wrong) return EXIT_source;
    if (!o->dry_run) return run(&x);
    print_plan(&x);
    return EXIT_done;
}

int verb_scan(Compiler *c, const Options *o)
{
    int code = EXIT_done;
    Program *p = session_program(c, o, &code);
    return p ? scan_action(c, o, session_action_of(c, o, p, ACTION_scan)) : code;
}
