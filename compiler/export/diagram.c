/* diagram.c: gates -> columns, each as early as the wires that it reaches are free; labels short, with names as in the source. */
#include "export/diagram.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "check/gate.h"

typedef struct Layout {
    Compiler *c;
    const ModelInst *m;
    Diagram *d;
    bool own;
    uint32_t *next; /* [wire]: the first free column */
    uint32_t room;  /* columns that fit into d->cell */
} Layout;

/* ---- labels ---- */

typedef struct Text {
    Compiler *c;
    const ModelInst *m;
    bool tex, own; /* own: groups have a leading axis of channels */
} Text;

/* "theta" of q1.measure.theta; a Greek name is a letter in LaTeX. */
static const char *short_name(const Text *t, const GroupInst *g)
{
    static const char *const greek[] = {"alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu",
                                        "nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"};
    const char *dot = strrchr(g->path, '.'), *name = dot ? dot + 1 : g->path;
    for (size_t i = 0; t->tex && i < COUNT(greek); i++)
        if (!strcmp(name, greek[i])) return arena_printf(t->c->keep, "\\%s", name);
    return name;
}

/* Multiples of pi and short decimals. */
static const char *number_text(const Text *t, double x)
{
    const char *pi = t->tex ? "\\pi" : "pi";
    for (int den = 1; den <= 8; den *= 2) {
        double n = x / acos(-1) * den;
        if (x == 0 || fabs(n - round(n)) > 1e-9 || fabs(n) > 64) continue;
        const char *times = fabs(round(n)) == 1 ? "" : arena_printf(t->c->keep, "%.0f%s", fabs(round(n)), t->tex ? "" : "*");
        return arena_printf(t->c->keep, "%s%s%s%s", n < 0 ? "-" : "", times, pi, den == 1 ? "" : arena_printf(t->c->keep, "/%d", den));
    }
    return arena_printf(t->c->keep, "%.4g", x);
}

static const char *indices(const Text *t, const GroupInst *g, int64_t index, int64_t rest)
{
    const char *text = "";
    for (int r = g->rank - 1; r >= 0 && rest > 1; r--) {
        text = arena_printf(t->c->keep, "%lld%s%s", (long long)(index % g->dim[r]), *text ? "," : "", text);
        index /= g->dim[r];
        rest /= g->dim[r];
    }
    return text;
}

static const char *param_text(const Text *t, const Sx *x)
{
    const GroupInst *g = group_of(t->m, x->group);
    if (g->count == 1) return short_name(t, g);
    const char *at = indices(t, g, x->index, t->own ? g->count / g->dim[0] : g->count);
    if (t->own) at = arena_printf(t->c->keep, "c%s%s", *at ? "," : "", at);
    return arena_printf(t->c->keep, t->tex ? "%s_{%s}" : "%s[%s]", short_name(t, g), at);
}

static int priority(SxKind kind) { return kind == SX_add || kind == SX_sub ? 1 : kind == SX_mul || kind == SX_div ? 2 : 3; }

static const char *scalar_text(const Text *t, const Sx *x, int outer)
{
    static const struct {
        SxKind kind;
        const char *name;
    } functions[] = {{SX_neg, "-"},   {SX_sin, "sin"}, {SX_cos, "cos"},   {SX_exp, "exp"},   {SX_log, "log"}, {SX_sqrt, "sqrt"},
                     {SX_abs, "abs"}, {SX_tanh, "tanh"}, {SX_step, "step"}, {SX_min, "min"}, {SX_max, "max"}};
    Arena *a = t->c->keep;
    if (x->kind == SX_const) return number_text(t, x->value.real);
    if (x->kind == SX_param) return param_text(t, x);
    if (x->kind == SX_data) return arena_printf(a, t->tex ? "x_{%u}" : "x[%u]", x->index);
    for (size_t i = 0; i < COUNT(functions); i++) {
        if (functions[i].kind != x->kind) continue;
        if (x->kind == SX_neg) return arena_printf(a, "-%s", scalar_text(t, x->a, 3));
        const char *name = t->tex ? arena_printf(a, "\\mathrm{%s}", functions[i].name) : functions[i].name;
        if (!x->b) return arena_printf(a, "%s(%s)", name, scalar_text(t, x->a, 0));
        return arena_printf(a, "%s(%s, %s)", name, scalar_text(t, x->a, 0), scalar_text(t, x->b, 0));
    }
    int own = priority(x->kind);
    const char *sign = x->kind == SX_add ? "+" : x->kind == SX_sub ? "-" : x->kind == SX_div ? "/" : t->tex ? "\\," : "*";
    const char *text = arena_printf(a, "%s%s%s", scalar_text(t, x->a, own), sign, scalar_text(t, x->b, own + 1));
    return own < outer ? arena_printf(a, "(%s)", text) : text;
}

/* "RY" and "R_Y", "SDG", "U" for a matrix named U. */
static const char *gate_word(const Text *t, const GateApp *g)
{
    const char *name = g->gate == GATE_unitary ? short_name(t, group_of(t->m, g->group)) : gate_text(g->gate);
    size_t n = strlen(name);
    char *word = arena_alloc(t->c->keep, n + 1);
    for (size_t i = 0; i < n; i++) word[i] = (char)(g->gate == GATE_unitary ? name[i] : toupper((unsigned char)name[i]));
    const char *text = word;
    if (t->tex && g->gate != GATE_unitary) {
        bool rotation = word[0] == 'R' && n <= 3 && strspn(word + 1, "XYZ") == n - 1 && n > 1;
        text = rotation ? arena_printf(t->c->keep, "R_{%s}", word + 1) : arena_printf(t->c->keep, "\\mathrm{%s}", word);
        for (char *u = strchr(word, '_'); u; u = strchr(u, '_')) *u++ = ' ';
        if (!rotation) text = arena_printf(t->c->keep, "\\mathrm{%s}", word);
    }
    if (g->dagger) text = arena_printf(t->c->keep, t->tex ? "%s^\\dagger" : "inv %s", text);
    return g->arg ? arena_printf(t->c->keep, "%s(%s)", text, scalar_text(t, g->arg, 0)) : text;
}

/* ---- columns ---- */

static Cell *cell_at(Layout *l, uint32_t column, uint32_t wire) { return &l->d->cell[column * l->d->wires + wire]; }

static void grow(Layout *l, uint32_t column)
{
    if (column >= l->room) {
        uint32_t room = 2 * column + 16;
        Cell *more = arena_array(l->c->keep, Cell, (size_t)room * l->d->wires);
        if (l->room) memcpy(more, l->d->cell, (size_t)l->room * l->d->wires * sizeof *more);
        l->d->cell = more;
        l->room = room;
    }
    if (column >= l->d->columns) l->d->columns = column + 1;
}

static void put_gate(Layout *l, const GateApp *g)
{
    Text plain = {l->c, l->m, false, l->own}, tex = {l->c, l->m, true, l->own};
    uint32_t first = UINT32_MAX, last = 0, column = 0;
    int width = g->target_count + g->control_count;
    if (!width) return; /* a global phase is on no wire */
    for (int i = 0; i < width; i++) {
        uint32_t w = i < g->target_count ? g->targets[i] : g->controls[i - g->target_count];
        if (w < first) first = w;
        if (w > last) last = w;
    }
    for (uint32_t w = first; w <= last; w++)
        if (l->next[w] > column) column = l->next[w];
    grow(l, column);
    for (uint32_t w = first; w <= last; w++) {
        *cell_at(l, column, w) = (Cell){.kind = CELL_passed, .first = (uint8_t)first, .last = (uint8_t)last};
        l->next[w] = column + 1;
    }
    bool is_not = g->gate == GATE_x && g->control_count, is_swap = g->gate == GATE_swap;
    for (int i = 0; i < g->control_count; i++)
        cell_at(l, column, g->controls[i])->kind = g->control_values >> i & 1 ? CELL_control : CELL_open;
    for (int i = 0; i < g->target_count; i++) {
        Cell *cell = cell_at(l, column, g->targets[i]);
        cell->kind = is_not ? CELL_not : is_swap ? CELL_swap : CELL_gate;
        cell->label = gate_word(&plain, g);
        cell->tex = gate_word(&tex, g);
        if (g->target_count < 2) continue;
        cell->label = arena_printf(l->c->keep, "%s:%d", cell->label, i);
        cell->tex = arena_printf(l->c->keep, "%s_{(%d)}", cell->tex, i);
    }
}

static void put_circuit(Layout *l, const CircuitInst *circuit)
{
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++) put_gate(l, &circuit->gates.at[i]);
}

/* The circuit with its qubit i on wire[i]. */
static void put_circuit_on(Layout *l, const CircuitInst *circuit, const uint8_t *wire)
{
    for (uint32_t i = 0; i < circuit->gates.len; i++) {
        GateApp g = circuit->gates.at[i];
        uint8_t target[MAX_QUBITS], control[MAX_QUBITS];
        for (int k = 0; k < g.target_count; k++) target[k] = wire[g.targets[k]];
        for (int k = 0; k < g.control_count; k++) control[k] = wire[g.controls[k]];
        g.targets = target;
        g.controls = control;
        put_gate(l, &g);
    }
}

/* Inputs first, then the fresh outputs; each perceptron on its window of inputs and its output. */
static void put_dissipative(Layout *l, const Stage *s, uint32_t inputs)
{
    uint8_t wire[MAX_QUBITS];
    for (uint32_t w = 0; w < inputs; w++) l->d->measured[w] = "traced out";
    if (s->dissipative.circuit) {
        put_circuit(l, s->dissipative.circuit);
        return;
    }
    for (uint32_t j = 0; j < s->dissipative.count; j++) {
        int64_t n = inputs, fan_in = s->dissipative.fan_in, first = (int64_t)j + s->dissipative.shift;
        if (!s->dissipative.periodic) first = first < 0 ? 0 : first > n - fan_in ? n - fan_in : first;
        for (int64_t i = 0; i < fan_in; i++) wire[i] = (uint8_t)(((first + i) % n + n) % n);
        wire[fan_in] = (uint8_t)(inputs + j);
        put_circuit_on(l, s->dissipative.perceptron[j], wire);
    }
}

/* Everything that follows begins in the same column. */
static uint32_t align(Layout *l)
{
    for (uint32_t w = 0; w < l->d->wires; w++) l->next[w] = l->d->columns;
    return l->d->columns;
}

/* ---- results ---- */

static const char *word_text(Compiler *c, const PauliTerm *t, uint32_t qubits)
{
    const char *text = "";
    for (uint32_t q = 0; q < qubits; q++) {
        uint32_t bit = UINT32_C(1) << (qubits - 1 - q);
        if ((t->x | t->z) & bit)
            text = arena_printf(c->keep, "%s%s%c%u", text, *text ? " " : "", !(t->z & bit) ? 'X' : t->x & bit ? 'Y' : 'Z', q);
    }
    return text;
}

static bool is_one(const Sx *x) { return !x || (x->kind == SX_const && x->value.real == 1); }

static const char *term_text(Layout *l, const PauliTerm *t, uint32_t qubits)
{
    Text plain = {l->c, l->m, false, l->own};
    const char *word = word_text(l->c, t, qubits);
    if (is_one(t->coefficient)) return *word ? word : "1";
    const char *k = scalar_text(&plain, t->coefficient, *word ? 2 : 0);
    return *word ? arena_printf(l->c->keep, "%s %s", k, word) : k;
}

static void put_yields(Layout *l, const ObservableInst *o)
{
    Diagram *d = l->d;
    for (uint32_t y = 0; y < o->yields.len; y++) {
        const YieldInst *yield = &o->yields.at[y];
        const PauliTerm *only = yield->terms.len == 1 ? &yield->terms.at[0] : NULL;
        uint32_t mask = only ? only->x | only->z : 0;
        if (only && is_one(only->coefficient) && mask && !(mask & (mask - 1))) {
            uint32_t q = d->wires - 1 - (uint32_t)__builtin_ctz(mask);
            const char *old = d->measured[q] ? d->measured[q] : "";
            d->measured[q] = arena_printf(l->c->keep, "%s%s<%c>", old, *old ? " " : "", !(only->z & mask) ? 'X' : only->x & mask ? 'Y' : 'Z');
            continue;
        }
        const char *text = arena_printf(l->c->keep, "%u: <", y);
        for (uint32_t i = 0; i < yield->terms.len; i++) {
            const char *term = term_text(l, &yield->terms.at[i], o->qubits);
            bool minus = i && *term == '-';
            text = arena_printf(l->c->keep, "%s%s%s", text, minus ? " - " : i ? " + " : "", minus ? term + 1 : term);
        }
        vec_push(l->c->keep, &d->yields, arena_printf(l->c->keep, "%s>", text));
    }
}

static void put_stage(Layout *l, const Stage *s)
{
    const QuantumAttr *q = &s->quantum;
    if (q->encoding && q->encoding->kind == ENCODING_amplitude) l->d->start = "x";
    if (q->encoding && q->encoding->circuit) {
        put_circuit(l, q->encoding->circuit);
        l->d->barrier = align(l);
    }
    put_circuit(l, q->circuit);
    if (q->observable) put_yields(l, q->observable);
}

Diagram *diagram_of(Compiler *c, const ModelInst *m, const Stage *first, uint32_t count)
{
    const Stage *source = stage_of(m, first->operand[0]);
    bool dissipates = first->kind == STAGE_dissipative;
    uint32_t inputs = dissipates ? (uint32_t)source->type.dim[0] : first->quantum.qubits;
    uint32_t wires = dissipates ? inputs + first->dissipative.count : inputs;
    Diagram *d = arena_make(c->keep, Diagram);
    *d = (Diagram){.wires = wires, .start = source->type.kind == VALUE_real ? "0" : source->type.kind == VALUE_density ? "rho" : "psi",
                   .fresh = inputs, .measured = arena_array(c->keep, const char *, wires + 1)};
    Layout l = {.c = c, .m = m, .d = d, .next = arena_array(c->keep, uint32_t, wires + 1),
                .own = first->kind == STAGE_quanv && first->quantum.channels == CHANNELS_own};
    if (dissipates) put_dissipative(&l, first, inputs);
    for (uint32_t i = 0; i < count && !dissipates; i++) put_stage(&l, first + i);
    if (d->barrier == d->columns) d->barrier = 0;
    return d;
}
