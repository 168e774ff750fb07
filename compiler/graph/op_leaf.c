/* op_leaf.c: parameters, inputs, constants. Their type is given. */
#include "graph/op.h"

const char *param_shape(const Graph *g, const Node *n, Type *out)
{
    (void)g;
    *out = n->type;
    return n->type.batched ? "a parameter is shared by the samples" : NULL;
}

const char *input_shape(const Graph *g, const Node *n, Type *out)
{
    (void)g;
    *out = n->type;
    return n->type.batched ? NULL : "an input differs between samples";
}

const char *constant_shape(const Graph *g, const Node *n, Type *out)
{
    (void)g;
    *out = n->type;
    if (n->type.batched) return "a constant is shared by the samples";
    return n->type.is_complex == (n->constant.im != NULL) ? NULL : "imaginary parts are there if the type is complex";
}

static NodeId no_operand(Graph *g, NodeId y)
{
    ice(g->c, node_of(g, y)->span, "a leaf has no operand to differentiate");
}

NodeId param_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)k, (void)dy;
    return no_operand(g, y);
}

NodeId input_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)k, (void)dy;
    return no_operand(g, y);
}

NodeId constant_grad(Graph *g, NodeId y, int k, NodeId dy)
{
    (void)k, (void)dy;
    return no_operand(g, y);
}
