/* prop_registers.c: chains of encodings, circuits with channels, and dissipative layers, measured or compared with target states,
 * against full density matrices; each engine's gradient against central differences, its Hessian-vector product against the others'.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "graph/gate_matrix.h"
#include "graph/lower.h"
#include "reference/dense_density.h"
#include "reference/model_builder.h"
#include "reference/random.h"

enum { PARAMS = 10, VALUES = 4, SAMPLES = 2, YIELDS = 3, MOST_QUBITS = 6, MOST = 1 << 2 * MOST_QUBITS, MOST_LAYERS = 3, V_DIM = 4 };

/* ---- random models ---- */

typedef enum Start { SOURCE_encode, SOURCE_state, SOURCE_density, SOURCE_ground, SOURCE_COUNT } Start;
typedef enum End { END_measure, END_infidelity, END_local, END_COUNT } End;

typedef struct Case {
    Compiler *c;
    ModelInst *model;
    Random r;
    GroupId p, h, v;
    Start source;
    End end;
    bool noisy;
    int in, out; /* qubits at the beginning and at the end */
    const ObservableInst *observable;
    char letters[YIELDS][8];
    double params[PARAMS], weights[PARAMS], matrix[2 * V_DIM * V_DIM], input[SAMPLES * 2 * MOST], target[SAMPLES * 2 << MOST_QUBITS],
        weight[SAMPLES];
} Case;

static const GateId channels[] = {GATE_depolarize, GATE_amplitude_damp, GATE_phase_damp, GATE_bit_flip, GATE_reset};

static void add_random_gate(Case *k, CircuitInst *circuit)
{
    Random *r = &k->r;
    int n = (int)circuit->qubits, order[8], kind = below(r, 8);
    shuffled(r, n, order);
    if (kind == 0 && k->noisy) {
        GateId gate = channels[below(r, COUNT(channels))];
        add_gate(k->c, circuit, gate, gate == GATE_reset ? NULL : make_param(k->c, k->p, (uint32_t)below(r, PARAMS)), 1, 1, order);
        circuit->noisy = true;
        return;
    }
    GateId gate = kind == 1 && n > 1 ? GATE_unitary : kind == 2 && n > 1 ? GATE_swap : (GateId)(1 + below(r, GATE_unitary - 1));
    const GateMatrix *row = gate_matrix(gate);
    int targets = row ? row->qubits : 2, room = n - targets, controls = room > 0 && below(r, 3) == 0 ? 1 + below(r, room > 2 ? 2 : room) : 0;
    if (targets > n) return;
    const Sx *arg = make_of(k->c, SX_mul, make_number(k->c, between(r, -3, 3)), make_param(k->c, k->p, (uint32_t)below(r, PARAMS)));
    GateApp *app = add_gate(k->c, circuit, gate, row && row->params ? arg : NULL, targets, targets + controls, order);
    if (!row) app->group = k->v;
    app->dagger = !(row && row->params) && below(r, 2);
    app->control_values = (uint32_t)below(r, 1 << controls);
}

static const CircuitInst *random_circuit(Case *k, int n, int gates)
{
    CircuitInst *circuit = circuit_new(k->c, (uint32_t)n, 0);
    for (int i = 0; i < gates; i++) add_random_gate(k, circuit);
    return circuit;
}

static StageId add_dissipative(Case *k, StageId from, int inputs, int outputs, int number)
{
    Random *r = &k->r;
    Stage s = {.kind = STAGE_dissipative, .type = {.kind = VALUE_density, .rank = 1, .dim = {outputs}}};
    s.dissipative.count = (uint32_t)outputs;
    if (below(r, 3) == 0) {
        s.dissipative.circuit = random_circuit(k, inputs + outputs, 6);
    } else {
        s.dissipative.fan_in = (uint32_t)(1 + below(r, inputs));
        s.dissipative.shift = below(r, 5) - 2;
        s.dissipative.periodic = below(r, 2);
        s.dissipative.perceptron = arena_array(k->c->keep, const CircuitInst *, outputs);
        for (int j = 0; j < outputs; j++) s.dissipative.perceptron[j] = random_circuit(k, (int)s.dissipative.fan_in + 1, 3);
    }
    set_groups(k->c, &s, k->p, k->v);
    return add_layer(k->c, k->model, arena_printf(k->c->keep, "d%d", number), s, from);
}

static StageId add_evolve(Case *k, StageId from, int n, int number)
{
    const CircuitInst *circuit = random_circuit(k, n, 2 + below(&k->r, 8));
    bool pure = stage_of(k->model, from)->type.kind == VALUE_state && !circuit->noisy;
    Stage s = {.kind = STAGE_evolve, .type = {.kind = pure ? VALUE_state : VALUE_density, .rank = 1, .dim = {n}}};
    s.quantum = (QuantumAttr){.circuit = circuit, .qubits = (uint32_t)n};
    set_groups(k->c, &s, k->p, k->v);
    return add_layer(k->c, k->model, arena_printf(k->c->keep, "e%d", number), s, from);
}

static StageId add_source(Case *k)
{
    ValueType type = {.kind = k->source == SOURCE_density ? VALUE_density : VALUE_state, .rank = 1, .dim = {k->in}};
    if (k->source != SOURCE_encode) return add_input(k->c, k->model, "x", type);
    StageId x = add_input(k->c, k->model, "x", real_type(1, (int64_t[]){k->in}));
    Stage s = {.kind = STAGE_encode, .type = type};
    s.quantum = (QuantumAttr){.encoding = angle_encoding(k->c, (uint32_t)k->in), .qubits = (uint32_t)k->in};
    return add_layer(k->c, k->model, "encode", s, x);
}

static void add_measure(Case *k, StageId from)
{
    Random *r = &k->r;
    ObservableInst *o = observable_new(k->c, (uint32_t)k->out);
    for (int y = 0; y < YIELDS; y++) {
        add_yield(k->c, o);
        for (int q = 0; q < k->out; q++) k->letters[y][q] = "IXYZ"[below(r, 4)];
        add_term(k->c, o, y == 1 ? make_param(k->c, k->h, 0) : NULL, k->letters[y]);
    }
    Stage s = {.kind = STAGE_measure, .type = real_type(1, (int64_t[]){YIELDS})};
    s.quantum = (QuantumAttr){.observable = o, .qubits = (uint32_t)k->out};
    set_groups(k->c, &s, k->h, (GroupId){0});
    add_layer(k->c, k->model, "measure", s, from);
}

/* ---- random numbers ---- */

static void random_state(Random *r, int n, double *out)
{
    double norm = 0;
    for (int i = 0; i < 2 << n; i++) {
        out[i] = between(r, -1, 1);
        norm += out[i] * out[i];
    }
    for (int i = 0; i < 2 << n; i++) out[i] /= sqrt(norm);
}

/* Half of one pure state and half of another. */
static void random_density(Random *r, int n, double *out)
{
    memset(out, 0, sizeof *out * (2u << 2 * n));
    for (int part = 0; part < 2; part++) {
        double psi[2 << MOST_QUBITS];
        random_state(r, n, psi);
        for (int i = 0; i < 1 << n; i++)
            for (int j = 0; j < 1 << n; j++) {
                double complex e = 0.5 * (psi[2 * i] + _Complex_I * psi[2 * i + 1]) * (psi[2 * j] - _Complex_I * psi[2 * j + 1]);
                out[2 * ((i << n) + j)] += creal(e);
                out[2 * ((i << n) + j) + 1] += cimag(e);
            }
    }
}

/* A product of one-qubit states. */
static void random_product(Random *r, int n, double *out)
{
    double complex psi[1 << MOST_QUBITS] = {1};
    for (int q = 0; q < n; q++) {
        double one[4];
        random_state(r, 1, one);
        for (int i = (1 << q) - 1; i >= 0; i--) {
            psi[2 * i + 1] = psi[i] * (one[2] + _Complex_I * one[3]);
            psi[2 * i] = psi[i] * (one[0] + _Complex_I * one[1]);
        }
    }
    for (int i = 0; i < 1 << n; i++) out[2 * i] = creal(psi[i]), out[2 * i + 1] = cimag(psi[i]);
}

/* Orthonormal columns from random ones. */
static void random_unitary(Random *r, double *v)
{
    double complex m[V_DIM][V_DIM]; /* [column][row] */
    for (int j = 0; j < V_DIM; j++) {
        double norm = 0;
        for (int i = 0; i < V_DIM; i++) m[j][i] = between(r, -1, 1) + _Complex_I * between(r, -1, 1);
        for (int l = 0; l < j; l++) {
            double complex dot = 0;
            for (int i = 0; i < V_DIM; i++) dot += conj(m[l][i]) * m[j][i];
            for (int i = 0; i < V_DIM; i++) m[j][i] -= dot * m[l][i];
        }
        for (int i = 0; i < V_DIM; i++) norm += creal(m[j][i] * conj(m[j][i]));
        for (int i = 0; i < V_DIM; i++) m[j][i] /= sqrt(norm);
    }
    for (int i = 0; i < V_DIM; i++)
        for (int j = 0; j < V_DIM; j++) v[2 * (i * V_DIM + j)] = creal(m[j][i]), v[2 * (i * V_DIM + j) + 1] = cimag(m[j][i]);
}

static void random_numbers(Case *k)
{
    Random *r = &k->r;
    for (int i = 0; i < PARAMS; i++) k->params[i] = between(r, 0.05, 0.9), k->weights[i] = between(r, -1, 1);
    random_unitary(r, k->matrix);
    for (int s = 0; s < SAMPLES; s++) {
        if (k->source == SOURCE_density) random_density(r, k->in, k->input + s * (2 << 2 * k->in));
        if (k->source == SOURCE_state) random_state(r, k->in, k->input + s * (2 << k->in));
        for (int i = 0; k->source == SOURCE_encode && i < k->in; i++) k->input[s * k->in + i] = between(r, -1, 1);
        if (k->end == END_local) random_product(r, k->out, k->target + s * (2 << k->out));
        if (k->end == END_infidelity) random_state(r, k->out, k->target + s * (2 << k->out));
        for (int i = 0; k->end == END_measure && i < YIELDS; i++) k->target[s * YIELDS + i] = between(r, -1, 1);
        k->weight[s] = 1.0 / SAMPLES;
    }
}

static Case random_case(uint64_t seed)
{
    Case k = {.c = compiler_new(), .r = {seed}};
    Random *r = &k.r;
    k.model = model_new(k.c, "random");
    k.p = add_group(k.c, k.model, "p", 1, (int64_t[]){PARAMS});
    k.h = add_group(k.c, k.model, "h", 1, (int64_t[]){PARAMS});
    k.v = add_group(k.c, k.model, "V", 2, (int64_t[]){V_DIM, V_DIM});
    group_of(k.model, k.v)->is_unitary = true;
    k.source = (Start)below(r, SOURCE_COUNT);
    k.end = (End)below(r, END_COUNT);
    k.noisy = below(r, 2);
    k.in = k.out = 1 + below(r, 3);
    StageId at = add_source(&k);
    int layers = 1 + below(r, MOST_LAYERS);
    for (int i = 0; i < layers; i++) {
        bool mixes = i == 0 || below(r, 2);
        if (!mixes) {
            at = add_evolve(&k, at, k.out, i);
            continue;
        }
        int outputs = 1 + below(r, 3);
        at = add_dissipative(&k, at, k.out, outputs, i);
        k.out = outputs;
    }
    if (k.end == END_measure) add_measure(&k, at);
    random_numbers(&k);
    return k;
}

/* ---- the dense twin ---- */

static double number_of(const Case *k, const Sx *x)
{
    if (!x) return 0;
    if (x->kind == SX_param) return k->params[x->index];
    return x->a->value.real * k->params[x->b->index];
}

static void dense_circuit(const Case *k, int n, double complex *rho, const CircuitInst *circuit, const int *at)
{
    double complex v[V_DIM * V_DIM];
    for (int i = 0; i < V_DIM * V_DIM; i++) v[i] = k->matrix[2 * i] + _Complex_I * k->matrix[2 * i + 1];
    for (uint32_t i = 0; i < circuit->gates.len; i++) {
        const GateApp *a = &circuit->gates.at[i];
        const GateMatrix *row = gate_matrix(a->gate);
        if (!row && a->gate != GATE_unitary) {
            density_channel(n, rho, channel_name(a->gate), number_of(k, a->arg), at[a->targets[0]]);
            continue;
        }
        DenseGate gate = {.name = row ? row->name : NULL, .matrix = row ? NULL : v, .t = number_of(k, a->arg),
                          .target_count = a->target_count, .control_count = a->control_count, .dagger = a->dagger};
        for (int q = 0; q < a->target_count; q++) gate.target[q] = at[a->targets[q]];
        for (int q = 0; q < a->control_count; q++) {
            gate.control[q] = at[a->controls[q]];
            gate.control_value[q] = a->control_values >> q & 1;
        }
        density_gate(n, rho, &gate);
    }
}

/* rho[in] -> rho[out], in place. */
static void dense_dissipative(const Case *k, const Stage *s, int in, double complex *rho)
{
    int out = (int)s->dissipative.count, n = in + out, at[2 * MOST_QUBITS], fan_in = (int)s->dissipative.fan_in;
    double complex wide[MOST];
    density_extend(in, rho, out, wide);
    for (int i = 0; i < n; i++) at[i] = i;
    if (s->dissipative.circuit) dense_circuit(k, n, wide, s->dissipative.circuit, at);
    for (int j = 0; !s->dissipative.circuit && j < out; j++) {
        int first = j + (int)s->dissipative.shift;
        if (!s->dissipative.periodic && first > in - fan_in) first = in - fan_in;
        if (!s->dissipative.periodic && first < 0) first = 0;
        for (int i = 0; i < fan_in; i++) at[i] = (first + i + 10 * in) % in;
        at[fan_in] = in + j;
        dense_circuit(k, n, wide, s->dissipative.perceptron[j], at);
    }
    density_trace_first(n, wide, in, rho);
}

static void dense_source(const Case *k, int sample, double complex *rho)
{
    int n = k->in, dim = 1 << n;
    double complex psi[DENSE_MAX] = {1};
    const double *x = k->input + sample * (k->source == SOURCE_density ? 2 << 2 * n : k->source == SOURCE_state ? 2 << n : n);
    for (int q = 0; k->source == SOURCE_encode && q < n; q++)
        dense_apply(n, psi, &(DenseGate){.name = "ry", .t = M_PI * x[q], .target_count = 1, .target = {q}});
    for (int i = 0; k->source == SOURCE_state && i < dim; i++) psi[i] = x[2 * i] + _Complex_I * x[2 * i + 1];
    density_of(n, psi, rho);
    for (int i = 0; k->source == SOURCE_density && i < dim * dim; i++) rho[i] = x[2 * i] + _Complex_I * x[2 * i + 1];
}

static double dense_loss(const Case *k, const double complex *rho, int sample)
{
    double complex t[DENSE_MAX], full[MOST];
    double loss = 0;
    for (int y = 0; k->end == END_measure && y < YIELDS; y++) {
        double d = creal(density_expectation(k->out, rho, k->letters[y])) * (y == 1 ? k->weights[0] : 1) - k->target[sample * YIELDS + y];
        loss += d * d / YIELDS;
    }
    if (k->end == END_measure) return loss;
    const double *target = k->target + sample * (2 << k->out);
    for (int i = 0; i < 1 << k->out; i++) {
        t[i] = target[2 * i] + _Complex_I * target[2 * i + 1];
        if (k->source == SOURCE_ground) t[i] = i == 0;
    }
    if (k->end == END_infidelity) return 1 - density_fidelity(k->out, rho, t);
    density_of(k->out, t, full); /* mean of tr(rho (|t><t|_q (x) 1)), by Pauli letters on qubit q */
    for (int q = 0; q < k->out; q++) {
        char letters[8] = {0};
        memset(letters, 'I', (size_t)k->out);
        for (int l = 0; l < 4; l++) {
            letters[q] = "IXYZ"[l];
            loss += creal(density_expectation(k->out, rho, letters) * density_expectation(k->out, full, letters)) / 2;
        }
    }
    return 1 - loss / k->out;
}

static double dense_mean_loss(const Case *k)
{
    double mean = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double complex rho[MOST];
        int n = k->in, at[MOST_QUBITS] = {0, 1, 2, 3, 4, 5};
        dense_source(k, s, rho);
        for (uint32_t i = 0; i < k->model->stages.len; i++) {
            const Stage *st = &k->model->stages.at[i];
            if (st->kind == STAGE_evolve) dense_circuit(k, n, rho, st->quantum.circuit, at);
            if (st->kind != STAGE_dissipative) continue;
            dense_dissipative(k, st, n, rho);
            n = (int)st->dissipative.count;
        }
        mean += dense_loss(k, rho, s) / SAMPLES;
    }
    return mean;
}

/* ---- one engine ---- */

enum { NUMBERS = 1 + 2 * (PARAMS + 1) }; /* loss, gradient, Hessian-vector product, in p and h[0] */

static void numbers(const Case *k, Engine engine, double *out)
{
    LowerOptions o = {.engine = engine, .ground = k->source == SOURCE_ground,
                      .loss = k->end == END_measure ? LOSS_mse : k->end == END_local ? LOSS_local : LOSS_infidelity};
    Lowered *l = lower(k->c, k->model, o);
    assert_non_null(l);
    Graph *g = l->g;
    NodeId wrt[] = {l->group[k->p.i - 1], l->group[k->h.i - 1]}, adjoint[2], tangent[2];
    NodeId along[] = {graph_param(g, "dp", *type_of(g, wrt[0])), graph_param(g, "dh", *type_of(g, wrt[1]))};
    gradient(g, l->mean_loss, wrt, 2, adjoint, (GradOptions){0});
    pushforward(g, wrt, along, 2, adjoint, 2, tangent);
    graph_verify(g, "prop_registers");
    double dp[PARAMS], dh[PARAMS];
    for (int i = 0; i < PARAMS; i++) dp[i] = sin(i + 1.0), dh[i] = cos(i + 1.0);
    Binding b[] = {{"p", k->params}, {"h", k->weights}, {"V", k->matrix}, {"x", k->input}, {"target", k->target},
                   {"weight", k->weight}, {"dp", dp}, {"dh", dh}};
    NodeId wanted[] = {l->mean_loss, adjoint[0], adjoint[1], tangent[0], tangent[1]};
    Evaluation *e = eval(k->c, g, SAMPLES, b, COUNT(b), wanted, COUNT(wanted));
    int n = 0;
    out[n++] = evaluation_of(e, wanted[0])[0];
    for (int w = 1; w < 5; w++)
        for (int i = 0; i < (w % 2 ? PARAMS : 1); i++) out[n++] = evaluation_of(e, wanted[w])[i];
    evaluation_drop(e);
    graph_drop(g);
}

static bool has_channel(const CircuitInst *circuit)
{
    bool any = false;
    for (uint32_t i = 0; circuit && i < circuit->gates.len; i++)
        any |= circuit->gates.at[i].gate > GATE_unitary && circuit->gates.at[i].gate < GATE_reset;
    return any;
}

/* The state engine can: neither channels nor a density matrix. */
static bool stays_pure(const Case *k)
{
    bool pure = k->source != SOURCE_density;
    for (uint32_t i = 0; i < k->model->stages.len; i++) {
        const Stage *s = &k->model->stages.at[i];
        if (s->kind == STAGE_evolve) pure &= !has_channel(s->quantum.circuit);
        if (s->kind != STAGE_dissipative) continue;
        pure &= !has_channel(s->dissipative.circuit);
        for (uint32_t j = 0; !s->dissipative.circuit && j < s->dissipative.count; j++) pure &= !has_channel(s->dissipative.perceptron[j]);
    }
    return pure;
}

static void near(uint64_t seed, Engine engine, int i, double a, double b, double tolerance)
{
    if (fabs(a - b) <= tolerance * (1 + fabs(b))) return;
    fail_msg("seed %llu, engine %d, number %d: %.12g, expected %.12g", (unsigned long long)seed, (int)engine, i, a, b);
}

static int pure_cases, transferred_cases;

static void check_case(uint64_t seed)
{
    static const Engine engines[] = {ENGINE_none, ENGINE_transfer, ENGINE_density, ENGINE_state};
    Case k = random_case(seed);
    double first[NUMBERS], n[NUMBERS], h = 1e-5;
    bool pure = stays_pure(&k);
    pure_cases += pure;
    transferred_cases += k.end == END_measure && (k.source == SOURCE_encode || k.source == SOURCE_ground);
    for (int e = 0; e < (pure ? 4 : 3); e++) {
        numbers(&k, engines[e], n);
        near(seed, engines[e], 0, n[0], dense_mean_loss(&k), 1e-12);
        for (int i = 0; i < NUMBERS && e; i++) near(seed, engines[e], i, n[i], first[i], 1e-9);
        if (!e) memcpy(first, n, sizeof n);
    }
    for (int i = (int)(seed % 4); i <= PARAMS; i += 4) {
        double *at = i < PARAMS ? &k.params[i] : &k.weights[0], was = *at, up, down;
        *at = was + h;
        up = dense_mean_loss(&k);
        *at = was - h;
        down = dense_mean_loss(&k);
        *at = was;
        near(seed, ENGINE_none, 1 + i, first[1 + i], (up - down) / (2 * h), 1e-7);
    }
    compiler_drop(k.c);
}

static void test_registers(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) check_case(seed);
    assert_true(pure_cases > 15 && transferred_cases > 10);
}

/* ---- what falls apart ---- */

/* A layer of n perceptrons, each a swap of one input with its output and then ry: of |0..0> the outputs are cos^2(t/2) |0>. */
static ModelInst *shallow(Compiler *c, int n)
{
    ModelInst *m = model_new(c, "shallow");
    StageId in = add_input(c, m, "x", state_type(n));
    Stage s = {.kind = STAGE_dissipative, .type = {.kind = VALUE_density, .rank = 1, .dim = {n}}};
    s.dissipative.count = (uint32_t)n;
    s.dissipative.fan_in = 1;
    s.dissipative.perceptron = arena_array(c->keep, const CircuitInst *, n);
    GroupId p = add_group(c, m, "p", 1, (int64_t[]){n});
    for (int j = 0; j < n; j++) {
        CircuitInst *circuit = circuit_new(c, 2, 0);
        add_gate(c, circuit, GATE_swap, NULL, 2, 2, (int[]){0, 1});
        add_gate(c, circuit, GATE_ry, make_param(c, p, (uint32_t)j), 1, 1, (int[]){1});
        s.dissipative.perceptron[j] = circuit;
    }
    set_groups(c, &s, p, (GroupId){0});
    add_layer(c, m, "out", s, in);
    return m;
}

/* Nodes of the loss and its gradient; the loss and its first derivative are compared with the closed forms. */
static uint32_t shallow_nodes(int n, LossKind loss)
{
    Compiler *c = compiler_new();
    ModelInst *m = shallow(c, n);
    Lowered *l = lower(c, m, (LowerOptions){.loss = loss, .ground = true});
    assert_non_null(l);
    NodeId adjoint;
    gradient(l->g, l->mean_loss, l->group, 1, &adjoint, (GradOptions){0});
    graph_output(l->g, "loss", l->mean_loss);
    graph_output(l->g, "grad", adjoint);
    Graph *g = simplify(c, l->g);
    double t[16], product = 1, mean = 0, weight[] = {1};
    for (int i = 0; i < n; i++) {
        double f = pow(cos((t[i] = 0.3 + 0.1 * i) / 2), 2);
        product *= f;
        mean += f / n;
    }
    uint32_t nodes = g->nodes.len;
    for (uint32_t i = 1; i < nodes; i++) assert_true(type_count(&g->nodes.at[i].type) <= (n > 4 ? n : 4));
    NodeId wanted[] = {g->outputs.at[0].node, g->outputs.at[1].node};
    Evaluation *e = eval(c, g, 1, (Binding[]){{"p", t}, {"weight", weight}}, 2, wanted, 2);
    near((uint64_t)n, ENGINE_none, 0, evaluation_of(e, wanted[0])[0], 1 - (loss == LOSS_local ? mean : product), 1e-13);
    double slope = loss == LOSS_local ? sin(t[0]) / (2 * n) : product * tan(t[0] / 2);
    near((uint64_t)n, ENGINE_none, 1, evaluation_of(e, wanted[1])[0], slope, 1e-13);
    evaluation_drop(e);
    graph_drop(g);
    graph_drop(l->g);
    compiler_drop(c);
    return nodes;
}

static void test_groups(void **state)
{
    (void)state;
    for (LossKind loss = LOSS_infidelity; loss <= LOSS_local; loss++) {
        uint32_t nodes[3];
        for (int i = 0; i < 3; i++) nodes[i] = shallow_nodes(9 + i, loss);
        assert_true(nodes[2] - nodes[1] <= nodes[1] - nodes[0] + 2);
        assert_true(nodes[2] < 40 * 11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_registers), cmocka_unit_test(test_groups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
