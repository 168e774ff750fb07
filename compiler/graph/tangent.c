/* tangent.c: the gradient of a unitary matrix as a tangent of the manifold that it lies on.
 *
 * V moves to exp(eps K) V with skew-Hermitian K, by which L changes by Re tr(G^dagger K V) eps, G = dL/dRe V + i dL/dIm V. Of all K
 * of a given norm the skew-Hermitian part of G V^dagger raises L most:
 *     K = (A - A^dagger)/2,  A = G V^dagger
 * Matrices are the last two axes; G may be batched, V is shared.
 */
#include "graph/graph.h"

NodeId unitary_tangent(Graph *g, NodeId v, NodeId v_adj)
{
    NodeId a = matmul(g, v_adj, conj_(g, v), false, true);
    NodeId a_dagger = matmul(g, v, conj_(g, v_adj), false, true);
    return scaled(g, sub(g, a, a_dagger), 0.5);
}
