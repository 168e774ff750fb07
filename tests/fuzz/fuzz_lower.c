/* fuzz_lower.c: every model that comes out of a checked text becomes verified kernels of its step, or a reported error.
 *
 * Check, lower, differentiate, simplify, schedule; nothing is compiled to machine code. Large models only take long, so those are
 * left out: what counts here is the way, not the size. The verifiers abort on what is not legal.
 */
#include <string.h>

#include "compile.h"

enum { MOST_STAGES = 24, MOST_VALUES = 1024, MOST_GATES = 200, MOST_QUBITS = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t values_of(const ValueType *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) n = t->kind == VALUE_real ? n * t->dim[i] : n << (t->dim[i] < 20 ? t->dim[i] : 20);
    return n;
}

static bool is_small_circuit(const CircuitInst *circuit)
{
    return !circuit || (circuit->qubits <= MOST_QUBITS && circuit->gates.len <= MOST_GATES);
}

static bool is_small(const ModelInst *model)
{
    if (model->stages.len > MOST_STAGES) return false;
    for (uint32_t i = 0; i < model->groups.len; i++) {
        if (model->groups.at[i].count > MOST_VALUES) return false;
    }
    for (uint32_t i = 0; i < model->stages.len; i++) {
        const Stage *s = &model->stages.at[i];
        if (values_of(&s->type) > MOST_VALUES) return false;
        if (s->kind == STAGE_dissipative && (s->dissipative.count > 3 || !is_small_circuit(s->dissipative.circuit))) return false;
        bool is_quantum = s->kind >= STAGE_encode && s->kind <= STAGE_quanv;
        if (is_quantum && (s->quantum.qubits > MOST_QUBITS || !is_small_circuit(s->quantum.circuit))) return false;
    }
    return true;
}

static void lower_model(Compiler *c, const ModelInst *model, LossKind loss)
{
    unsigned before = c->errors;
    FunctionSpec spec = {.kind = RQ_FUNCTION_step, .loss = loss, .real_bytes = 4};
    Graph *g = compile_graph(c, model, &spec);
    if (!g && c->errors == before) ice(c, (Span){0, 0}, "a failure that nobody reported");
    if (!g) return;
    Kernels *k = schedule(c, g, "step", LANES, 4);
    kernels_verify(k);
    kernels_drop(k);
    graph_drop(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Compiler *c = compiler_new();
    c->messages = fopen("/dev/null", "w");
    Ast *ast = parse(c, source_add(c->keep, &c->sources, "fuzz.rq", (const char *)data, size));
    Program *program = check(c, ast, &(CheckOptions){0});
    for (uint32_t i = 0; program && i < program->actions.len; i++) {
        const ActionInst *a = program->actions.at[i];
        if (a->kind == ACTION_train && a->model && is_small(a->model)) lower_model(c, a->model, a->loss);
    }
    diag_flush(c);
    fclose(c->messages);
    compiler_drop(c);
    return 0;
}
