/* every_model.c: finds the models and fills their leaves. */
#include "reference/every_model.h"

#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/cost.h"

enum { MOST_DENSITY = 300000 };

static double wave(int64_t k) { return 0.45 + 0.4 * sin(1.7 * (double)k + 0.3); }

/* Makes a state of d amplitudes, or the matrix of one. */
static void make_state(double *v, int64_t d, bool is_matrix)
{
    double norm = 0;
    for (int64_t i = 0; i < d && is_matrix; i++) v[2 * i + 1] = 0;
    for (int64_t i = 0; i < 2 * d; i++) norm += v[i] * v[i];
    for (int64_t i = 0; i < 2 * d; i++) v[i] /= sqrt(norm);
    for (int64_t i = is_matrix ? d * d - 1 : -1; i >= 0; i--) { /* of real amplitudes; the first row is read until the end */
        double a = v[2 * (i / d)], b = v[2 * (i % d)];
        v[2 * i] = a * b;
        v[2 * i + 1] = 0;
    }
}

double *leaf_values(Compiler *c, const Leaf *leaf, bool is_input, int samples)
{
    int64_t each = type_count(&leaf->type) * (leaf->type.is_complex ? 2 : 1), n = each * (is_input ? samples : 1);
    double *v = arena_array(c->keep, double, n);
    for (int64_t k = 0; k < n; k++) v[k] = is_input ? wave(k) : 1.3 * wave(3 * k + 1) - 0.4;
    if (!strcmp(leaf->name, "weight"))
        for (int64_t k = 0; k < n; k++) v[k] = 1.0 / samples;
    for (int s = 0; s < samples && leaf->type.is_complex && is_input; s++)
        make_state(v + s * each, leaf->type.dim[0], leaf->type.rank == 2);
    if (leaf->type.is_complex && !is_input) {
        int64_t d = leaf->type.dim[leaf->type.rank - 1];
        for (int64_t k = 0; k < n; k++) v[k] = k % 2 == 0 && k / 2 / d % d == k / 2 % d;
    }
    return v;
}

static bool small_enough(const ModelInst *m, int64_t most)
{
    int64_t reals = 0;
    for (uint32_t i = 0; i < m->stages.len; i++) {
        const Stage *s = &m->stages.at[i];
        int64_t n = s->type.kind == VALUE_real ? 1 : INT64_C(1) << s->type.dim[0];
        for (int d = 0; s->type.kind == VALUE_real && d < s->type.rank; d++) n *= s->type.dim[d];
        reals += n;
    }
    return reals < most;
}

bool model_executes(const ModelInst *m, Engine engine)
{
    for (uint32_t i = 1; i <= m->stages.len; i++) {
        StageId id = {i};
        if (!stage_is_quantum(stage_of(m, id)) && stage_of(m, id)->kind != STAGE_dissipative) continue;
        StageCost cost = stage_cost(m, id, engine);
        if (cost.chosen == ENGINE_transfer && cost.transfer.obstacle) return false;
        if (cost.chosen == ENGINE_density && (cost.density.obstacle || cost.density.circuit * (double)cost.circuits > MOST_DENSITY)) return false;
        if ((cost.chosen == ENGINE_state || engine == ENGINE_state) && cost.state.obstacle && !cost.is_unread) return false;
    }
    return true;
}

static int check_files(const char *pattern, int64_t reals, void (*examine)(Compiler *c, const char *path, const ModelInst *m))
{
    char full[1024];
    glob_t found;
    int met = 0;
    snprintf(full, sizeof full, "%s/%s", getenv("RQ_SRC"), pattern);
    if (glob(full, 0, NULL, &found)) fatal("no file is like '%s'", full);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Compiler *c = compiler_new();
        FILE *nowhere = fopen("/dev/null", "w");
        c->messages = nowhere;
        Program *p = compile_front(c, found.gl_pathv[i], &(CheckOptions){0});
        for (uint32_t k = 0; p && k < p->models.len; k++, met++)
            if (small_enough(p->models.at[k], reals)) examine(c, found.gl_pathv[i], p->models.at[k]);
        diag_flush(c);
        compiler_drop(c);
        fclose(nowhere);
    }
    globfree(&found);
    return met;
}

int every_model(int64_t reals, void (*examine)(Compiler *c, const char *path, const ModelInst *m))
{
    static const char *const patterns[] = {"tests/golden/inst/*.rq", "tests/golden/flow/*.rq", "tests/golden/g*/*.rq",
                                           "tests/cli/model.rq", "tests/cli/every_layer.rq", "examples/qlenet/qlenet.rq"};
    int met = 0;
    if (!getenv("RQ_SRC")) fatal("RQ_SRC is not set");
    for (size_t i = 0; i < COUNT(patterns); i++) met += check_files(patterns[i], reals, examine);
    return met;
}
