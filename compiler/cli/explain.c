/* explain.c: `rq explain E0312`: the rows of diag.def with that code, a program that earns the message, and the program repaired.
 *
 * The programs are the error tests: one misuse per file, named by its code. Marks say what to show:
 *
 *     skip q1 -> head;   //~ error: a skip needs equal shapes //~ fix: skip q1 -> head via dense(10);
 *     input y: real[3];   //~ fix:                              is not in the repaired program
 *     //~ fix: output a;                                        only there
 *     //~ run: check %s --set n=true                            the command; "//~ fix run:" that of the repaired one
 */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"
#include "syntax/stdlib.h"

typedef struct MessageRow {
    const char *kind;
    const char *code;
    const char *text;
    bool is_main;
} MessageRow;

static const MessageRow rows[] = {
#define ERROR(code, name, text) {"error", #code, text, true},
#define WARNING(code, name, text) {"warning", #code, text, true},
#define NOTE(code, name, text) {"note", #code, text, false},
#define HELP(code, name, text) {"help", #code, text, false},
#include "base/diag.def"
};

/* The row's text with "..." where a message has a name or a number: "a skip needs equal shapes, but
 * these are ... and ...". */
static void print_text(const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "%");
        printf("%.*s", (int)plain, text);
        text += plain;
        if (!*text) break;
        size_t spec =
            1 + strspn(text + 1, "0123456789.*-+ #lhzjt"); /* up to the conversion's letter */
        fputs(text[spec] == '%' ? "%" : "...", stdout);
        text += spec + (text[spec] != '\0');
    }
    putchar('\n');
}

enum { WIDEST = 120 };

/* A line of a program and its marks, not terminated. */
typedef struct Line {
    const char *text;
    int length;          /* without marks and blanks before them */
    int indent;
    const char *message; /* "error: text" of the first such mark, or NULL */
    int message_length;
    const char *fix;     /* or NULL */
    int fix_length;
    bool has_marks;
} Line;

/* Where the mark's text begins; *length without the blanks around it. */
static const char *mark_text(const char *mark, const char *end, size_t skip, int *length)
{
    const char *from = mark + skip, *to = from;
    while (from < end && *from == ' ') from++;
    for (to = from; to < end && (to + 3 > end || strncmp(to, "//~", 3) != 0); to++) {}
    while (to > from && to[-1] == ' ') to--;
    *length = (int)(to - from);
    return from;
}

static Line read_line(const char *text)
{
    int whole = (int)strcspn(text, "\n");
    const char *end = text + whole;
    Line l = {.text = text, .length = whole};
    for (const char *s = text; s + 3 <= end; s++) {
        if (strncmp(s, "//~", 3) != 0) continue;
        if (!l.has_marks) l.length = (int)(s - text);
        l.has_marks = true;
        bool is_message = !strncmp(s, "//~ error", 9) || !strncmp(s, "//~ warning", 11);
        if (is_message && !l.message) l.message = mark_text(s, end, 4, &l.message_length);
        if (!strncmp(s, "//~ fix:", 8)) l.fix = mark_text(s, end, 8, &l.fix_length);
    }
    while (l.has_marks && l.length > 0 && text[l.length - 1] == ' ') l.length--;
    while (l.indent < whole && text[l.indent] == ' ') l.indent++;
    return l;
}

static const char *next_line(const char *text)
{
    text += strcspn(text, "\n");
    return text + (*text == '\n');
}

/* The program as it is wrong: its message stands below the line that earns it. */
static void print_wrong(const char *text)
{
    for (; *text; text = next_line(text)) {
        Line l = read_line(text);
        if (l.has_marks && l.length == 0) continue;
        printf("    %.*s%s\n", l.length < WIDEST ? l.length : WIDEST, text, l.length > WIDEST ? " ..." : "");
        if (l.message) printf("    %*s// %.*s\n", l.indent, "", l.message_length, l.message);
    }
}

static void print_repaired(const char *text)
{
    for (; *text; text = next_line(text)) {
        Line l = read_line(text);
        if (l.fix && l.fix_length) printf("    %*s%.*s\n", l.indent, "", l.fix_length, l.fix);
        else if (!l.fix && (l.length || !l.has_marks)) printf("    %.*s\n", l.length, text);
    }
}

/* ", with 'rq check model.rq --set n=1'" for a program that a mark `what` gives another command than check. */
static void print_command(const char *text, const char *what)
{
    const char *mark = strstr(text, what);
    if (!mark) return;
    int length;
    const char *command = mark_text(mark, mark + strcspn(mark, "\n"), strlen(what), &length);
    const char *file = strstr(command, "%s");
    if (!file || file >= command + length) return;
    printf(", with 'rq %.*smodel.rq%.*s'", (int)(file - command), command, (int)(command + length - file - 2), file + 2);
}

/* The first program of the code that has a repaired one; else the first. */
static const struct rq_stdlib_file *example_of(const char *code)
{
    const struct rq_stdlib_file *first = NULL;
    for (const struct rq_stdlib_file *f = rq_misuses; f->name; f++) {
        if (strncmp(f->name, code, strlen(code)) != 0) continue;
        if (strstr(f->text, "//~ fix")) return f;
        if (!first) first = f;
    }
    return first;
}

static void print_example(const char *code)
{
    const struct rq_stdlib_file *f = example_of(code);
    if (!f) return;
    printf("\nfor example");
    print_command(f->text, "//~ run:");
    printf(":\n\n");
    print_wrong(f->text);
    if (!strstr(f->text, "//~ fix")) return;
    printf("\nrepaired");
    print_command(f->text, strstr(f->text, "//~ fix run:") ? "//~ fix run:" : "//~ run:");
    printf(":\n\n");
    print_repaired(f->text);
}

static void list_codes(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!rows[i].is_main) continue;
        printf("%s  %-7s  ", rows[i].code, rows[i].kind);
        print_text(rows[i].text);
    }
}

int verb_explain(Compiler *c, const Options *o)
{
    if (!o->file) {
        list_codes();
        return EXIT_done;
    }
    char *code = arena_strdup(c->keep, o->file);
    code[0] = (char)toupper((unsigned char)code[0]);
    bool known = false;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(rows[i].code, code) != 0) continue;
        if (!known) printf("%s\n", code);
        known = true;
        printf("  %s: ", rows[i].kind);
        print_text(rows[i].text);
    }
    if (!known) fatal("there is no message '%s'; 'rq explain' lists them all", o->file);
    print_example(code);
    return EXIT_done;
}
