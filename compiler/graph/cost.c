/* cost.c: what a quantum stage costs by state vectors, by density matrices, and by the transfer of its observables.
 *
 * Operations are counted from gates and from reached products; rates are measured ones (`rq bench`)
 * of one core with vectors of 16: small registers stay in the first-level cache, large ones do not.
 * A step is taken to have 32 samples.
 */
#include "graph/cost.h"

#include "graph/gate_matrix.h"
#include "graph/register.h"
#include "graph/transfer.h"

static const double step_samples = 32;
/* Operations per nanosecond. */
static const double rate_transfer = 100, rate_shared = 8;
static const double rate_state[] = {100, 100, 100, 100, 100, 100, 90, 75, 50};
static const double rate_large_state = 32;
enum { SINE_AND_COSINE = 40, OVERHEAD = 20 };

const char *engine_text(Engine engine)
{
    switch (engine) {
    case ENGINE_none: return "auto";
    case ENGINE_state: return "state";
    case ENGINE_transfer: return "transfer";
    case ENGINE_density: return "density";
    }
    unreachable();
}

bool stage_is_quantum(const Stage *s) { return s->kind >= STAGE_encode && s->kind <= STAGE_quanv; }

static bool reads_data(const Sx *x)
{
    return x && (x->kind == SX_data || reads_data(x->a) || reads_data(x->b));
}

/* ---- state ---- */

static double rate_of(uint32_t qubits) { return qubits < COUNT(rate_state) ? rate_state[qubits] : rate_large_state; }

static double gate_operations(const GateApp *gate, uint32_t qubits)
{
    const GateMatrix *row = gate_matrix(gate->gate);
    double touched = (double)(INT64_C(1) << (qubits - gate->control_count)), parts = 0;
    int dim = 1 << gate->target_count;
    for (int i = 0; i < dim * dim; i++) {
        if (!row) {
            parts += 2;
            continue;
        }
        double complex all[] = {row->a[i], row->b[i], row->c[i]};
        bool re = false, im = false;
        for (size_t k = 0; k < COUNT(all); k++) re |= creal(all[k]) != 0, im |= cimag(all[k]) != 0;
        parts += re + im;
    }
    bool moves = parts == dim; /* a permutation or signs */
    return touched / dim * parts * (moves ? 1 : 4) + (reads_data(gate->arg) ? SINE_AND_COSINE : 0);
}

static double circuit_operations(const CircuitInst *circuit, uint32_t qubits)
{
    double total = 0;
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++)
        total += gate_operations(&circuit->gates.at[i], qubits);
    return total;
}

static EngineCost state_cost(const QuantumAttr *q)
{
    double dim = (double)(INT64_C(1) << q->qubits), terms = 0;
    EngineCost cost = {0};
    if ((q->circuit && q->circuit->noisy) ||
        (q->encoding && q->encoding->circuit && q->encoding->circuit->noisy))
        cost.obstacle = "it has channels";
    for (uint32_t y = 0; q->observable && y < q->observable->yields.len; y++)
        terms += q->observable->yields.at[y].terms.len;
    cost.circuit = circuit_operations(q->circuit, q->qubits) + dim * (3 + terms);
    cost.circuit += q->encoding && q->encoding->circuit
                        ? circuit_operations(q->encoding->circuit, q->qubits)
                        : 8 * dim;
    cost.ns = cost.circuit / rate_of(q->qubits);
    return cost;
}

/* ---- registers ---- */

static EngineCost form_cost(const StagePlan *p, Form f)
{
    uint32_t most = p->pure[f] > 2 * p->density[f] ? p->pure[f] : 2 * p->density[f];
    EngineCost cost = {.circuit = p->operations[f], .ns = p->operations[f] / rate_of(most)};
    if (isinf(cost.circuit)) cost.obstacle = "it needs more qubits at once than fit";
    return cost;
}

/* The cheapest way in which density matrices occur. */
static EngineCost density_cost(const StagePlan *p)
{
    Form f = p->density[FORM_pure] ? FORM_pure : FORM_density;
    for (Form k = FORM_eager; k < FORM_COUNT; k++)
        if (p->density[k] && p->operations[k] < p->operations[f]) f = k;
    return form_cost(p, f);
}

static EngineCost pure_cost(const StagePlan *p)
{
    EngineCost cost = form_cost(p, FORM_pure);
    if (p->density[FORM_pure] && !cost.obstacle) cost.obstacle = "it has channels, or a density matrix comes in";
    return cost;
}

double chain_ns(const ModelInst *m, const StagePlan *plan, StageId id, StageId source)
{
    const StagePlan *p = &plan[id.i - 1];
    double ns = form_cost(p, p->form).ns;
    return id.i == source.i ? ns : ns + chain_ns(m, plan, stage_of(m, id)->operand[0], source);
}

static EngineCost both(EngineCost a, EngineCost b)
{
    return (EngineCost){a.obstacle ? a.obstacle : b.obstacle, a.circuit + b.circuit, a.step + b.step, a.ns + b.ns};
}

void chain_costs(const ModelInst *m, const StagePlan *plan, StageId id, StageId source, EngineCost *state, EngineCost *density)
{
    EngineCost pure = {0}, mixed = {0};
    if (id.i != source.i) chain_costs(m, plan, stage_of(m, id)->operand[0], source, &pure, &mixed);
    *state = both(pure_cost(&plan[id.i - 1]), pure);
    *density = both(density_cost(&plan[id.i - 1]), mixed);
}

const char *state_obstacle(const Stage *s) { return state_cost(&s->quantum).obstacle; }

/* ---- transfer ---- */

EngineCost parts_cost(const QuantumAttr *q, double circuits)
{
    EngineCost cost = {0};
    Arena *a = arena_new("cost");
    const EncodingFunctions *f = encoding_functions(a, q->encoding, q->qubits);
    const Reach *r = reach(a, q->observable, q->circuit, f);
    if (r->too_large) {
        cost.obstacle = "its observable reaches too many Pauli products";
    } else {
        PauliSet products = pauli_set(a);
        cost.circuit = OVERHEAD * q->observable->yields.len;
        for (uint32_t i = 0; i < f->groups.len; i++)
            cost.circuit += SINE_AND_COSINE * f->groups.at[i].qubit.len;
        for (uint32_t i = 0; i < r->product.len; i++) pauli_set_put(&products, r->product.at[i]);
        for (uint32_t i = 0; i < r->factors.len; i++) cost.circuit += 2 * r->factors.at[i].count;
        for (uint32_t i = 0; i < r->terms.len; i++) cost.circuit += r->terms.at[i].factors.len;
        cost.circuit += products.at.len;
        cost.step = (double)r->work;
        cost.ns =
            cost.circuit / rate_transfer + cost.step / rate_shared / (circuits * step_samples);
    }
    arena_drop(a);
    return cost;
}

static EngineCost transfer_cost(const ModelInst *model, const Stage *s, double circuits)
{
    const char *obstacle = transfer_obstacle(model, s);
    return obstacle ? (EngineCost){.obstacle = obstacle} : parts_cost(&s->quantum, circuits);
}

/* ---- the choice ---- */

static int64_t circuits_of(const ModelInst *model, const Stage *s)
{
    const QuantumAttr *q = &s->quantum;
    if (s->kind != STAGE_quanv) return s->maps;
    int64_t channels =
        q->channels == CHANNELS_joint ? 1 : stage_of(model, s->operand[0])->type.dim[0];
    return channels * q->patches_h * q->patches_w;
}

static bool is_cheaper(const EngineCost *a, const EngineCost *b)
{
    return !a->obstacle && (b->obstacle || a->ns < b->ns);
}

/* A stage that takes or leaves a register. */
static void register_cost(const StagePlan *p, StageCost *cost)
{
    cost->state = p->transfer ? p->state_chain : pure_cost(p);
    cost->density = p->transfer ? p->density_chain : density_cost(p);
    cost->is_unread = !p->is_read;
    cost->chosen = p->transfer ? ENGINE_transfer : plan_is_mixed(p) ? ENGINE_density : ENGINE_state;
    if (p->transfer) cost->transfer = parts_cost(p->transfer, (double)cost->circuits);
    else cost->transfer.obstacle = "a state comes in or goes out";
}

StageCost stage_cost(const ModelInst *model, StageId stage, Engine wanted)
{
    const Stage *s = stage_of(model, stage);
    StageCost cost = {.stage = stage, .circuits = circuits_of(model, s), .chosen = wanted};
    Arena *a = arena_new("cost");
    const StagePlan *plan = &register_plan(a, model, (LowerOptions){.engine = wanted})[stage.i - 1];
    if (plan->is_register) {
        register_cost(plan, &cost);
    } else {
        cost.state = state_cost(&s->quantum);
        cost.transfer = transfer_cost(model, s, (double)cost.circuits);
        cost.density.obstacle = "a state comes in or goes out, and it is pure";
        if (transfer_applies(model, s)) {
            StagePlan own = register_plan_stage(a, model, s, ENGINE_density);
            cost.density = density_cost(&own);
        } else {
            cost.chosen = ENGINE_state;
        }
        if (cost.chosen == ENGINE_none) {
            cost.chosen = is_cheaper(&cost.density, &cost.state) ? ENGINE_density : ENGINE_state;
            if (is_cheaper(&cost.transfer, cost.chosen == ENGINE_state ? &cost.state : &cost.density)) cost.chosen = ENGINE_transfer;
        }
    }
    arena_drop(a);
    return cost;
}

Engine stage_engine(const ModelInst *model, StageId stage, Engine wanted)
{
    const Stage *s = stage_of(model, stage);
    if (s->kind == STAGE_dissipative || !transfer_applies(model, s)) return stage_cost(model, stage, wanted).chosen;
    if (wanted != ENGINE_none) return wanted;
    if (transfer_obstacle(model, s)) return state_obstacle(s) ? ENGINE_density : ENGINE_state;
    return stage_cost(model, stage, wanted).chosen;
}

static void print_engine(FILE *out, const EngineCost *cost, Engine engine, Engine chosen)
{
    fprintf(out, "    %-9s ", engine_text(engine));
    if (cost->obstacle)
        fprintf(out, "cannot: %s", cost->obstacle);
    else
        fprintf(out, "%8.0f operations %8.0f per step %9.1f ns", cost->circuit, cost->step,
                cost->ns);
    fprintf(out, "%s\n", engine == chosen ? "  chosen" : "");
}

void cost_print(FILE *out, Compiler *c, const ModelInst *model, Engine wanted)
{
    for (uint32_t i = 1; i <= model->stages.len; i++) {
        const Stage *s = stage_of(model, (StageId){i});
        if (!stage_is_quantum(s) && s->kind != STAGE_dissipative) continue;
        StageCost cost = stage_cost(model, (StageId){i}, wanted);
        const LayerInst *layer = layer_of(model, s->layer);
        fprintf(out, "%s %s: %lld circuit%s per sample\n", name_text(c->names, layer->name),
                layer->kind_text ? layer->kind_text : "", (long long)cost.circuits,
                cost.circuits == 1 ? "" : "s");
        if (cost.is_unread) {
            fputs("    its state is not asked for\n", out);
            continue;
        }
        print_engine(out, &cost.transfer, ENGINE_transfer, cost.chosen);
        print_engine(out, &cost.state, ENGINE_state, cost.chosen);
        print_engine(out, &cost.density, ENGINE_density, cost.chosen);
    }
}
