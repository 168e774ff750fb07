/* explain.c: `rq explain E0312`: the rows of diag.def with that code, and a program that earns the
 * message.
 *
 * The programs are the error tests: one misuse per file, named by its code, the place marked by
 * "//~ error: text".
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

/* The program without the marks of the test: "code;   //~ error: text" becomes "code;   // <-
 * error". */
static void print_program(const char *text)
{
    while (*text) {
        int len = (int)strcspn(text, "\n");
        const char *mark = strstr(text, "//~");
        bool marked = mark && mark < text + len;
        if (!marked) {
            printf("    %.*s\n", len, text);
        } else if (!strncmp(mark, "//~ error", 9) || !strncmp(mark, "//~ warning", 11)) {
            printf("    %.*s// <- %.*s\n", (int)(mark - text), text, (int)strcspn(mark + 4, ":"),
                   mark + 4);
        }
        text += len + (text[len] == '\n');
    }
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
    size_t len = strlen(code);
    for (const struct rq_stdlib_file *f = rq_misuses; f->name; f++) {
        if (strncmp(f->name, code, len) != 0) continue;
        printf("\nfor example (%s):\n\n", f->name);
        print_program(f->text);
        break;
    }
    return EXIT_done;
}
