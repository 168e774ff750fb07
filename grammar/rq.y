/* rq.y: tokens -> syntax tree. LALR(1) without a conflict; README.md says the same in prose.
 *
 * An action is one constructor call. After a syntax error the token filter (syntax/tokens.c) has
 * already skipped to a ';', a '}' or the closing bracket, so a rule with `error` needs no more
 * than that token.
 */
%require "3.8"
%define api.pure full
%define api.prefix {rq_yy}
%define api.token.prefix {TOK_}
%define api.value.type union
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%param {Parser *p}
%initial-action { @$ = (Span){0, 0}; }
%expect 0

%code requires {
#include "syntax/build.h"
}

%code {
#include "syntax/mistakes.h"
#include "syntax/parser.h"

#define YYMAXDEPTH 6000
#define YYLLOC_DEFAULT(all, rhs, n) ((all) = joined(&YYRHSLOC(rhs, 0), n))

/* From the first part that is not empty to the last; where the part before ended if all are. */
static Span joined(const Span *parts, int n)
{
    uint32_t at = n ? parts[1].from : parts[0].to; /* bison sets parts[0] only where there are no others */
    Span all = {at, at};
    bool any = false;
    for (int i = 1; i <= n; i++) {
        if (parts[i].from == parts[i].to) continue;
        all = any ? (Span){all.from, parts[i].to} : parts[i];
        any = true;
    }
    return all;
}

static void rq_yyerror(const Span *at, Parser *p, const char *text);
}

%token
    END 0 "the end of the file"
    USE "'use'" CONST "'const'" DATA "'data'" CIRCUIT "'circuit'" ENCODING "'encoding'"
    OBSERVABLE "'observable'" BLOCK "'block'" MODEL "'model'" TRAIN "'train'" EXPLORE "'explore'"
    SCAN "'scan'" DISTILL "'distill'"
    PARAM "'param'" FOR "'for'" IF "'if'" YIELD "'yield'" INPUT "'input'" LAYER "'layer'"
    SKIP "'skip'" OUTPUT "'output'" FREEZE "'freeze'" TIE "'tie'" ELSE "'else'" IN "'in'" ON "'on'"
    OVER "'over'" INTO "'into'" PLACEMENT "'placement'" INIT "'init'" FROM "'from'" WHERE "'where'"
    REQUIRE "'require'" EXPECT "'expect'" SCALE "'scale'" VIA "'via'" EACH "'each'"
    TRUE "'true'" FALSE "'false'" AND "'and'" OR "'or'" NOT "'not'" DIV "'div'" MOD "'mod'"
    PLUS "'+'" MINUS "'-'" STAR "'*'" SLASH "'/'" CARET "'^'" LPAREN "'('" RPAREN "')'"
    LBRACKET "'['" RBRACKET "']'" LBRACE "'{'" RBRACE "'}'" COMMA "','" SEMICOLON "';'" COLON "':'"
    ASSIGN "'='" TILDE "'~'" DOT "'.'" AT "'@'" ARROW "'->'" BACK_ARROW "'<-'" PIPE "'|>'"
    DOTS "'..'" EQ "'=='" NE "'!='" LT "'<'" LE "'<='" GT "'>'" GE "'>='"
    STAR_STAR "'**'" AND_AND "'&&'" OR_OR "'||'" BANG "'!'" PERCENT "'%'"
    NAME "a name" NUMBER "a number" STRING "a string"
    STATEMENT_END "the end of the line" UNCLOSED "an open bracket"

/* From the loosest to the tightest. */
%left "'|>'"
%left "'or'" "'||'"
%left "'and'" "'&&'"
%precedence "'not'" "'!'"
%nonassoc "'=='" "'!='" "'<'" "'<='" "'>'" "'>='"
%nonassoc "'..'"
%left "'+'" "'-'"
%left "'*'" "'/'" "'div'" "'mod'" "'%'"
%precedence NEGATION
%right "'^'" "'**'"

%nterm <Ident> name word member hard_word
%nterm <Expr *> expr postfix path default index value condition edge scale via init run assign
%nterm <ExprList> exprs items values assigns assign_list dims
%nterm <Arg> arg
%nterm <ArgList> args arg_list
%nterm <Formal> formal
%nterm <FormalList> formals formal_list
%nterm <Register> register
%nterm <RegisterList> registers register_list
%nterm <ParamShape> shape
%nterm <Bounds> bounds
%nterm <GateHead> gate_head
%nterm <ModifierList> modifiers
%nterm <Expr *> operand
%nterm <ExprList> operands
%nterm <Stmt *> stmt if_stmt
%nterm <StmtList> stmts block else
%nterm <Field> field
%nterm <FieldList> fields action_body
%nterm <DeclKind> circuit_kind model_kind
%nterm <ActionKind> action_kind

%printer { fprintf(yyo, "%s", name_text(p->c->names, $$.name)); } <Ident>
%printer { if ($$) expr_print(yyo, p->c, $$); } <Expr *>
%printer { fprintf(yyo, "%u expressions", $$.len); } <ExprList>
%printer { fprintf(yyo, "%u arguments", $$.len); } <ArgList>
%printer { fprintf(yyo, "%u statements", $$.len); } <StmtList>
%printer { fprintf(yyo, "%u fields", $$.len); } <FieldList>
%printer { fprintf(yyo, "statement of kind %d", $$->kind); } <Stmt *>

%%

ast: decls;

decls: %empty | decls decl;

/* ---- declarations ---------------------------------------------------------------------------- */

decl:
    "'use'" name end                                { decl_use(p, @$, $name); }
  | "'const'" name "'='" expr end                   { decl_const(p, @$, $name, $expr); }
  | "'const'" name "':'"[colon] expr end            { mistake_colon(p, $name, @colon);
                                                      decl_const(p, @$, $name, $expr); }
  | "'const'" name error "';'"
          { decl_const(p, @$, $name, expr_error(p, @$)); yyerrok; }
  | "'data'" name error "';'"
          { decl_data(p, @$, $name, expr_error(p, @$)); yyerrok; }
  | "'data'" name "'='" expr end                    { decl_data(p, @$, $name, $expr); }
  | "'data'" name "':'"[colon] expr end             { mistake_colon(p, $name, @colon);
                                                      decl_data(p, @$, $name, $expr); }
  | circuit_kind name formals registers block
          { decl_unit(p, @$, $1, $name, $formals, $registers, $block); }
  | circuit_kind name error block                   { decl_error(p, @$, $name); yyerrok; }
  | circuit_kind name error "';'"                   { decl_error(p, @$, $name); yyerrok; }
  | circuit_kind error block                        { decl_error(p, @$, (Ident){0}); yyerrok; }
  | circuit_kind error "';'"                        { decl_error(p, @$, (Ident){0}); yyerrok; }
  | model_kind name formals block
          { decl_unit(p, @$, $1, $name, $formals, (RegisterList){0},
                      $block); }
  | model_kind name error block                     { decl_error(p, @$, $name); yyerrok; }
  | model_kind name error "';'"                     { decl_error(p, @$, $name); yyerrok; }
  | model_kind error block                          { decl_error(p, @$, (Ident){0}); yyerrok; }
  | model_kind error "';'"                          { decl_error(p, @$, (Ident){0}); yyerrok; }
  | action_kind[kind] name action_body[fields]
          { decl_action(p, @$, $kind, @kind, $name, $fields); }
  | action_kind name error action_body              { decl_error(p, @$, $name); yyerrok; }
  | action_kind name error "';'"                    { decl_error(p, @$, $name); yyerrok; }
  | action_kind error action_body                   { decl_error(p, @$, (Ident){0}); yyerrok; }
  | action_kind error "';'"                         { decl_error(p, @$, (Ident){0}); yyerrok; }
  | name "'='" expr end                             { mistake_no_keyword(p, $name);
                                                      decl_const(p, @$, $name, $expr); }
  | name[word] name[is] "'='" expr end              { mistake_keyword(p, $word);
                                                      decl_error(p, @$, $is); }
  | name name[is] error "';'"                       { decl_error(p, @$, $is); yyerrok; }
  | "';'"                                           { mistake_empty(p, @$, "declaration"); }
  | error "';'"                                     { yyerrok; }
  ;

circuit_kind:
    "'circuit'"    { $$ = DECL_circuit; }
  | "'encoding'"   { $$ = DECL_encoding; }
  | "'observable'" { $$ = DECL_observable; }
  ;

model_kind:
    "'block'" { $$ = DECL_block; }
  | "'model'" { $$ = DECL_model; }
  ;

action_kind:
    "'train'"   { $$ = ACTION_train; }
  | "'explore'" { $$ = ACTION_explore; }
  | "'scan'"    { $$ = ACTION_scan; }
  | "'distill'" { $$ = ACTION_distill; }
  ;

end: "';'" | STATEMENT_END { mistake_semicolon(p, @$); };

formals:
    %empty                    { $$ = (FormalList){0}; }
  | "'('" "')'"               { $$ = (FormalList){0}; }
  | "'('" formal_list "')'"   { $$ = $formal_list; }
  | "'('" error "')'"         { $$ = formals_lost(p); yyerrok; }
  ;

formal_list:
    formal                          { $$ = formals_add(p, (FormalList){0}, $formal); }
  | formal_list[list] "','" formal  { $$ = formals_add(p, $list, $formal); }
  ;

formal:
    name "':'" word[type] default   { $$ = formal_typed(p, $name, $type, $default); }
  | name "'['" expr "']'"           { $$ = (Formal){$name, FORMAL_data, $expr, NULL}; }
  | name "'['" error "']'"
          { $$ = (Formal){$name, FORMAL_data, expr_error(p, @$), NULL}; yyerrok; }
  | name                            { $$ = (Formal){$name, FORMAL_data, NULL, NULL}; }
  ;

default:
    %empty        { $$ = NULL; }
  | "'='" expr    { $$ = $expr; }
  ;

registers: "'on'" register_list { $$ = $register_list; };

register_list:
    register                            { $$ = registers_add(p, (RegisterList){0}, $register); }
  | register_list[list] "','" register  { $$ = registers_add(p, $list, $register); }
  ;

register:
    name "'['" expr "']'"   { $$ = (Register){$name, $expr}; }
  | name "'['" error "']'"  { $$ = (Register){$name, expr_error(p, @$)}; yyerrok; }
  ;

/* ---- statements of circuits, encodings, observables, blocks and models ----------------------- */

block:
    "'{'" stmts "'}'"        { $$ = $stmts; }
  | "'{'" stmts error "'}'"  { $$ = $stmts; yyerrok; }
  ;

stmts:
    %empty            { $$ = (StmtList){0}; }
  | stmts[list] stmt  { $$ = stmts_add(p, $list, $stmt); }
  ;

stmt:
    "'param'" name shape init bounds end
          { $$ = stmt_param(p, @$, $name, $shape, $init, NULL, $bounds); }
  | "'param'" name shape "'='" expr bounds end
          { $$ = stmt_param(p, @$, $name, $shape, NULL, $expr, $bounds); }
  | "'param'" name error "';'"
          { $$ = stmt_const(p, @$, $name, expr_error(p, @$)); yyerrok; }
  | "'const'" name "'='" expr end                   { $$ = stmt_const(p, @$, $name, $expr); }
  | "'const'" name error "';'"
          { $$ = stmt_const(p, @$, $name, expr_error(p, @$)); yyerrok; }
  | "'const'" name "':'"[colon] expr end            { mistake_colon(p, $name, @colon);
                                                      $$ = stmt_const(p, @$, $name, $expr); }
  | "'for'" name "'in'" expr block                  { $$ = stmt_for(p, @$, $name, $expr, $block); }
  | if_stmt
  | gate_head end
          { $$ = stmt_gate(p, @$, (ModifierList){0}, $1, (ExprList){0}); }
  | gate_head operands end
          { $$ = stmt_gate(p, @$, (ModifierList){0}, $1, $operands); }
  | modifiers gate_head end
          { $$ = stmt_gate(p, @$, $1, $2, (ExprList){0}); }
  | modifiers gate_head operands end                { $$ = stmt_gate(p, @$, $1, $2, $operands); }
  | "'yield'" expr end                              { $$ = stmt_yield(p, @$, $expr); }
  | "'input'" name "':'" word[type] dims end        { $$ = stmt_input(p, @$, $name, $type, $dims); }
  | "'input'" name error "';'"                      { $$ = stmt_lost_input(p, @$, $name); yyerrok; }
  | "'layer'" name error "';'"
          { $$ = stmt_layer(p, @$, $name, expr_error(p, @$)); yyerrok; }
  | "'output'" error "';'"
          { $$ = stmt_output(p, @$, expr_error(p, @$)); yyerrok; }
  | "'layer'" name "'='" expr end                   { $$ = stmt_layer(p, @$, $name, $expr); }
  | "'layer'" name "':'"[colon] expr end            { mistake_colon(p, $name, @colon);
                                                      $$ = stmt_layer(p, @$, $name, $expr); }
  | "'skip'" edge scale via end                     { $$ = stmt_skip(p, @$, $edge, $scale, $via); }
  | "'output'" expr end                             { $$ = stmt_output(p, @$, $expr); }
  | "'freeze'" exprs end                            { $$ = stmt_freeze(p, @$, $exprs); }
  | "'tie'" exprs end                               { $$ = stmt_tie(p, @$, $exprs); }
  | gate_head[head] "'='" expr end
          { $$ = mistake_no_keyword(p, $head.name) == TOK_LAYER
                     ? stmt_layer(p, @$, $head.name, $expr)
                     : stmt_const(p, @$, $head.name, $expr); }
  | gate_head[head] operand "'='" expr end          { mistake_keyword(p, $head.name);
                                                      $$ = stmt_error(p, @$); }
  | "';'"
          { mistake_empty(p, @$, "statement"); $$ = stmt_error(p, @$); }
  | error "';'"                                     { $$ = stmt_error(p, @$); yyerrok; }
  ;

shape:
    %empty                            { $$ = (ParamShape){0}; }
  | "'['" exprs "']'"                 { $$ = (ParamShape){.dims = $exprs}; }
  | "'['" error "']'"                 { $$ = (ParamShape){0}; yyerrok; }
  | "':'" word[type] "'['" exprs "']'" { $$ = (ParamShape){$type, $exprs}; }
  | "':'" word "'['" error "']'"      { $$ = (ParamShape){0}; yyerrok; }
  ;

init:
    %empty      { $$ = NULL; }
  | "'~'" expr  { $$ = $expr; }
  ;

bounds:
    %empty                                            { $$ = (Bounds){0}; }
  | "'in'" "'['" expr[low] "','" expr[high] "']'"     { $$ = (Bounds){$low, $high}; }
  | "'in'" "'['" error "']'"                          { $$ = (Bounds){0}; yyerrok; }
  ;

dims:
    %empty              { $$ = (ExprList){0}; }
  | "'['" exprs "']'"   { $$ = $exprs; }
  | "'['" error "']'"   { $$ = (ExprList){0}; yyerrok; }
  ;

if_stmt: "'if'" condition block else { $$ = stmt_if(p, @$, $condition, $block, $else); };

condition:
    expr
  | expr[left] "'='"[op] expr[right]  { mistake_operator(p, @op, "==");
                                        $$ = expr_binary(p, @$, BINARY_eq, $left, $right); }
  ;

else:
    %empty            { $$ = (StmtList){0}; }
  | "'else'" block    { $$ = $block; }
  | "'else'" if_stmt  { $$ = stmts_add(p, (StmtList){0}, $if_stmt); }
  ;

gate_head:
    name                    { $$ = (GateHead){.name = $name, .span = @$}; }
  | name "'('" args "')'"   { $$ = (GateHead){$name, $args, true, false, @$}; }
  | name "'('" error "')'"  { $$ = (GateHead){.name = $name, .failed = true, .span = @$}; yyerrok; }
  ;

modifiers:
    gate_head "'@'"                  { $$ = modifiers_add(p, (ModifierList){0}, $gate_head); }
  | modifiers[list] gate_head "'@'"  { $$ = modifiers_add(p, $list, $gate_head); }
  ;

operands:
    operand                       { $$ = exprs_add(p, (ExprList){0}, $operand); }
  | operands[list] "','" operand  { $$ = exprs_add(p, $list, $operand); }
  ;

operand:
    name                    { $$ = expr_name(p, $name); }
  | name "'['" items "']'"  { $$ = expr_index(p, @$, expr_name(p, $name), $items); }
  | name "'['" error "']'"  { $$ = expr_error(p, @$); yyerrok; }
  ;

edge: expr[from] "'->'" expr[to] { $$ = expr_edge(p, @$, $from, $to); };

scale:
    %empty                { $$ = NULL; }
  | "'scale'" "':'" expr  { $$ = $expr; }
  ;

via:
    %empty        { $$ = NULL; }
  | "'via'" expr  { $$ = $expr; }
  ;

/* ---- fields of actions ----------------------------------------------------------------------- */

action_body:
    "'{'" fields "'}'"        { $$ = $fields; }
  | "'{'" fields error "'}'"  { $$ = $fields; yyerrok; }
  ;

fields:
    %empty              { $$ = (FieldList){0}; }
  | fields[list] field  { $$ = fields_add(p, $list, $field, @field); }
  ;

field:
    word[label] "':'" values end
          { $$ = (Field){FIELD_set, .label = $label, .values = $values}; }
  | word[label] "':'" "'train'"[split] "'.'" member end /* rank: train.loss */
          { $$ = (Field){FIELD_set, .label = $label};
            Expr *base = expr_name(p, ident_at(p, @split));
            $$.values = exprs_add(p, $$.values, expr_member(p, base->span, base, $member)); }
  | word[label] "'='"[equals] values end
          { mistake_equals(p, $label, @equals);
            $$ = (Field){FIELD_set, .label = $label, .values = $values}; }
  | word[label] error "';'"
          { $$ = (Field){FIELD_set, .label = $label};
            $$.values = exprs_add(p, $$.values, expr_error(p, @$)); yyerrok; }
  | "'over'" word[label] "':'" values end
          { $$ = (Field){FIELD_over, .label = $label, .values = $values}; }
  | "'over'" word[label] "'='"[equals] values end
          { mistake_equals(p, $label, @equals);
            $$ = (Field){FIELD_over, .label = $label, .values = $values}; }
  | "'over'" word[label] "'into'" name[into] "':'" values end
          { $$ = (Field){FIELD_over, $label, $into, .values = $values}; }
  | "'placement'"[label] STRING[title] block    { $$ = field_placement(p, @label, @title, $block); }
  | "'init'"[label] "'from'" run assigns
          { $$ = field_of_one(p, FIELD_init_from, @label, $run);
            $$.more = $assigns; }
  | "'where'"[label] condition end
          { $$ = field_of_one(p, FIELD_where, @label, $condition); }
  | "'require'"[label] condition end
          { $$ = field_of_one(p, FIELD_require, @label, $condition); }
  | "'expect'"[label] word[into] "':'" expr end { $$ = field_of_one(p, FIELD_expect, @label, $expr);
                                                  $$.into = $into; }
  | "';'"                                       { mistake_empty(p, @$, "field"); $$ = (Field){0}; }
  | error "';'"                                 { $$ = (Field){0}; yyerrok; }
  ;

values:
    value                     { $$ = exprs_add(p, (ExprList){0}, $value); }
  | values[list] "','" value  { $$ = exprs_add(p, $list, $value); }
  ;

value:
    expr
  | edge
  | "'each'"[callee] path  { $$ = expr_call(p, @$, ident_at(p, @callee),
                                            args_add(p, (ArgList){0}, (Arg){.value = $path})); }
  ;

path:
    name                            { $$ = expr_name(p, $name); }
  | path[base] "'.'" member         { $$ = expr_member(p, @$, $base, $member); }
  | path[base] "'['" items "']'"    { $$ = expr_index(p, @$, $base, $items); }
  | path "'['" error "']'"          { $$ = expr_error(p, @$); yyerrok; }
  ;

run:
    STRING  { $$ = expr_string(p, @$); }
  | path
  ;

assigns:
    "';'"                           { $$ = (ExprList){0}; }
  | STATEMENT_END                   { mistake_semicolon(p, @$); $$ = (ExprList){0}; }
  | "'{'" assign_list "'}'"         { $$ = $assign_list; }
  | "'{'" assign_list error "'}'"   { $$ = $assign_list; yyerrok; }
  ;

assign_list:
    %empty                    { $$ = (ExprList){0}; }
  | assign_list[list] assign  { $$ = exprs_add(p, $list, $assign); }
  ;

assign:
    path[to] "'<-'" path[from] end  { $$ = expr_assign(p, @$, $to, $from); }
  | error "';'"                     { $$ = expr_error(p, @$); yyerrok; }
  ;

/* ---- expressions ----------------------------------------------------------------------------- */

exprs:
    expr                    { $$ = exprs_add(p, (ExprList){0}, $expr); }
  | exprs[list] "','" expr  { $$ = exprs_add(p, $list, $expr); }
  ;

expr:
    postfix
  | "'-'" expr[a] %prec NEGATION  { $$ = expr_unary(p, @$, UNARY_neg, $a); }
  | "'not'" expr[a]               { $$ = expr_unary(p, @$, UNARY_not, $a); }
  | "'!'"[op] expr[a]
          { mistake_operator(p, @op, "not"); $$ = expr_unary(p, @$, UNARY_not, $a); }
  | expr[a] "'+'" expr[b]         { $$ = expr_binary(p, @$, BINARY_add, $a, $b); }
  | expr[a] "'-'" expr[b]         { $$ = expr_binary(p, @$, BINARY_sub, $a, $b); }
  | expr[a] "'*'" expr[b]         { $$ = expr_binary(p, @$, BINARY_mul, $a, $b); }
  | expr[a] "'/'" expr[b]         { $$ = expr_binary(p, @$, BINARY_div, $a, $b); }
  | expr[a] "'div'" expr[b]       { $$ = expr_binary(p, @$, BINARY_idiv, $a, $b); }
  | expr[a] "'mod'" expr[b]       { $$ = expr_binary(p, @$, BINARY_mod, $a, $b); }
  | expr[a] "'%'"[op] expr[b]     { mistake_operator(p, @op, "mod");
                                    $$ = expr_binary(p, @$, BINARY_mod, $a, $b); }
  | expr[a] "'^'" expr[b]         { $$ = expr_binary(p, @$, BINARY_pow, $a, $b); }
  | expr[a] "'**'"[op] expr[b]    { mistake_operator(p, @op, "^");
                                    $$ = expr_binary(p, @$, BINARY_pow, $a, $b); }
  | expr[a] "'=='" expr[b]        { $$ = expr_binary(p, @$, BINARY_eq, $a, $b); }
  | expr[a] "'!='" expr[b]        { $$ = expr_binary(p, @$, BINARY_ne, $a, $b); }
  | expr[a] "'<'" expr[b]         { $$ = expr_binary(p, @$, BINARY_lt, $a, $b); }
  | expr[a] "'<='" expr[b]        { $$ = expr_binary(p, @$, BINARY_le, $a, $b); }
  | expr[a] "'>'" expr[b]         { $$ = expr_binary(p, @$, BINARY_gt, $a, $b); }
  | expr[a] "'>='" expr[b]        { $$ = expr_binary(p, @$, BINARY_ge, $a, $b); }
  | expr[a] "'and'" expr[b]       { $$ = expr_binary(p, @$, BINARY_and, $a, $b); }
  | expr[a] "'&&'"[op] expr[b]    { mistake_operator(p, @op, "and");
                                    $$ = expr_binary(p, @$, BINARY_and, $a, $b); }
  | expr[a] "'or'" expr[b]        { $$ = expr_binary(p, @$, BINARY_or, $a, $b); }
  | expr[a] "'||'"[op] expr[b]    { mistake_operator(p, @op, "or");
                                    $$ = expr_binary(p, @$, BINARY_or, $a, $b); }
  | expr[a] "'..'" expr[b]        { $$ = expr_range(p, @$, $a, $b); }
  | expr[a] "'|>'" expr[b]        { $$ = expr_pipe(p, @$, $a, $b); }
  ;

postfix:
    NUMBER                              { $$ = expr_number(p, @$); }
  | STRING                              { $$ = expr_string(p, @$); }
  | "'true'"                            { $$ = expr_bool(p, @$, true); }
  | "'false'"                           { $$ = expr_bool(p, @$, false); }
  | name                                { $$ = expr_name(p, $name); }
  | name "'('" args "')'"               { $$ = expr_call(p, @$, $name, $args); }
  | name[callee] "'('" name[index] "'in'" expr[range] "':'" expr[body] "')'"
          { $$ = expr_fold(p, @$, $callee, $index, $range, $body); }
  | name "'('" error "')'"              { $$ = expr_error(p, @$); yyerrok; }
  | "'freeze'"[callee] "'('" args "')'" { $$ = expr_call(p, @$, ident_at(p, @callee), $args); }
  | "'freeze'" "'('" error "')'"        { $$ = expr_error(p, @$); yyerrok; }
  | "'('" expr "')'"                    { $$ = $expr; }
  | "'('" error "')'"                   { $$ = expr_error(p, @$); yyerrok; }
  | "'['" "']'"                         { $$ = expr_list(p, @$, (ExprList){0}); }
  | "'['" exprs "']'"                   { $$ = expr_list(p, @$, $exprs); }
  | "'['" error "']'"                   { $$ = expr_error(p, @$); yyerrok; }
  | postfix[base] "'['" items "']'"     { $$ = expr_index(p, @$, $base, $items); }
  | postfix "'['" error "']'"           { $$ = expr_error(p, @$); yyerrok; }
  | postfix[base] "'.'" member          { $$ = expr_member(p, @$, $base, $member); }
  ;

args:
    %empty     { $$ = (ArgList){0}; }
  | arg_list
  ;

arg_list:
    arg                       { $$ = args_add(p, (ArgList){0}, $arg); }
  | arg_list[list] "','" arg  { $$ = args_add(p, $list, $arg); }
  ;

arg:
    expr                        { $$ = (Arg){.value = $expr}; }
  | word "':'" expr             { $$ = (Arg){$word, $expr}; }
  | word "'='"[equals] expr     { mistake_equals(p, $word, @equals); $$ = (Arg){$word, $expr}; }
  ;

items:
    index                     { $$ = exprs_add(p, (ExprList){0}, $index); }
  | items[list] "','" index   { $$ = exprs_add(p, $list, $index); }
  ;

index:
    expr
  | expr "'..'"   { $$ = expr_range(p, @$, $expr, NULL); }
  | "'..'" expr   { $$ = expr_range(p, @$, NULL, $expr); }
  | "'..'"        { $$ = expr_range(p, @$, NULL, NULL); }
  ;

/* ---- names ----------------------------------------------------------------------------------- */

/* Keywords that begin no statement are names, too. */
name: name_token { $$ = ident_at(p, @$); };

name_token:
    NAME | "'over'" | "'into'" | "'placement'" | "'init'" | "'from'" | "'where'"
  | "'require'" | "'expect'" | "'scale'" | "'via'" | "'each'"
  ;

/* As a label and behind a '.', every word is a name. */
word: name | hard_word;

member: word | "'*'" { $$ = ident_at(p, @$); };

hard_word: any_keyword { $$ = ident_at(p, @$); };

any_keyword:
    "'use'" | "'const'" | "'data'" | "'circuit'" | "'encoding'" | "'observable'" | "'block'"
  | "'model'" | "'train'" | "'explore'" | "'scan'" | "'distill'" | "'param'" | "'for'" | "'if'"
  | "'yield'" | "'input'" | "'layer'" | "'skip'" | "'output'" | "'freeze'" | "'tie'" | "'else'"
  | "'in'" | "'on'" | "'true'" | "'false'" | "'and'" | "'or'" | "'not'" | "'div'" | "'mod'"
  ;

%%

/* Bison's own message is the one about its stack; syntax errors come by the function below. */
static void rq_yyerror(const Span *at, Parser *p, const char *text)
{
    (void)text;
    mistake_memory(p, *at);
}

const char *token_alias(int kind) { return yysymbol_name(YYTRANSLATE(kind)); }

static int yyreport_syntax_error(const yypcontext_t *context, Parser *p)
{
    yysymbol_kind_t symbols[YYNTOKENS];
    int tokens[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
    for (int i = 0; i < count; i++) {
        tokens[i] = TOK_USE; /* the kind of a symbol is found by search */
        while (tokens[i] < TOK_UNCLOSED && YYTRANSLATE(tokens[i]) != symbols[i]) tokens[i]++;
        if (symbols[i] == YYSYMBOL_YYEOF) tokens[i] = TOK_END;
    }
    mistake_syntax(p, tokens, count);
    tokens_resync(p);
    return 0;
}
