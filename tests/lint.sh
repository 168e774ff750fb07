#!/usr/bin/env bash
# lint.sh: what the compiler's warnings cannot see. Prints FILE:LINE: what is wrong; exit 1 if anything is.
#
# Who may include whom, who may allocate, sizes and names of files, that every diagnostic is used and tested.
# usage: lint.sh [ROOT]      ROOT is the tree to look at (the tests plant violations in one of their own)
set -u
cd "${1:-$(dirname "$0")/..}" || exit 2
export LC_ALL=C
found=$(mktemp)
trap 'rm -rf "$found" "$stripped"' EXIT
stripped=$(mktemp -d)

report() { sed "s|\$|${1:+: $1}|" >>"$found"; }
sources() { find compiler runtime grammar tests -type f \( "$@" \) 2>/dev/null | sort; }

# C files without comments and texts, line for line, under $stripped: no false alarm from what only speaks of malloc.
strip_all() {
    local f
    sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' -o -name '*.def' | while read -r f; do
        mkdir -p "$stripped/$(dirname "$f")"
        awk '{
            out = ""; s = $0
            while (s != "") {
                if (comment) {
                    p = index(s, "*/"); if (!p) break
                    s = substr(s, p + 2); comment = 0; continue
                }
                if (!match(s, /\/\*|\/\/|"([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)+'\''/)) { out = out s; break }
                out = out substr(s, 1, RSTART - 1)
                mark = substr(s, RSTART, 2)
                s = substr(s, RSTART + RLENGTH)
                if (mark == "//") break
                if (mark == "/*") comment = 1; else out = out "\"\""
            }
            print out
        }' "$f" >"$stripped/$f"
    done
}

# Code (without comments and texts) that matches a pattern, in the files on standard input.
in_code() { # PATTERN
    local f
    while read -r f; do
        [ -e "$stripped/$f" ] && grep -nE -- "$1" "$stripped/$f" | sed "s|^|$f:|"
    done
}

# base <- syntax <- check <- graph <- kernel <- backend; cli/ and compile.c may include all; of runtime/ only .def files,
# closest.h and program/roles.h, an enum that both sides spell; backend/function.h fills the table of program/program.h.
check_includes() {
    local f folder may
    sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' -o -name '*.def' | while read -r f; do
        case $f in
            compiler/base/*) may="base" ;;
            compiler/syntax/* | grammar/*) may="base syntax grammar" ;;
            compiler/check/*) may="base syntax check" ;;
            compiler/graph/*) may="base syntax check graph" ;;
            compiler/kernel/*) may="base graph kernel" ;;
            compiler/export/*) may="base syntax check graph export" ;;
            compiler/backend/*) may="base graph kernel backend" ;;
            runtime/*) may=runtime ;;
            *) continue ;;
        esac
        grep -nE '^ *# *include *"' "$f" | while IFS=: read -r line text; do
            path=${text#*\"}; path=${path%%\"*}
            folder=${path%%/*}
            if [ "$may" = runtime ]; then
                [ -e "runtime/$path" ] || echo "$f:$line: runtime/ includes only itself, not \"$path\""
            elif [ -e "runtime/$path" ] && [ ! -e "compiler/$path" ]; then
                case $path:$f in
                    *.def:* | closest.h:* | program/roles.h:* | program/program.h:compiler/backend/function.h) ;;
                    *) echo "$f:$line: of runtime/ this folder sees only .def files and closest.h, not \"$path\"" ;;
                esac
            else
                case " $may " in
                    *" $folder "*) ;;
                    *) echo "$f:$line: may include from: $may; not \"$path\"" ;;
                esac
            fi
        done
    done >>"$found"
}

check_calls() {
    sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' | grep -v '^compiler/backend/' |
        xargs -r grep -nE '# *include *[<"]llvm' | report "llvm-c is for compiler/backend/ alone"
    sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' -o -name '*.def' |
        grep -E '^(compiler|runtime|grammar)/' | grep -vE '^(compiler/base/arena|runtime/memory)\.c$' |
        in_code '(^|[^A-Za-z0-9_.>])(malloc|calloc|realloc|free|strdup|strndup|aligned_alloc|posix_memalign|v?asprintf|getline) *\(' |
        report "only compiler/base/arena.c and runtime/memory.c allocate"
    sources -name '*.c' | grep '^runtime/' | in_code '(^|[^A-Za-z0-9_.>])_?exit *\(' |
        report "nothing in librq ends the program"
    sources -name '*.c' -o -name '*.h' | grep '^compiler/' | in_code '^ *static ' |
        grep -vE ':[0-9]+: *static [^=;]*(\(|const|inline|_Noreturn)' | report "no mutable globals in the compiler"
}

check_files() {
    sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' -o -name '*.def' | while read -r f; do
        n=$(wc -l <"$f")
        [ "$n" -le 600 ] || echo "$f:$n: $n lines; 600 are the limit"
        [ "$(head -c 2 "$f")" = '/*' ] || [ "$(head -c 2 "$f")" = '%{' ] || [ "${f##*.}" = y ] || [ "${f##*.}" = l ] ||
            echo "$f:1: begins with a comment that says what the file is"
    done >>"$found"
    sources -iname '*util*' -o -iname '*helper*' -o -iname '*common*' -o -iname '*misc*' -o -iname '*manager*' |
        sed "s|$|:1|" | report "a file is named for its noun"
    find compiler runtime -mindepth 2 -type d 2>/dev/null | sort | sed "s|$|:1|" | report "folders have no sub-folders"
    sources -name '*.h' | grep -E '^(compiler|runtime)/' | while read -r f; do
        guard=RQ_$(echo "${f#*/}" | tr 'a-z/.-' 'A-Z___')
        grep -qx "#ifndef $guard" "$f" || echo "$f:1: its guard is $guard"
    done >>"$found"
    { sources -name '*.c' -o -name '*.h' -o -name '*.l' -o -name '*.y' -o -name '*.def' -o -name '*.rq'
      find stdlib examples -name '*.rq' 2>/dev/null; } | while read -r f; do
        grep -nE ' $' "$f" | sed "s|^\([0-9]*\):.*|$f:\1: blank at the end of the line|"
        case $f in tests/*/*.rq) ;; *) grep -n "$(printf '\t')" "$f" | sed "s|^\([0-9]*\):.*|$f:\1: tab|" ;; esac
    done >>"$found"
    grep -nE '^source ' tests/cli/*.sh tests/cli/*.bash 2>/dev/null | grep -v '|| exit' |
        report "a test that goes on without what it sources writes where it should not; end it by exit 2"
    grep -rnEI 'TO''DO|FIX''ME' compiler runtime grammar stdlib examples tests docs dev CMakeLists.txt README.md \
        2>/dev/null | report "what is left open belongs into an issue"
}

# Every row of diag.def is used by its name and has a test that names its code; a code has one main row.
check_diagnostics() {
    local def=compiler/base/diag.def uses tests
    [ -e $def ] || return
    uses=$(cat $(sources -name '*.c' -o -name '*.l' -o -name '*.y' | grep -E '^(compiler|grammar)/') /dev/null |
        grep -oE 'D_[a-z0-9_]+' | sort -u)
    tests=$({ find tests -type f -name '[EW][0-9]*'; grep -rhoE '[EW][0-9]{4}' tests --include='*.c' --include='*.sh' \
        --include='*.err' --include='*.rq'; } 2>/dev/null | grep -oE '[EW][0-9]{4}' | sort -u)
    grep -nE '^(ERROR|WARNING|NOTE|HELP) *\(' $def |
        sed -E 's/^([0-9]+):([A-Z]+) *\( *([A-Z0-9]+) *, *([a-z0-9_]+).*/\1 \2 \3 \4/' | while read -r line kind code name; do
        grep -qx "D_$name" <<<"$uses" || echo "$def:$line: D_$name is never reported"
        grep -qx "$code" <<<"$tests" || echo "$def:$line: no test names $code ($name)"
        case $kind in
            ERROR) [[ $code == E* ]] || echo "$def:$line: the code of an error begins with E, not $code" ;;
            WARNING) [[ $code == W* ]] || echo "$def:$line: the code of a warning begins with W, not $code" ;;
        esac
    done >>"$found"
    grep -nE '^(ERROR|WARNING) *\(' $def | sed -E 's/^([0-9]+):[A-Z]+ *\( *([A-Z0-9]+).*/\1 \2/' | while read -r line code; do
        grep -qs '//~ fix' tests/error/"$code"-*.rq ||
            echo "$def:$line: no file tests/error/$code-*.rq shows the repaired program: mark a line with '//~ fix: TEXT'"
    done >>"$found"
    grep -E '^(ERROR|WARNING) *\(' $def | grep -oE '[EW][0-9]{4}' | sort | uniq -d | sed "s|^|$def:1: |" |
        report "has two main rows"
}

# Rule 9 says 60 lines for a function; a flat switch may be longer, so these are named and do not fail.
note_long_functions() {
    sources -name '*.c' | grep -E '^(compiler|runtime)/' | xargs -r awk '
        FNR == 1 { open = 0 }
        /^\{/ { open = FNR; switches = 0 }
        open && /switch \(/ { switches = 1 }
        /^\}/ && open {
            if (FNR - open > 61 && !switches) print "note: " FILENAME ":" open ": a function of " FNR - open - 1 " lines"
            open = 0
        }'
}

strip_all
check_includes
check_calls
check_files
check_diagnostics
note_long_functions
sort -u "$found"
n=$(sort -u "$found" | wc -l)
[ "$n" -eq 0 ] || { echo "lint: $n"; exit 1; }
echo "lint: nothing"
