/* expected.c: the tokens that the grammar would take, as words for the user.
 *
 *     "';'"     "',' or ')'"     "an expression"     "a statement or '}'"
 *
 * A list that holds all beginnings of a construct names the construct. What may follow any
 * expression (operators, '.', '[') is left out, as are tokens that the grammar knows only as
 * mistakes.
 */
#include "syntax/parser.h"

enum { MOST = 5 };

/* Classes of tokens are ranges of their declaration in rq.y. */
_Static_assert(TOK_CONST == TOK_USE + 1 && TOK_TIE - TOK_USE == 21, "statements and declarations");
_Static_assert(TOK_DISTILL + 1 == TOK_PARAM && TOK_EACH - TOK_OVER == 10,
               "keywords that are names");
_Static_assert(TOK_MOD - TOK_USE == 42, "all keywords");

bool token_is_name(int kind) { return kind == TOK_NAME || (kind >= TOK_OVER && kind <= TOK_EACH); }

bool token_begins_statement(int kind) { return kind >= TOK_USE && kind <= TOK_TIE; }

bool token_begins_declaration(int kind)
{
    return token_begins_statement(kind) && kind < TOK_PARAM && kind != TOK_CONST;
}

bool expects(const int *tokens, int count, int kind)
{
    for (int i = 0; i < count; i++)
        if (tokens[i] == kind) return true;
    return false;
}

static bool is_keyword(int kind) { return kind >= TOK_USE && kind <= TOK_MOD; }

static bool begins_expression(int kind)
{
    switch (kind) {
    case TOK_NUMBER:
    case TOK_STRING:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_MINUS:
    case TOK_NOT:
    case TOK_FREEZE:
    case TOK_TRAIN: return true;
    }
    return token_is_name(kind);
}

static bool follows_expression(int kind)
{
    switch (kind) {
    case TOK_PLUS:
    case TOK_MINUS:
    case TOK_STAR:
    case TOK_SLASH:
    case TOK_DIV:
    case TOK_MOD:
    case TOK_CARET:
    case TOK_EQ:
    case TOK_NE:
    case TOK_LT:
    case TOK_LE:
    case TOK_GT:
    case TOK_GE:
    case TOK_AND:
    case TOK_OR:
    case TOK_PIPE:
    case TOK_DOTS:
    case TOK_DOT:
    case TOK_LBRACKET:
    case TOK_LPAREN: return true;
    }
    return false;
}

static bool is_mistake(int kind)
{
    switch (kind) {
    case TOK_STAR_STAR:
    case TOK_AND_AND:
    case TOK_OR_OR:
    case TOK_BANG:
    case TOK_PERCENT:
    case TOK_STATEMENT_END:
    case TOK_UNCLOSED:
    case TOK_END: return true;
    }
    return kind <= 0;
}

/* What the grammar is waiting for, found by tokens that stand for it. */
typedef struct Wanted {
    bool expression, argument, field, statement, declaration, name, after_expression;
} Wanted;

static Wanted wanted_of(const int *tokens, int count)
{
    bool word = expects(tokens, count, TOK_ELSE), brace = expects(tokens, count, TOK_RBRACE);
    bool number = expects(tokens, count, TOK_NUMBER), yield = expects(tokens, count, TOK_YIELD);
    Wanted w = {
        .argument = word && number,
        .expression = !word && number,
        .field = word && brace,
        .statement = !word && yield,
        .declaration = !word && !yield && expects(tokens, count, TOK_USE),
        .after_expression = expects(tokens, count, TOK_PLUS),
    };
    w.name =
        !number && !w.field && !w.statement && !w.declaration && expects(tokens, count, TOK_NAME);
    return w;
}

/* `=` and `:` are often both taken, one of them as a mistake. */
static bool is_other_sign(const Parser *p, int kind, const int *tokens, int count)
{
    bool ends = expects(tokens, count, TOK_LBRACE) || expects(tokens, count, TOK_SEMICOLON);
    if (kind == TOK_ASSIGN && ends && p->first.kind != TOK_PARAM) return true;
    if (!expects(tokens, count, TOK_ASSIGN) || !expects(tokens, count, TOK_COLON)) return false;
    int first = p->first.kind;
    bool assigns =
        first == TOK_LAYER || first == TOK_CONST || first == TOK_DATA || first == TOK_PARAM;
    bool labels = p->open.len && p->open.at[p->open.len - 1].kind == TOK_LPAREN;
    return kind == (assigns && !labels ? TOK_COLON : TOK_ASSIGN);
}

static bool is_covered(const Wanted *w, int kind)
{
    if (is_mistake(kind)) return true;
    if ((w->argument || w->field || w->name) && (is_keyword(kind) || kind == TOK_NAME)) return true;
    if ((w->argument || w->expression) && begins_expression(kind)) return true;
    if (w->after_expression && follows_expression(kind)) return true;
    if (w->statement || w->declaration || w->field)
        return is_keyword(kind) || kind == TOK_NAME || kind == TOK_SEMICOLON;
    return false;
}

const char *expected_text(Parser *p, const int *tokens, int count, int *only)
{
    const char *parts[MOST + 1];
    int n = 0, fixed = 0;
    Wanted w = wanted_of(tokens, count);
    const char *construct = w.argument      ? "an argument"
                            : w.expression  ? "an expression"
                            : w.field       ? "a field"
                            : w.statement   ? "a statement"
                            : w.declaration ? "a declaration"
                            : w.name        ? "a name"
                                            : NULL;
    if (construct)
        parts[n++] = construct;
    else if (expects(tokens, count, TOK_COMMA))
        parts[n++] = token_alias(fixed = TOK_COMMA);
    for (int i = 0; i < count && n < MOST; i++) {
        int kind = tokens[i];
        if (kind == TOK_COMMA && !construct) continue;
        if (is_covered(&w, kind) || is_other_sign(p, kind, tokens, count)) continue;
        parts[n++] = token_alias(kind);
        fixed = *token_alias(kind) == '\'' ? kind : 0;
    }
    *only = n == 1 && !construct ? fixed : 0;
    const char *text = n ? parts[0] : "the end of the file";
    for (int i = 1; i < n; i++)
        text = arena_printf(p->c->keep, "%s%s%s", text, i == n - 1 ? " or " : ", ", parts[i]);
    return text;
}
