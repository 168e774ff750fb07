/* test_graph_verify.c: each claim of verify.c is noticed when it does not hold. The verifier aborts, so it runs in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "graph/graph.h"

/* What the child writes before it aborts; "" if it ends by itself. */
static const char *complaint(const Graph *g, char *text, size_t size)
{
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        signal(SIGABRT, SIG_DFL);
        g->c->messages = fdopen(pipe_ends[1], "w");
        graph_verify(g, "the test");
        _exit(0);
    }
    close(pipe_ends[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len + 1 < size; len += (size_t)(n > 0 ? n : 0)) n = read(pipe_ends[0], text + len, size - 1 - len);
    text[len] = 0;
    close(pipe_ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(len > 0, WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return text;
}

typedef void Damage(Graph *g);
static void none(Graph *g) { (void)g; }
static void late_operand(Graph *g) { g->nodes.at[3].arg[0].i = 4; }
static void no_operand(Graph *g) { g->nodes.at[3].arg[0].i = 0; }
static void one_more_operand(Graph *g) { g->nodes.at[3].arg[1].i = 1; }
static void wrong_type(Graph *g) { g->nodes.at[3].type.batched = false; }
static void empty_axis(Graph *g) { g->nodes.at[2].type.dim[0] = 0; }
static void unlisted(Graph *g) { g->params.len = 0; }
static void changed(Graph *g) { g->nodes.at[4].arg[0].i = 2; }
static void another_arity(Graph *g) { g->nodes.at[4].arity = 1; }
static void lost_output(Graph *g) { g->outputs.at[0].node.i = 99; }

static void test_each_claim(void **state)
{
    (void)state;
    static const struct {
        Damage *damage;
        const char *says;
    } cases[] = {
        {none, ""},
        {late_operand, "node %3 (sin): an operand does not come before it"},
        {no_operand, "node %3 (sin): an operand does not come before it"},
        {one_more_operand, "node %3 (sin): more operands than its row says"},
        {wrong_type, "node %3 (sin): another type than its operands give"},
        {empty_axis, "node %2 (input): an axis without elements"},
        {unlisted, "node %1 (param): not in the list of params"},
        {changed, "node %4 (mul): changed after it was added"},
        {another_arity, "node %4 (mul): another number of operands than its row says"},
        {lost_output, "output 'y' is no node"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Compiler *c = compiler_new();
        Graph *g = graph_new(c, "test");
        Type t = type_real(1, (int64_t[]){4});
        NodeId p = graph_param(g, "p", t), x = graph_input(g, "x", t);
        graph_output(g, "y", mul(g, p, sin_(g, x)));
        cases[i].damage(g);
        char text[2000];
        complaint(g, text, sizeof text);
        if (!*cases[i].says) assert_string_equal(text, "");
        else if (!strstr(text, cases[i].says) || !strstr(text, "after the test")) fail_msg("%zu: %s", i, text);
        graph_drop(g);
        compiler_drop(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_claim)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
