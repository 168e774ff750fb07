/* test_diag.c: what a diagnostic looks like, to the character.
 *
 * The rows of diag.def that are used here are chosen for their form: E0001 takes one text, and so
 * does the note.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

typedef struct Fixture {
    Compiler *c;
    const Source *source;
    char *out;
    size_t size;
} Fixture;

static Fixture fixture(const char *text)
{
    Fixture f = {.c = compiler_new()};
    f.source = source_add(f.c->keep, &f.c->sources, "model.rq", text, strlen(text));
    f.c->colour = false;
    return f;
}

/* The span of the n-th occurrence of `what`, from 1. */
static Span span_of(const Source *s, const char *what, int n)
{
    const char *at = s->text - 1;
    while (n--) {
        at = strstr(at + 1, what);
        assert_non_null(at);
    }
    uint32_t from = s->base + (uint32_t)(at - s->text);
    return (Span){from, from + (uint32_t)strlen(what)};
}

static void assert_prints(Fixture *f, unsigned errors, const char *want)
{
    f->c->messages = open_memstream(&f->out, &f->size);
    assert_int_equal(diag_flush(f->c), errors);
    fclose(f->c->messages);
    assert_string_equal(f->out, want);
    free(f->out);
    compiler_drop(f->c);
}

static void test_notes_share_the_excerpt(void **state)
{
    (void)state;
    Fixture f = fixture("\n\n\n\n\n\n\n\nlayer q1   = quanv();\nlayer head = dense(10);\nskip q1 "
                        "-> head;\n\nend\n");
    diag_error(f.c, span_of(f.source, "q1 -> head", 1), D_stray_character, "x");
    diag_note(f.c, span_of(f.source, "q1", 1), D_opened_here, "q1");
    diag_note(f.c, span_of(f.source, "head", 1), D_opened_here, "head");
    diag_note(f.c, span_of(f.source, "end", 1), D_opened_here, "end");
    diag_help(f.c, D_write_instead, "b");
    assert_prints(&f, 1,
                  "error[E0001]: stray character 'x'\n"
                  "  --> model.rq:11:6\n"
                  "   |\n"
                  " 9 | layer q1   = quanv();\n"
                  "   |       -- 'q1' is still open\n"
                  "10 | layer head = dense(10);\n"
                  "   |       ---- 'head' is still open\n"
                  "11 | skip q1 -> head;\n"
                  "   |      ^^^^^^^^^^\n"
                  "...\n"
                  "13 | end\n"
                  "   | --- 'end' is still open\n"
                  "   = help: write 'b'\n\n");
}

static void test_note_on_the_main_mark(void **state)
{
    (void)state;
    Fixture f = fixture("layer a;\nlayer b;");
    Span a = span_of(f.source, "a;", 1);
    diag_error(f.c, a, D_stray_character, "x");
    diag_note(f.c, a, D_opened_here, "a");
    diag_note(f.c, (Span){0, 0}, D_opened_here, "nowhere");
    assert_prints(&f, 1,
                  "error[E0001]: stray character 'x'\n"
                  " --> model.rq:1:7\n"
                  "  |\n"
                  "1 | layer a;\n"
                  "  |       ^^ 'a' is still open\n"
                  "  = note: 'nowhere' is still open\n\n");
}

static void test_other_file_has_its_own_excerpt(void **state)
{
    (void)state;
    Fixture f = fixture("use lib;\ncall it;\n");
    const Source *lib = source_add(f.c->keep, &f.c->sources, "lib.rq", "\nit\n", 4);
    diag_error(f.c, span_of(f.source, "it", 1), D_stray_character, "x");
    diag_note(f.c, span_of(lib, "it", 1), D_opened_here, "it");
    assert_prints(&f, 1,
                  "error[E0001]: stray character 'x'\n"
                  " --> model.rq:2:6\n"
                  "  |\n"
                  "2 | call it;\n"
                  "  |      ^^\n"
                  " --> lib.rq:2:1\n"
                  "  |\n"
                  "2 | it\n"
                  "  | -- 'it' is still open\n\n");
}

static void test_tabs_utf8_and_control_characters(void **state)
{
    (void)state;
    Fixture f = fixture("\tgrü\033ß\xFFx bad\r\n");
    diag_error(f.c, span_of(f.source, "bad", 1), D_stray_character, "\001\xC3\xA9");
    assert_prints(&f, 1,
                  "error[E0001]: stray character '?\xC3\xA9'\n"
                  " --> model.rq:1:10\n"
                  "  |\n"
                  "1 |     grü?ß?x bad\n"
                  "  |             ^^^\n\n");
}

static void test_marks_at_and_over_the_end_of_a_line(void **state)
{
    (void)state;
    Fixture f = fixture("ab\ncd\n");
    diag_error(f.c, (Span){f.source->base + 2, f.source->base + 2}, D_stray_character, "x");
    diag_error(f.c, (Span){f.source->base + 4, f.source->base + 6}, D_stray_character, "y");
    diag_error(f.c, (Span){f.source->base + 6, f.source->base + 6}, D_stray_character, "z");
    assert_prints(&f, 3,
                  "error[E0001]: stray character 'x'\n"
                  " --> model.rq:1:3\n"
                  "  |\n"
                  "1 | ab\n"
                  "  |   ^\n\n"
                  "error[E0001]: stray character 'y'\n"
                  " --> model.rq:2:2\n"
                  "  |\n"
                  "2 | cd\n"
                  "  |  ^\n\n"
                  "error[E0001]: stray character 'z'\n"
                  " --> model.rq:3:1\n"
                  "  |\n"
                  "3 |\n"
                  "  | ^\n\n");
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    char text[1001];
    for (int i = 0; i < 1000; i++) text[i] = (char)('0' + i % 10);
    memcpy(text + 500, "bad", 3);
    text[1000] = 0;
    Fixture f = fixture(text);
    diag_error(f.c, span_of(f.source, "bad", 1), D_stray_character, "x");
    char line[101], want[400];
    memcpy(line, text + 470, 100);
    line[100] = 0;
    snprintf(want, sizeof want,
             "error[E0001]: stray character 'x'\n --> model.rq:1:501\n  |\n1 | ...%s...\n  | "
             "%33s^^^\n\n",
             line, "");
    assert_prints(&f, 1, want);
}

static void test_order_repeats_and_fixits(void **state)
{
    (void)state;
    Fixture f = fixture("one two\n");
    Span two = span_of(f.source, "two", 1), one = span_of(f.source, "one", 1);
    diag_error(f.c, two, D_stray_character, "a");
    diag_error(f.c, two, D_stray_character, "b");
    diag_error(f.c, two, D_stray_character, "a"); /* a repeat */
    diag_note(f.c, one, D_opened_here, "of the repeat");
    diag_error(f.c, one, D_stray_character, "c");
    diag_fixit(f.c, one, "1");
    diag_fixit(f.c, (Span){one.to, one.to}, ";");
    assert_int_equal(f.c->errors, 4);
    assert_prints(&f, 3,
                  "error[E0001]: stray character 'c'\n"
                  " --> model.rq:1:1\n"
                  "  |\n"
                  "1 | one two\n"
                  "  | ^^^\n"
                  "  = help: insert ';'\n\n"
                  "error[E0001]: stray character 'a'\n"
                  " --> model.rq:1:5\n"
                  "  |\n"
                  "1 | one two\n"
                  "  |     ^^^\n\n"
                  "error[E0001]: stray character 'b'\n"
                  " --> model.rq:1:5\n"
                  "  |\n"
                  "1 | one two\n"
                  "  |     ^^^\n\n");
}

static void test_one_line_form_and_the_limit(void **state)
{
    (void)state;
    Fixture f = fixture("0123456789012345678901234567890");
    f.c->diag_line = true;
    char want[4000] = "";
    for (uint32_t i = 0; i < 23; i++) {
        diag_error(f.c, (Span){f.source->base + i, f.source->base + i + 1}, D_stray_character, "x");
        diag_note(f.c, (Span){f.source->base, f.source->base}, D_opened_here, "hidden");
        if (i >= 20) continue;
        sprintf(want + strlen(want), "model.rq:1:%u: E0001: stray character 'x'\n", i + 1);
    }
    strcat(want, "rq: 3 more errors are not shown\n");
    assert_prints(&f, 20, want);
}

static void test_colour(void **state)
{
    (void)state;
    Fixture f = fixture("a\n");
    f.c->colour = true;
    diag_error(f.c, span_of(f.source, "a", 1), D_stray_character, "x");
    assert_prints(&f, 1,
                  "\033[1;31merror[E0001]\033[0m\033[1m: stray character 'x'\033[0m\n"
                  " --> model.rq:1:1\n"
                  "\033[1;34m  |\033[0m\n"
                  "\033[1;34m1 |\033[0m a\n"
                  "\033[1;34m  |\033[0m \033[1;31m^\033[0m\n\n");
}

static void test_codes(void **state)
{
    (void)state;
    assert_string_equal(diag_code(D_stray_character), "E0001");
    assert_string_equal(diag_text(D_stray_character), "stray character '%s'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_share_the_excerpt),
        cmocka_unit_test(test_note_on_the_main_mark),
        cmocka_unit_test(test_other_file_has_its_own_excerpt),
        cmocka_unit_test(test_tabs_utf8_and_control_characters),
        cmocka_unit_test(test_marks_at_and_over_the_end_of_a_line),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_order_repeats_and_fixits),
        cmocka_unit_test(test_one_line_form_and_the_limit),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
