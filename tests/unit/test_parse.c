/* test_parse.c: what the parser keeps, how it recovers, and that printing and parsing are inverse.
 *
 * The error files under tests/error show each message; here every file of examples/ and stdlib/ is
 * damaged at every place. Covers recovery for E0001, E0002, E0003, E0004, E0005, E0006, E0007,
 * E0008 and E0100 to E0113.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "syntax/ast.h"

static const char *const files[] = {
    "examples/resqunn.rq", "examples/qlenet/qlenet.rq", "examples/dqnn/dqnn.rq",
    "stdlib/circuits.rq",  "stdlib/encodings.rq",       "stdlib/observables.rq",
    "stdlib/layers.rq",    "tests/unit/language.rq",
};

static char *read_file(const char *path)
{
    char full[1000];
    const char *root = getenv("RQ_SRC");
    snprintf(full, sizeof full, "%s/%s", root ? root : ".", path);
    FILE *in = fopen(full, "rb");
    if (!in) fail_msg("no %s", full);
    char *text = test_calloc(1, 100000);
    size_t len = fread(text, 1, 99999, in);
    assert_true(len > 0 && len < 99999);
    fclose(in);
    return text;
}

static Compiler *quiet(void)
{
    Compiler *c = compiler_new();
    c->diag_line = true;
    c->colour = false;
    return c;
}

static Ast *parse_text(Compiler *c, const char *text)
{
    return parse(c, source_add(c->keep, &c->sources, "f.rq", text, strlen(text)));
}

/* The messages for a text, one per line; to be freed. */
static char *messages_of(const char *text)
{
    char *out = NULL;
    size_t size = 0;
    Compiler *c = quiet();
    parse_text(c, text);
    c->messages = open_memstream(&out, &size);
    diag_flush(c);
    fclose(c->messages);
    compiler_drop(c);
    return out;
}

static char *printed(Compiler *c, const Ast *ast)
{
    char *out = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&out, &size);
    ast_print(to, c, ast);
    fclose(to);
    return out;
}

static void assert_fixed_point(const char *text)
{
    Compiler *c = quiet();
    char *once = printed(c, parse_text(c, text));
    assert_int_equal(c->errors, 0);
    char *twice = printed(c, parse_text(c, once));
    assert_int_equal(c->errors, 0);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    compiler_drop(c);
}

static void test_print_and_parse_are_inverse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char *text = read_file(files[i]);
        assert_fixed_point(text);
        test_free(text);
    }
}

/* What "a + b" and the like print as shows how it was read. */
static void assert_reads(const char *expression, const char *want)
{
    char text[500], whole[500];
    snprintf(text, sizeof text, "const a = %s;\n", expression);
    snprintf(whole, sizeof whole, "const a = %s;\n", want);
    Compiler *c = quiet();
    char *got = printed(c, parse_text(c, text));
    assert_int_equal(c->errors, 0);
    assert_string_equal(got, whole);
    free(got);
    compiler_drop(c);
}

static void test_precedence(void **state)
{
    (void)state;
    assert_reads("(a+(b*c))", "a + b * c");
    assert_reads("(a+b)*c", "(a + b) * c");
    assert_reads("a-(b-c)", "a - (b - c)");
    assert_reads("(a-b)-c", "a - b - c");
    assert_reads("a^(b^c)", "a^b^c");
    assert_reads("(a^b)^c", "(a^b)^c");
    assert_reads("-(a^2)", "-a^2");
    assert_reads("(-a)^2", "(-a)^2");
    assert_reads("2^-1*b", "2^(-1) * b");
    assert_reads("not (a == b) and c", "not a == b and c");
    assert_reads("(not a) == b", "(not a) == b");
    assert_reads("a or (b and c)", "a or b and c");
    assert_reads("(a or b) and c", "(a or b) and c");
    assert_reads("a < (b + 1)", "a < b + 1");
    assert_reads("(a + b) |> f |> g(2)", "a + b |> f |> g(2)");
    assert_reads("a |> (b |> c)", "a |> (b |> c)");
    assert_reads("0..(n-1)", "0..n - 1");
    assert_reads("(0..n)[1]", "(0..n)[1]");
    assert_reads("a div (b mod c) / d", "a div (b mod c) / d");
    assert_reads("[1, 2][0].x[..2, 1.., ..]", "[1, 2][0].x[..2, 1.., ..]");
    assert_reads("x(train: 1, data: 2.50, 1e-3)", "x(train: 1, data: 2.50, 1e-3)");
}

static unsigned errors_of(const char *text)
{
    Compiler *c = quiet();
    parse_text(c, text);
    unsigned n = c->errors;
    compiler_drop(c);
    return n;
}

static unsigned line_of(const char *text, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at; i++) line += text[i] == '\n';
    return line;
}

/* Takes out text[at]: one message, and for all but a '}' on the line where it stood. */
static void assert_one_message(const char *file, const char *text, size_t at)
{
    char *damaged = test_malloc(strlen(text) + 1);
    memcpy(damaged, text, at);
    strcpy(damaged + at, text + at + 1);
    char *got = messages_of(damaged);
    unsigned line = line_of(text, at), said = 0;
    bool is_one = sscanf(got, "f.rq:%u:", &said) == 1 && strcspn(got, "\n") + 1 == strlen(got);
    if (!is_one || (said != line && text[at] != '}'))
        fail_msg("%s:%u: without its '%c':\n%s", file, line, text[at], got);
    free(got);
    test_free(damaged);
}

/* Not in a comment. */
static bool is_code(const char *text, size_t at)
{
    for (; at > 0 && text[at - 1] != '\n'; at--)
        if (text[at - 1] == '/' && text[at] == '/') return false;
    return true;
}

/* A '}' before an `else` or of a field: what follows cannot be read as part of the body. */
static bool is_lost_brace(const char *text, size_t at)
{
    size_t line = at;
    while (line > 0 && text[line - 1] != '\n') line--;
    const char *next = text + at + 1 + strspn(text + at + 1, " \n");
    bool of_field =
        !strncmp(text + line, "    init from", 13) || !strncmp(text + line, "    placement", 13);
    return text[at] == '}' && (!strncmp(next, "else", 4) || of_field);
}

static void test_each_missing_sign_is_one_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char *text = read_file(files[i]);
        for (size_t at = 0; text[at]; at++) {
            if (!strchr(";)]}", text[at]) || is_lost_brace(text, at) || !is_code(text, at))
                continue;
            assert_one_message(files[i], text, at);
        }
        test_free(text);
    }
}

/* Takes out, doubles and cuts off at each byte: whatever is left parses or is an error. */
static void test_damaged_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char *text = read_file(files[i]);
        size_t len = strlen(text);
        char *damaged = test_malloc(len + 2);
        for (size_t at = 0; at < len; at += 7) {
            memcpy(damaged, text, at);
            strcpy(damaged + at, text + at + 1);
            errors_of(damaged);
            damaged[at] = 0;
            errors_of(damaged);
            memcpy(damaged, text, at + 1);
            strcpy(damaged + at + 1, text + at);
            errors_of(damaged);
        }
        test_free(damaged);
        test_free(text);
    }
}

static void test_what_is_kept(void **state)
{
    (void)state;
    Compiler *c = quiet();
    Ast *ast = parse_text(c, "const a = 1\n"
                             "const b = f(2;\n"
                             "circuit c(k int) on q[n] { h q[0; foo bar baz; x q[1]; }\n"
                             "oops d { input x: real[2]; }\n"
                             "model e { layer y = dense(; layer z = relu; }\n"
                             "train f { epochs 2; seed: 1; }\n");
    static const DeclKind kinds[] = {DECL_const, DECL_const, DECL_error,
                                     DECL_error, DECL_model, DECL_action};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    assert_int_equal(c->errors, 8);
    assert_int_equal(ast->decls.len, COUNT(kinds));
    for (uint32_t i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(ast->decls.at[i]->kind, kinds[i]);
        assert_string_equal(name_text(c->names, ast->decls.at[i]->name.name), names[i]);
    }
    const StmtList *gates = &ast->decls.at[2]->unit.body, *layers = &ast->decls.at[4]->unit.body;
    assert_int_equal(gates->len, 3);
    assert_int_equal(gates->at[2]->kind, STMT_gate);
    assert_int_equal(layers->len, 2);
    assert_int_equal(layers->at[0]->layer.value->kind, EXPR_error);
    assert_int_equal(layers->at[1]->layer.value->kind, EXPR_name);
    const FieldList *fields = &ast->decls.at[5]->action.fields;
    assert_int_equal(fields->len, 2);
    assert_int_equal(fields->at[0].values.at[0]->kind, EXPR_error);
    assert_int_equal(fields->at[1].values.at[0]->kind, EXPR_number);
    compiler_drop(c);
}

static void test_spans(void **state)
{
    (void)state;
    Compiler *c = quiet();
    const char *text = "block b { input x: real[2]; skip x -> y.z scale: 0.5 via f(1); }";
    Ast *ast = parse_text(c, text);
    uint32_t base = ast->source->base;
    const Stmt *skip = ast->decls.at[0]->unit.body.at[1];
    assert_int_equal(skip->span.from - base, 28);
    assert_int_equal(skip->span.to - base, 62);
    assert_int_equal(skip->skip.to->span.from - base, 38);
    assert_int_equal(skip->skip.to->span.to - base, 41);
    assert_int_equal(skip->skip.via->span.to - base, 61);
    assert_int_equal(ast->decls.at[0]->span.to - base, strlen(text));
    assert_int_equal(ast->decls.at[0]->name.span.from - base, 6);
    compiler_drop(c);
}

static void test_odd_files(void **state)
{
    (void)state;
    assert_int_equal(errors_of(""), 0);
    assert_int_equal(errors_of("\n// nothing\n/* and\nnothing */"), 0);
    assert_int_equal(errors_of("\xEF\xBB\xBF"
                               "const a = 1;\r\nconst b = 2;\r\n"),
                     0);
    assert_int_equal(errors_of("\xEF\xBB\xBF"), 0);
    assert_int_equal(errors_of("}"), 1);
    Compiler *c = quiet();
    parse(c, source_add(c->keep, &c->sources, "f.rq", "const a = 1\0\0;", 14));
    assert_int_equal(c->errors, 1);
    compiler_drop(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print_and_parse_are_inverse),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_each_missing_sign_is_one_message),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_odd_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
