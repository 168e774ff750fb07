/* verify.c: what must hold of every graph, as a table of claims over nodes. A claim gives NULL or what is wrong. */
#include "graph/op.h"

typedef const char *Claim(const Graph *g, uint32_t i);

static const char *operation_is_known(const Graph *g, uint32_t i)
{
    Op op = g->nodes.at[i].op;
    if (op <= OP_none || op >= OP_COUNT) return "no such operation";
    return g->nodes.at[i].arity == op_rows[op].arity ? NULL : "another number of operands than its row says";
}

static const char *operands_come_before(const Graph *g, uint32_t i)
{
    const Node *n = &g->nodes.at[i];
    for (int k = 0; k < 3; k++) {
        if (k < n->arity && (!n->arg[k].i || n->arg[k].i >= i)) return "an operand does not come before it";
        if (k >= n->arity && n->arg[k].i) return "more operands than its row says";
    }
    return NULL;
}

static const char *type_follows(const Graph *g, uint32_t i)
{
    const Node *n = &g->nodes.at[i];
    Type t = n->type;
    const char *complaint = op_rows[n->op].shape(g, n, &t);
    if (complaint) return complaint;
    return type_same(&t, &n->type) ? NULL : "another type than its operands give";
}

static const char *type_is_whole(const Graph *g, uint32_t i)
{
    const Type *t = &g->nodes.at[i].type;
    if (t->rank > TYPE_MAX_RANK || t->outer > t->rank) return "too many axes";
    for (int k = 0; k < t->rank; k++) {
        if (t->dim[k] < 1) return "an axis without elements";
    }
    return NULL;
}

static const char *leaf_is_listed(const Graph *g, uint32_t i)
{
    const Node *n = &g->nodes.at[i];
    if (n->op == OP_param && (n->index >= g->params.len || g->params.at[n->index].node.i != i)) return "not in the list of params";
    if (n->op == OP_input && (n->index >= g->inputs.len || g->inputs.at[n->index].node.i != i)) return "not in the list of inputs";
    return NULL;
}

static const char *hash_is_kept(const Graph *g, uint32_t i)
{
    return g->nodes.at[i].hash == node_hash(&g->nodes.at[i]) ? NULL : "changed after it was added";
}

static Claim *const claims[] = {
    operation_is_known, operands_come_before, type_is_whole, type_follows, leaf_is_listed, hash_is_kept,
};

void graph_verify(const Graph *g, const char *after)
{
    for (uint32_t i = 1; i < g->nodes.len; i++) {
        for (size_t k = 0; k < COUNT(claims); k++) {
            const char *complaint = claims[k](g, i);
            if (complaint) ice(g->c, g->nodes.at[i].span, "after %s: node %%%u (%s): %s", after, i,
                               g->nodes.at[i].op < OP_COUNT ? op_rows[g->nodes.at[i].op].name : "?", complaint);
        }
    }
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        uint32_t n = g->outputs.at[i].node.i;
        if (!n || n >= g->nodes.len)
            ice(g->c, (Span){0}, "after %s: output '%s' is no node", after, g->outputs.at[i].name);
    }
}
