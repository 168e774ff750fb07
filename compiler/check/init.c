/* init.c: initialisers: `~ normal(0, 1)`, `dense(10, init: kaiming_normal)`.
 *
 * Those that look at the shape take a weight [out, in, ...]: out filters that read in * ... numbers each. Their standard deviations:
 *     xavier       gain sqrt(2 / (fan_in + fan_out))     Glorot, Bengio, AISTATS 2010, eq. 16; gain 1
 *     kaiming      gain / sqrt(fan_in)                   He et al., arXiv 1502.01852, eq. 10; gain sqrt(2), for relu
 * with fan_in = in * ... and fan_out = out * ...; the uniform forms have the same deviation, so a bound sqrt(3) times that.
 *     orthogonal   gain times a matrix [out, in * ...] with orthonormal rows, or columns if there are more rows, uniform among all
 *                  such: Saxe, McClelland, Ganguli, arXiv 1312.6120
 */
#include "check/init.h"

#include <math.h>
#include <string.h>

#include "check/argument.h"

typedef enum InitScale { SCALE_none, SCALE_xavier, SCALE_kaiming } InitScale;

enum { MOST_NUMBERS = 2 };

typedef struct InitRow {
    const char *name;
    InitKind kind;
    InitScale scale;
    uint32_t args;
    ArgSpec arg[MOST_NUMBERS];
    double standard; /* of the first argument, if it may be left out */
} InitRow;

static const InitRow rows[] = {
    {"zeros", INIT_zeros, SCALE_none, 0, {{0}}, 0},
    {"constant", INIT_constant, SCALE_none, 1, {{"value", true}}, 0},
    {"uniform", INIT_uniform, SCALE_none, 2, {{"low", true}, {"high", true}}, 0},
    {"normal", INIT_normal, SCALE_none, 2, {{"mean", true}, {"deviation", true}}, 0},
    {"xavier_uniform", INIT_uniform, SCALE_xavier, 1, {{"gain", false}}, 1},
    {"xavier_normal", INIT_normal, SCALE_xavier, 1, {{"gain", false}}, 1},
    {"kaiming_uniform", INIT_uniform, SCALE_kaiming, 1, {{"gain", false}}, M_SQRT2},
    {"kaiming_normal", INIT_normal, SCALE_kaiming, 1, {{"gain", false}}, M_SQRT2},
    {"orthogonal", INIT_orthogonal, SCALE_none, 1, {{"gain", false}}, 1},
    {"haar", INIT_haar, SCALE_none, 0, {{0}}, 0}, /* unitary matrices */
};

static const InitRow *find_init(Check *k, const Expr *x, const char *text)
{
    WordList words = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!strcmp(rows[i].name, text)) return &rows[i];
        words_add(k, &words, rows[i].name);
    }
    diag_error(k->c, x->span, D_unknown_init, text);
    help_closest(k, text, &words);
    return NULL;
}

static bool read_numbers(Env *e, const InitRow *row, const Expr *x, double *value)
{
    const Arg *slots[MOST_NUMBERS];
    const char *title = arena_printf(e->k->keep, "'%s'", row->name);
    if (!match_arguments(e->k, title, x->span, x->kind == EXPR_call ? &x->call.args : NULL, row->arg, row->args, slots)) return false;
    for (uint32_t i = 0; i < row->args; i++) {
        Rational r = {.real = row->standard};
        if (!slot_number(e, slots[i], "an argument of an initialiser", &r)) return false;
        value[i] = r.real;
    }
    bool has_gain = row->args && !row->arg[0].is_required;
    bool is_bad = (row->kind == INIT_uniform && !has_gain && value[1] < value[0]) ||
                  (row->kind == INIT_normal && !has_gain && value[1] < 0) || (has_gain && value[0] <= 0);
    if (is_bad) diag_error(e->k->c, x->span, D_bad_init, row->name);
    return !is_bad;
}

/* A distribution of this deviation around 0. */
static void set_deviation(GroupInst *g, double deviation)
{
    bool is_uniform = g->init == INIT_uniform;
    g->a = is_uniform ? -sqrt(3) * deviation : 0;
    g->b = is_uniform ? sqrt(3) * deviation : deviation;
}

bool read_init(Env *e, const Expr *x, GroupInst *g)
{
    bool is_call = x->kind == EXPR_call;
    if (!is_call && x->kind != EXPR_name) {
        if (x->kind != EXPR_error) diag_error(e->k->c, x->span, D_wants_init);
        return false;
    }
    const InitRow *row = find_init(e->k, x, name_string(e->k, is_call ? x->call.callee.name : x->name));
    double value[MOST_NUMBERS] = {0};
    if (!row || !read_numbers(e, row, x, value)) return false;
    if ((row->kind == INIT_haar) != g->is_unitary) {
        diag_error(e->k->c, x->span, D_init_mismatch, row->name, g->is_unitary ? "a unitary matrix" : "real numbers");
        return false;
    }
    g->init = row->kind;
    g->a = value[0];
    g->b = value[1];
    if (row->scale == SCALE_none && row->kind != INIT_orthogonal) return true;
    if (g->rank < 2) {
        diag_error(e->k->c, x->span, D_init_rank, row->name, (int)g->rank);
        return false;
    }
    if (!g->count) return true;
    double fan_in = (double)(g->count / g->dim[0]), fan_out = (double)(g->count / g->dim[1]);
    if (row->scale == SCALE_xavier) set_deviation(g, value[0] * sqrt(2 / (fan_in + fan_out)));
    if (row->scale == SCALE_kaiming) set_deviation(g, value[0] / sqrt(fan_in));
    return true;
}
