/* native_table.c: the table of a native program as C text, which the system's compiler turns into data.
 *
 * Every struct is written by the names of its fields, every real in hexadecimal, so that nothing depends on order or rounding.
 *
 *     static const rq_buffer f0_quick_step_buffers[] = {{1,0,0,8,0},{0}};
 *     static const rq_function f0_quick_step = {.name="f0_quick_step",.real_bytes=4,...};
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "native.h"

/* A field that is added to one of these has to be written here, too. */
#define SAME_SIZE(type, bytes, where) _Static_assert(sizeof(type) == bytes, "a new field of " #type " needs " where)
SAME_SIZE(rq_train_settings, 272, "its row in settings.def");
SAME_SIZE(rq_data_spec, 192, "a line in put_data");
SAME_SIZE(rq_action, 744, "a line in put_action");
SAME_SIZE(rq_model, 288, "a line in put_model");
SAME_SIZE(rq_distillation, 264, "a place in put_distillations");
SAME_SIZE(rq_scan, 104, "a place in put_scans");
SAME_SIZE(rq_scan_point, 272, "a place in put_points");
SAME_SIZE(rq_exploration, 96, "a place in put_explorations");
SAME_SIZE(rq_variant, 56, "a line in put_variants");
SAME_SIZE(rq_param, 160, "a line in put_params");
SAME_SIZE(rq_layer, 80, "a line in put_layers");
SAME_SIZE(rq_edge, 24, "a line in put_edges");
SAME_SIZE(rq_function, 112, "a place in put_function");
SAME_SIZE(rq_buffer, 32, "a place in put_function");
SAME_SIZE(rq_phase, 16, "a place in put_phases");
SAME_SIZE(rq_leaf, 24, "a place in put_leaves");

static void put_text(FILE *out, const char *text)
{
    if (!text) {
        fputs("0", out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '\n') fputs("\\n\"\n\"", out);
        else if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\' || *s == '?') fprintf(out, "\\%03o", *s);
        else fputc(*s, out);
    }
    fputc('"', out);
}

static void put_named(FILE *out, const char *name, const char *text)
{
    fprintf(out, ".%s=", name);
    put_text(out, text);
    fputc(',', out);
}

static void put_integer(FILE *out, int64_t x) { fprintf(out, "%" PRId64 ",", x); }
static void put_natural(FILE *out, uint64_t x) { fprintf(out, "%" PRIu64 "u,", x); }

static void put_real(FILE *out, double x)
{
    if (isfinite(x)) fprintf(out, "%a,", x);
    else fputs(isnan(x) ? "__builtin_nan(\"\")," : x < 0 ? "-__builtin_inf()," : "__builtin_inf(),", out);
}

/* ---- functions ---- */

static void put_leaves(FILE *out, const char *name, const char *what, const rq_leaf *leaves, uint32_t n)
{
    fprintf(out, "static const rq_leaf %s_%s[] = {", name, what);
    for (uint32_t i = 0; i < n; i++) {
        fputs("{", out);
        put_text(out, leaves[i].name);
        fprintf(out, ",%" PRId64 ",%d},", leaves[i].reals, leaves[i].batched);
    }
    fputs("{0}};\n", out);
}

static void put_phases(FILE *out, const NativeFunction *n)
{
    const rq_function *f = n->f;
    for (uint32_t i = 0; i < f->phase_count; i++)
        if (n->symbols[i]) fprintf(out, "extern void %s(void *const *buf);\n", n->symbols[i]);
    fprintf(out, "static const rq_phase %s_phases[] = {", f->name);
    for (uint32_t i = 0; i < f->phase_count; i++)
        fprintf(out, "{%d,%s},", f->phases[i].per_chunk, n->symbols[i] ? n->symbols[i] : "0");
    fputs("{0}};\n", out);
}

static void put_function(FILE *out, const NativeFunction *n)
{
    const rq_function *f = n->f;
    fprintf(out, "static const rq_buffer %s_buffers[] = {", f->name);
    for (uint32_t i = 0; i < f->buffer_count; i++) {
        const rq_buffer *b = &f->buffers[i];
        fprintf(out, "{%d,%u,%d,%" PRId64 ",%" PRId64 "},", b->role, b->leaf, b->batched, b->reals, b->offset);
    }
    fputs("{0}};\n", out);
    put_leaves(out, f->name, "params", f->params, f->param_count);
    put_leaves(out, f->name, "inputs", f->inputs, f->input_count);
    put_leaves(out, f->name, "outputs", f->outputs, f->output_count);
    fprintf(out, "static const int64_t %s_sums[] = {", f->name);
    for (uint32_t i = 0; i < f->sum_count; i++) put_integer(out, f->sum_reals[i]);
    fputs("0};\n", out);
    put_phases(out, n);
    fprintf(out,
            "static const rq_function %s = {.name=\"%s\",.real_bytes=%d,.lanes=%d,.buffers=%s_buffers,.phases=%s_phases,.params=%s_params,"
            ".inputs=%s_inputs,.outputs=%s_outputs,.sum_reals=%s_sums,.buffer_count=%u,.phase_count=%u,.param_count=%u,.input_count=%u,"
            ".output_count=%u,.sum_count=%u,.thread_bytes=%" PRId64 ",.kept_bytes=%" PRId64 ",.shared_bytes=%" PRId64 "};\n",
            f->name, f->name, f->real_bytes, f->lanes, f->name, f->name, f->name, f->name, f->name, f->name, f->buffer_count,
            f->phase_count, f->param_count, f->input_count, f->output_count, f->sum_count, f->thread_bytes, f->kept_bytes, f->shared_bytes);
}

/* ---- models ---- */

static void put_dims(FILE *out, const char *name, const int64_t *dims, int32_t rank)
{
    fprintf(out, ".%s={", name);
    for (int32_t i = 0; i < rank; i++) put_integer(out, dims[i]);
    fputs(rank ? "}," : "0},", out);
}

static void put_params(FILE *out, const char *id, const rq_model *m)
{
    fprintf(out, "static const rq_param %s_params[] = {", id);
    for (int32_t i = 0; i < m->param_count; i++) {
        const rq_param *p = &m->params[i];
        fputs("{", out);
        put_named(out, "path", p->path);
        put_dims(out, "dims", p->dims, p->rank);
        fprintf(out, ".rank=%d,.count=%" PRId64 ",.init=%d,.has_range=%d,.is_unitary=%d,.inputs=%d,.frozen=%d,.tied_to=%d,.momentum=%a,", p->rank,
                p->count, p->init, p->has_range, p->is_unitary, p->inputs, p->frozen, p->tied_to, p->momentum);
        fputs(".a=", out), put_real(out, p->a);
        fputs(".b=", out), put_real(out, p->b);
        fputs(".low=", out), put_real(out, p->low);
        fputs(".high=", out), put_real(out, p->high);
        fputs("},\n", out);
    }
    fputs("{0}};\n", out);
}

static void put_texts(FILE *out, const char *const *texts, int32_t n)
{
    fputs("(const char *const[]){", out);
    for (int32_t i = 0; i < n; i++) put_text(out, texts[i]), fputs(",", out);
    fputs("0},", out);
}

static void put_layers(FILE *out, const char *id, const rq_model *m)
{
    for (int32_t i = 0; i < m->layer_count + m->part_count; i++) {
        fprintf(out, "static const int32_t %s_groups%d[] = {", id, i);
        for (int32_t k = 0; k < m->layers[i].group_count; k++) put_integer(out, m->layers[i].groups[k]);
        fputs("0};\n", out);
    }
    fprintf(out, "static const rq_layer %s_layers[] = {", id);
    for (int32_t i = 0; i < m->layer_count + m->part_count; i++) {
        const rq_layer *l = &m->layers[i];
        fprintf(out, "{.params=%" PRId64 ",.dead=%" PRId64 ",.group_count=%d,.groups=%s_groups%d,", l->params, l->dead, l->group_count, id, i);
        put_named(out, "name", l->name);
        put_named(out, "kind", l->kind);
        put_named(out, "flow", l->flow);
        put_named(out, "through", l->through);
        put_named(out, "reason", l->reason);
        put_named(out, "engine", l->engine);
        fputs("},\n", out);
    }
    fputs("{0}};\n", out);
}

static void put_edges(FILE *out, const char *id, const rq_model *m)
{
    fprintf(out, "static const rq_edge %s_edges[] = {", id);
    for (int32_t i = 0; i < m->edge_count; i++) {
        fputs("{", out);
        put_named(out, "from", m->edges[i].from);
        put_named(out, "to", m->edges[i].to);
        fprintf(out, ".is_skip=%d,.is_cut=%d},", m->edges[i].is_skip, m->edges[i].is_cut);
    }
    fputs("{0}};\n", out);
}

static void put_model(FILE *out, const char *id, const NativeModel *n)
{
    const rq_model *m = n->table;
    for (uint32_t i = 0; i < n->functions.len; i++) put_function(out, &n->functions.at[i]);
    fprintf(out, "static const rq_native_function %s_list[] = {", id);
    for (uint32_t i = 0; i < n->functions.len; i++) {
        const NativeFunction *f = &n->functions.at[i];
        fprintf(out, "{%d,\"%s\",&%s},", (int)f->kind, f->layer, f->f->name);
    }
    fprintf(out, "{0}};\nstatic const rq_native_functions %s_functions = {%s_list,%u};\n", id, id, n->functions.len);
    put_params(out, id, m);
    put_layers(out, id, m);
    put_edges(out, id, m);
    fprintf(out, "static const rq_model %s = {.params=%s_params,.layers=%s_layers,.edges=%s_edges,.param_count=%d,.layer_count=%d,"
                 ".edge_count=%d,.part_count=%d,", id, id, id, id, m->param_count, m->layer_count, m->edge_count, m->part_count);
    put_named(out, "name", m->name);
    put_named(out, "summary", m->summary);
    put_named(out, "gradient", m->gradient);
    put_named(out, "input_name", m->input_name);
    fputs(".warnings=", out), put_texts(out, m->warnings, m->warning_count);
    put_dims(out, "input_dims", m->input_dims, m->input_rank);
    put_dims(out, "output_dims", m->output_dims, m->output_rank);
    fprintf(out, ".input_rank=%d,.output_rank=%d,.input_reals=%" PRId64 ",.output_reals=%" PRId64 ",.target_reals=%" PRId64
                 ",.input_is_density=%d,.warning_count=%d,.circuits_per_sample=%" PRId64
                 ",.real_bytes=%d,.function=rq_native_find,.context=&%s_functions};\n",
            m->input_rank, m->output_rank, m->input_reals, m->output_reals, m->target_reals, m->input_is_density, m->warning_count,
            m->circuits_per_sample, m->real_bytes, id);
}

/* ---- actions ---- */

static void put_settings(FILE *out, const rq_train_settings *s)
{
    fputs(".settings={", out);
    put_named(out, "action", s->action);
    put_named(out, "variant", s->variant);
    put_named(out, "loss", s->loss);
#define SETTING(kind, member) fputs("." #member "=", out), put_##kind(out, s->member);
#include "train/settings.def"
#undef SETTING
    fputs("},\n", out);
}

static void put_reals(FILE *out, const char *id, const char *what, const double *x, int n)
{
    if (!x) return;
    fprintf(out, "static const double %s_%s[] = {", id, what);
    for (int i = 0; i < n; i++) put_real(out, x[i]);
    fputs("0};\n", out);
}

static void put_rules(FILE *out, const char *id, const rq_action *a)
{
    fprintf(out, "static const rq_rename %s_rules[] = {", id);
    for (int i = 0; i < a->init_rule_count; i++) {
        fputs("{", out);
        put_named(out, "to", a->init_rules[i].to);
        put_named(out, "from", a->init_rules[i].from);
        fputs("},", out);
    }
    fputs("{0}};\n", out);
}

/* What put_data points to. */
static void put_data_lists(FILE *out, const char *id, const rq_data_spec *d)
{
    put_reals(out, id, "mean", d->mean, d->norm_count);
    put_reals(out, id, "std", d->std, d->norm_count);
    if (!d->classes) return;
    fprintf(out, "static const int32_t %s_classes[] = {", id);
    for (int i = 0; i < d->class_count; i++) put_integer(out, d->classes[i]);
    fputs("0};\n", out);
}

static void put_data(FILE *out, const char *field, const char *id, const rq_data_spec *d)
{
    fprintf(out, ".%s={", field);
    put_named(out, "name", d->name);
    put_named(out, "source", d->source);
    put_named(out, "file", d->file);
    put_named(out, "label", d->label);
    fprintf(out, ".train=%" PRId64 ",.val=%" PRId64 ",.test=%" PRId64 ",.class_count=%d,.shuffle=%d,.shuffle_seed=%" PRIu64
                 "u,.crop=%" PRId64 ",.height=%" PRId64 ",.width=%" PRId64 ",.norm_count=%d,.seed=%" PRIu64 "u,.size=%" PRId64 ",.qubits=%" PRId64 ",.pairs=%" PRId64 ",.noise_pairs=%" PRId64 ",.noise=",
            d->train, d->val, d->test, d->class_count, d->shuffle, d->shuffle_seed, d->crop, d->height, d->width, d->norm_count, d->seed, d->size,
            d->qubits, d->pairs, d->noise_pairs);
    put_real(out, d->noise);
    fputs(".flip=", out), put_real(out, d->flip);
    if (d->classes) fprintf(out, ".classes=%s_classes,", id);
    if (d->mean) fprintf(out, ".mean=%s_mean,.std=%s_std,", id, id);
    fputs("},\n", out);
}

static void put_action(FILE *out, const NativeAction *n, uint32_t i)
{
    const rq_action *a = &n->action;
    char id[32];
    snprintf(id, sizeof id, "a%u", i);
    fprintf(out, "{.flow=%d,.action={.source=source,.model=&a%u_model,.exact=", n->flow, i);
    if (n->exact) fprintf(out, "&a%u_exact,\n", i);
    else fprintf(out, "&a%u_model,\n", i);
    put_named(out, "name", a->name);
    put_named(out, "file", a->file);
    put_named(out, "init_run", a->init_run);
    fprintf(out, ".init_rules=%s_rules,.init_rule_count=%d,", id, a->init_rule_count);
    put_named(out, "llvm", a->llvm);
    put_named(out, "cpu", a->cpu);
    put_named(out, "settings_text", a->settings_text);
    put_settings(out, &a->settings);
    put_data(out, "data", id, &a->data);
    snprintf(id, sizeof id, "a%u_test", i);
    if (a->test.source) put_data(out, "test", id, &a->test);
    fputs("}},\n", out);
}

/* ---- the program ---- */

/* From the compiler's own rows: arguments that are numbers of optimizers and schedules, and those of data sources. */
static int put_arguments(FILE *out)
{
    static const struct {
        const char *group, *callee, *name, *type, *value;
    } rows[] = {
#define CALLEE(group, name, help)
#define ARGUMENT(group, callee, name, type, value) {#group, #callee, #name, #type, value},
#include "check/callees.def"
#undef CALLEE
#undef ARGUMENT
    };
    int n = 0;
    fputs("static const rq_native_argument arguments[] = {", out);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].name, *type = rows[i].type, *value = rows[i].value;
        bool is_number = !strcmp(type, "positive") || !strcmp(type, "share") || !strcmp(type, "whole") || !strcmp(type, "count");
        bool is_call = !strcmp(rows[i].group, "optimizer") || !strcmp(rows[i].group, "schedule");
        if (strcmp(rows[i].group, "source") && !(is_call && is_number)) continue;
        fprintf(out, "{\"%s\",\"%s\",\"%s\",\"%s\",%s,%d},", rows[i].group, rows[i].callee, name, type,
                is_number && *value && strcmp(value, "!") ? value : "0", !strcmp(value, "!"));
        n++;
    }
    fputs("{0}};\n", out);
    return n;
}

static void put_variants(FILE *out, const NativeExploration *e, uint32_t k)
{
    fprintf(out, "static const rq_native_variant x%u_variants[] = {", k);
    for (uint32_t i = 0; i < e->variants.len; i++) {
        const NativeVariant *v = &e->variants.at[i];
        fprintf(out, "{.action=%d,.row={.base=%d,", v->action, v->row.base);
        put_named(out, "label", v->row.label);
        put_named(out, "placement", v->row.placement);
        put_named(out, "settings", v->row.settings);
        put_named(out, "gradient", v->row.gradient);
        put_named(out, "reason", v->row.reason);
        fputs("}},\n", out);
    }
    fputs("{.action=-1}};\n", out);
}

static void put_explorations(FILE *out, const NativeProgram *p)
{
    for (uint32_t i = 0; i < p->explorations.len; i++) put_variants(out, &p->explorations.at[i], i);
    fputs("static const rq_native_exploration explorations[] = {", out);
    for (uint32_t i = 0; i < p->explorations.len; i++) {
        const rq_exploration *x = &p->explorations.at[i].x;
        fprintf(out, "{.variants=x%u_variants,.variant_count=%u,.x={.source=source,.versions=\"\",.seed=%" PRIu64 "u,.seeds=%d,.confirm=%d"
                     ",.budget=%" PRId64 ",", i, p->explorations.at[i].variants.len, x->seed, x->seeds, x->confirm, x->budget);
        put_named(out, "name", x->name);
        put_named(out, "file", x->file);
        put_named(out, "settings_text", x->settings_text);
        put_named(out, "rank", x->rank);
        fputs("}},\n", out);
    }
    fputs("{0}};\n", out);
}

static void put_distillations(FILE *out, const NativeProgram *p)
{
    fputs("static const rq_native_distillation distillations[] = {", out);
    for (uint32_t i = 0; i < p->distillations.len; i++) {
        const rq_distillation *d = &p->distillations.at[i].d;
        fprintf(out, "{.action=%d,.d={.source=source,.images_per_class=%" PRId64 ",.inner_steps=%" PRId64 ",.inner_epochs=%" PRId64
                     ",.epochs=%" PRId64 ",.batch=%" PRId64 ",.nets=%" PRId64 ",.trained_labels=%d,.baselines=%d,.full_epochs=%" PRId64
                     ",.seed=%" PRIu64 "u,.rate=", p->distillations.at[i].action, d->images_per_class, d->inner_steps, d->inner_epochs,
                d->epochs, d->batch, d->nets, d->trained_labels, d->baselines, d->full_epochs, d->seed);
        put_real(out, d->rate);
#define SETTING(kind, member) fputs("." #member "=", out), put_##kind(out, d->member);
        SETTING(integer, outer.kind) SETTING(real, outer.rate) SETTING(real, outer.momentum) SETTING(real, outer.beta1)
        SETTING(real, outer.beta2) SETTING(real, outer.eps) SETTING(real, outer.weight_decay) SETTING(integer, schedule.kind)
        SETTING(integer, schedule.every) SETTING(real, schedule.factor) SETTING(real, schedule.floor) SETTING(integer, schedule.warmup)
#undef SETTING
        put_named(out, "name", d->name);
        put_named(out, "file", d->file);
        put_named(out, "settings_text", d->settings_text);
        put_named(out, "loss", d->loss);
        fputs("}},\n", out);
    }
    fputs("{.action=-1}};\n", out);
}

static void put_points(FILE *out, const NativeScan *n, uint32_t k)
{
    fprintf(out, "static const rq_scan_point s%u_points[] = {", k);
    for (uint32_t i = 0; i < n->points.len; i++) {
        const rq_scan_point *p = &n->points.at[i];
        fprintf(out, "{.element_count=%d,.has_expected=%d,.samples=%" PRId64 ",.values=", p->element_count, p->has_expected, p->samples);
        put_texts(out, p->values, n->s.name_count);
        fputs(".elements=", out), put_texts(out, p->elements, p->element_count);
        fputs(".axis=", out), put_real(out, p->axis);
        fputs(".expected=", out), put_real(out, p->expected);
        fputs(".error=", out), put_real(out, p->error);
        put_named(out, "label", p->label);
        put_named(out, "curve", p->curve);
        fputs("},\n", out);
    }
    fputs("{0}};\n", out);
}

static void put_scans(FILE *out, const NativeProgram *p)
{
    for (uint32_t i = 0; i < p->scans.len; i++) put_points(out, &p->scans.at[i], i);
    fputs("static const rq_native_scan scans[] = {", out);
    for (uint32_t i = 0; i < p->scans.len; i++) {
        const rq_scan *s = &p->scans.at[i].s;
        fprintf(out, "{.first=%d,.s={.source=source,.points=s%u_points,.point_count=%d,.name_count=%d,.seed=%" PRIu64 "u,.names=",
                p->scans.at[i].first, i, s->point_count, s->name_count, s->seed);
        put_texts(out, s->names, s->name_count);
        put_named(out, "name", s->name);
        put_named(out, "file", s->file);
        put_named(out, "settings_text", s->settings_text);
        put_named(out, "methods", s->methods);
        put_named(out, "loss", s->loss);
        put_named(out, "wrt", s->wrt);
        put_named(out, "axis", s->axis);
        fputs("}},\n", out);
    }
    fputs("{.first=-1}};\n", out);
}

static void put_models(FILE *out, const NativeProgram *p)
{
    char id[32];
    for (uint32_t i = 0; i < p->actions.len; i++) {
        snprintf(id, sizeof id, "a%u_model", i);
        put_model(out, id, p->actions.at[i].model);
        snprintf(id, sizeof id, "a%u_exact", i);
        if (p->actions.at[i].exact) put_model(out, id, p->actions.at[i].exact);
        snprintf(id, sizeof id, "a%u", i);
        put_rules(out, id, &p->actions.at[i].action);
        put_data_lists(out, id, &p->actions.at[i].action.data);
        snprintf(id, sizeof id, "a%u_test", i);
        put_data_lists(out, id, &p->actions.at[i].action.test);
    }
}

static void put_names(FILE *out, const char *what, const NameList *names)
{
    fprintf(out, "static const char *const %s[] = {", what);
    for (uint32_t i = 0; i < names->len; i++) put_text(out, names->at[i]), fputs(",", out);
    fputs("0};\n", out);
}

void native_table_print(FILE *out, const NativeProgram *p)
{
    fputs("#include \"native/native.h\"\nstatic const char source[] = ", out);
    put_text(out, p->actions.at[0].action.source);
    fputs(";\n", out);
    put_models(out, p);
    fputs("static const rq_native_action actions[] = {", out);
    for (uint32_t i = 0; i < p->actions.len; i++) put_action(out, &p->actions.at[i], i);
    fputs("};\n", out);
    put_explorations(out, p);
    put_distillations(out, p);
    put_scans(out, p);
    fputs("static const rq_native_flow flows[] = {", out);
    for (uint32_t i = 0; i < p->flows.len; i++) {
        fputs("{", out);
        put_named(out, "text", p->flows.at[i].text);
        put_named(out, "json", p->flows.at[i].json);
        fputs("},", out);
    }
    fputs("};\n", out);
    put_names(out, "names", &p->names);
    put_names(out, "data", &p->data);
    int arguments = put_arguments(out);
    fputs("static const rq_native_program program = {.actions=actions,.explorations=explorations,.distillations=distillations,.scans=scans,.flows=flows,.names=names,.data=data,.arguments=arguments,", out);
    put_named(out, "build", p->build);
    put_named(out, "cpu_option", p->cpu_option);
    put_named(out, "output", p->output);
    put_named(out, "features", p->features);
    fprintf(out, ".action_count=%u,.exploration_count=%u,.distillation_count=%u,.scan_count=%u,.flow_count=%u,.name_count=%u,.data_count=%u,.argument_count=%d};\n", p->action_count,
            p->explorations.len, p->distillations.len, p->scans.len, p->flows.len, p->names.len, p->data.len,
            arguments);
    fputs("int main(int argc, char **argv) { return rq_native_main(&program, argc, argv); }\n", out);
}
