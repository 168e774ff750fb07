#!/usr/bin/env bash
# docs.sh: what README.md and docs/ show is so. Every ```rq block is a whole file that checks without an error; the output under
# "    $ rq check|flow|explain ..." is what rq prints; README's model is that of examples/resqunn.rq; links lead somewhere.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cp -r "$RQ_SRC/examples" "$work" && cd "$work" || exit 1
pages=("$RQ_SRC"/README.md "$RQ_SRC"/docs/*.md)

blocks=0
for page in "${pages[@]}"; do
    name=$(basename "$page" .md)
    awk -v out="$name" '/^```rq$/ { n++; on = 1; next } /^```$/ { on = 0 } on { print > (out "-" n ".rq") }' "$page"
    for file in "$name"-*.rq; do
        [ -e "$file" ] || continue
        blocks=$((blocks + 1))
        rq check --diag=line "$file"
        [ "$code" -eq 0 ] || { fail "$page: $file"; cat err; }
    done
done
[ $blocks -ge 8 ] || fail "only $blocks blocks were found"

# shown PAGE: each command of rq's that needs no training, run; its output against the lines below it
shown() {
    local i
    rm -f command-* expected-*
    awk '
        /^    \$ / {
            on = 0
            if ($2 == "sed") { print substr($0, 7) > "prepare"; next }
            if ($2 != "rq" || $3 !~ /^(check|flow|explain)$/) next
            on = 1; n++
            print substr($0, 10) > ("command-" n)
            printf "" > ("expected-" n)
            next
        }
        /^    / && on { print substr($0, 5) > ("expected-" n); next }
        /^$/ && on { print "" > ("expected-" n); next }
        { on = 0 }' "$1"
    [ ! -e prepare ] || bash prepare
    for i in command-*; do
        [ -e "$i" ] || continue
        rq $(cat "$i")
        # blank lines at the end are not part of a page; messages come before what is printed
        cat err out | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >got
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "expected-${i#command-}" >want
        commands=$((commands + 1))
        cmp -s got want || { fail "$1: rq $(cat "$i") prints something else"; diff want got; }
    done
}
commands=0
for page in "${pages[@]}"; do shown "$page"; done
[ $commands -ge 3 ] || fail "only $commands commands with output were found"

# without comments at the line's end the first block of README stands in the example as it is
grep -v '^//' examples/resqunn.rq | sed '/^explore/,$d' | cmp -s - <(cat README-1.rq; echo) ||
    { fail "README's model is not examples/resqunn.rq"; grep -v '^//' examples/resqunn.rq | sed '/^explore/,$d' | diff - README-1.rq; }

# every field of an action and every row of callees.def stands in a table of docs/language.md, with its default
section() { awk -v head="$1" '/^##/ { on = $0 == head } on' "$RQ_SRC/docs/language.md"; }
rows=0
while IFS='|' read -r action name default; do
    rows=$((rows + 1))
    section "### $action" | grep -F "| \`$name\` |" | grep -qF -- "| $default |" || fail "docs/language.md: $action.$name with default '$default'"
done < <(sed -n 's/^FIELD(\([a-z]*\), *\([a-z_]*\), *\([^,]*[a-z"]\|"[^"]*"\), *"\([^"]*\)",.*/\1|\2|`\4`/p' "$RQ_SRC/runtime/program/fields.def" |
    sed 's/`!`$/required/; s/``$//')
[ $rows -ge 40 ] || fail "only $rows fields were found"
for name in $(sed -n 's/^CALLEE([a-z]*, \([a-z_0-9]*\),.*/\1/p' "$RQ_SRC/compiler/check/callees.def"); do
    grep -q "\`$name[\`(]" "$RQ_SRC/docs/language.md" || fail "docs/language.md: nothing about $name"
done
for name in $(sed -n 's/^LAYER(\([a-z_]*\),.*/\1/p' "$RQ_SRC/compiler/check/layers.def"); do
    section '## Models' | grep -q "\`$name[\`(]" || fail "docs/language.md: nothing about the layer $name"
done
for name in $(sed -n 's/^VERB(\([a-z]*\),.*/\1/p' "$RQ_SRC/compiler/cli/verbs.def"); do
    grep -q "\`$name[\` ]" "$RQ_SRC/docs/cli.md" || fail "docs/cli.md: nothing about the verb $name"
done
for name in $(sed -n 's/^[A-Z]* *(\([a-z]*\), .*/\1/p' "$RQ_SRC/compiler/cli/options.def"); do
    grep -qE -- "\`--$name|\`-${name:0:1} " "$RQ_SRC/docs/cli.md" || fail "docs/cli.md: nothing about --$name"
done

for page in "${pages[@]}"; do
    for link in $(grep -o '](\([^)#]*\)' "$page" | sed 's/](//'); do
        case $link in http*) continue ;; esac
        [ -e "$(dirname "$page")/$link" ] || fail "$page: a link to $link, which is not there"
    done
done
finish
