#!/usr/bin/env bash
# lint.sh: each rule of tests/lint.sh finds a violation planted for it.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
lint=$RQ_SRC/tests/lint.sh
tree=$work/tree

# planted PATH TEXT EXPECTED: lint of a tree with only this file says EXPECTED (a regular expression)
planted() {
    rm -rf "$tree"
    mkdir -p "$tree/$(dirname "$1")" "$tree/compiler/graph" "$tree/runtime/data"
    printf '/* a.h: for the others. */\n#ifndef RQ_GRAPH_A_H\n#endif\n' >"$tree/compiler/graph/a.h"
    printf '/* b.h: for the others. */\n#ifndef RQ_DATA_B_H\n#endif\n' >"$tree/runtime/data/b.h"
    printf '/* b.def: rows. */\n' >"$tree/runtime/data/b.def"
    printf "$2" >"$tree/$1"
    "$lint" "$tree" >"$work/lint" 2>&1
    if [ -z "$3" ]; then
        grep -qx 'lint: nothing' "$work/lint" || { fail "lint complains of what is right in $1:"; cat "$work/lint"; }
    else
        grep -qE "^$1:[0-9]+.*$3" "$work/lint" || { fail "lint does not find '$3' in $1:"; cat "$work/lint"; }
        [ "$(tail -n 1 "$work/lint")" = 'lint: 1' ] || { fail "not one finding in $1:"; cat "$work/lint"; }
    fi
}

planted compiler/kernel/x.c '/* x */\n#include "graph/a.h"\n#include "data/b.def"\n' ''
planted compiler/cli/x.c '/* x */\n#include "graph/a.h"\n#include "data/b.h"\n' ''
planted runtime/data/x.c '/* x */\n#include "data/b.h"\n#include <zlib.h>\n' ''
planted compiler/check/x.c '/* x */\n#include "graph/a.h"\n' 'may include from: base syntax check'
planted compiler/base/x.h '/* x */\n#ifndef RQ_BASE_X_H\n#include "syntax/ast.h"\n#endif\n' 'may include from: base;'
planted compiler/graph/x.c '/* x */\n#include "data/b.h"\n' 'only .def files'
planted compiler/graph/x.c '/* x */\n#include "a.h"\n' 'may include from'
planted runtime/data/x.c '/* x */\n#include "graph/a.h"\n' 'includes only itself'
planted compiler/cli/x.c '/* x */\n#include <llvm-c/Core.h>\n' 'backend/ alone'
planted compiler/backend/x.c '/* x */\n#include <llvm-c/Core.h>\n' ''
planted compiler/graph/x.c '/* x */\nint *p = malloc(4);\n' 'allocate'
planted runtime/data/x.c '/* x */\nvoid f(void) { free (p); }\n' 'allocate'
planted compiler/graph/x.c '/* malloc(1)\n free(2) */ // free(3)\nconst char *s = "free(p) /*"; p.free(1); q->free(2);\n' ''
planted runtime/memory.c '/* x */\nint *p = malloc(4);\n' ''
planted runtime/data/x.c '/* x */\nvoid f(void) { exit(1); }\n' 'ends the program'
planted compiler/graph/x.c '/* x */\nstatic int counter;\n' 'mutable globals'
planted compiler/graph/x.c '/* x */\nint f(void)\n{\n    static char text[20] = "";\n}\n' 'mutable globals'
planted compiler/graph/x.c '/* x */\nstatic const int n = 3;\nstatic int f(int a);\n' ''
planted compiler/graph/x.c "/* x */\n$(printf '%600s' '' | sed 's/ /\\n/g')" '600 are the limit'
planted compiler/graph/x.c 'int a;\n' 'begins with a comment'
planted compiler/graph/math_util.c '/* x */\n' 'named for its noun'
planted compiler/graph/x.h '/* x */\n#ifndef X_H\n#endif\n' 'its guard is RQ_GRAPH_X_H'
planted compiler/graph/x.c '/* x */\nint a; \n' 'blank at the end'
planted compiler/graph/x.c '/* x */\n\tint a;\n' 'tab'
planted stdlib/x.rq 'const a = 1; \n' 'blank at the end'
planted tests/cli/x.sh 'source expect.bash\n' 'goes on without'
planted tests/cli/x.sh 'source expect.bash || exit 2\n' ''
planted compiler/graph/x.c '/* x: TO''DO */\n' 'belongs into an issue'

# diagnostics: used, tested, one main row for each code, the code's letter says what it is
mkdir -p "$tree/compiler/base" "$tree/compiler/graph" "$tree/tests/error"
rm -rf "$tree"/runtime "$tree"/compiler/*/*
printf '/* x */\nERROR  (E0001, good, "")\nERROR  (E0002, unused, "")\nERROR  (E0003, untested, "")\n%s\n%s\n' \
    'WARNING(E0004, letter, "")' 'ERROR  (E0001, again, "")' >"$tree/compiler/base/diag.def"
printf '/* x */\nint a[] = {D_good, D_untested, D_letter, D_again};\n' >"$tree/compiler/graph/x.c"
for code in E0001 E0002 E0004; do echo 'const a = 1;; //~ fix: const a = 1;' >"$tree/tests/error/$code-x.rq"; done
"$lint" "$tree" >"$work/lint" 2>&1
cat >"$work/want" <<'END'
compiler/base/diag.def:1: E0001: has two main rows
compiler/base/diag.def:3: D_unused is never reported
compiler/base/diag.def:4: no file tests/error/E0003-*.rq shows the repaired program: mark a line with '//~ fix: TEXT'
compiler/base/diag.def:4: no test names E0003 (untested)
compiler/base/diag.def:5: the code of a warning begins with W, not E0004
lint: 5
END
diff "$work/want" "$work/lint" || fail "lint of diag.def"
finish
