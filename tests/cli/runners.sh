#!/usr/bin/env bash
# runners.sh: the golden and error runners go red when they have to; rq is played by a script that obeys the test file:
# lines '//OUT text', '//ERR text' and '//RC n' say what it writes and returns.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
tests=$work/tests
mkdir -p "$tests/error" "$tests/golden/graph" "$tests/golden/run"
cp "$RQ_SRC/tests/error/run.sh" "$tests/error"
cp "$RQ_SRC/tests/golden/run.sh" "$tests/golden"
cat >"$work/rq" <<'END'
#!/usr/bin/env bash
for word; do case $word in *.rq) file=$word ;; esac; done
echo "$*" >>"$(dirname "$0")/calls"
sed -n 's|^//OUT ||p' "$file"
sed -n 's|^//ERR ||p' "$file" >&2
exit "$(sed -n 's|^//RC ||p' "$file" | grep . || echo 0)"
END
chmod +x "$work/rq"
RQ=$work/rq

# runs WANTED_CODE RUNNER TEXT ARGS...: TEXT occurs in what the runner prints
runs() {
    local want=$1 runner=$2 text=$3
    shift 3
    "$tests/$runner/run.sh" "$@" >"$work/out" 2>&1
    code=$?
    [ $code -eq "$want" ] && grep -qF -- "$text" "$work/out" || { fail "$runner $*: $code, no '$text':"; cat "$work/out"; }
}

runs 0 error 'no files'
runs 0 golden 'no files'

good='aaa //~ error: equal shapes //~ warning: foo
bbb /* //~ warning: bar */
//ERR x.rq:1:3: E0312: needs equal shapes, but
//ERR x.rq:1:9: W0601: a foo: here
//ERR x.rq:1:9: note: a foo: here
//ERR x.rq:2:9: W0601: a bar: here
//RC 1'
# misuse NAME SED: the good test, changed
misuse() { rm -f "$tests"/error/*.rq; sed "$2" <<<"$good" >"$tests/error/$1.rq"; }
misuse E0312-good ''
runs 0 error '1 files, all right'
grep -qx 'check E0312-good.rq --diag=line' "$work/calls" || fail "the error runner calls rq otherwise"
misuse E0312-too-much 's|^aaa.*|aaa //~ warning: foo|; s|//RC 1|//RC 0|'
runs 1 error '+ error on line 1: E0312: needs equal shapes, but'
misuse E0312-missing '/ERR x.rq:2/d'
runs 1 error '- warning on line 2: bar'
misuse E0312-other-line 's|rq:2:|rq:3:|'
runs 1 error '- warning on line 2: bar'
misuse E0312-other-kind 's|W0601: a bar|E0601: a bar|'
runs 1 error '- warning on line 2: bar'
misuse E0313-code ''
runs 1 error '- E0313 anywhere'
misuse E0312-exit 's|//RC 1|//RC 0|'
runs 1 error 'exit 0, not 1'
misuse E0312-none 's|//~||g; /ERR/d; s|//RC 1||'
runs 1 error '- a line with //~ error: or //~ warning:'
misuse E0312-sanitizer '$a //ERR SUMMARY: AddressSanitizer: 8 byte(s)'
runs 1 error 'sanitizer output'
misuse E0312-run '1i //~ run: scan --threads 1\n//~ exit: 4' && sed -i 's|//RC 1|//RC 4|; s|rq:2:|rq:4:|; s|rq:1:|rq:3:|' "$tests/error/E0312-run.rq"
runs 0 error 'all right' run
grep -qx 'scan --threads 1 E0312-run.rq --diag=line' "$work/calls" || fail "the error runner ignores //~ run:"
runs 1 error "no files match 'nosuch'" nosuch

printf '//OUT a\n//OUT b\n' >"$tests/golden/graph/x.rq"
printf '//~ run: flow --table\n//~ exit: 4\n//OUT hello\n//ERR warn\n//RC 4\n' >"$tests/golden/run/y.rq"
runs 1 golden 'no side file; write it with --update'
runs 0 golden 'all right' --update
runs 0 golden '2 files, all right'
grep -qx 'emit --stage graph --engine state x.rq' "$work/calls" || fail "the golden runner calls rq otherwise"
grep -qx 'flow --table y.rq' "$work/calls" || fail "the golden runner ignores //~ run:"
[ "$(cat "$tests/golden/graph/x.graph" "$tests/golden/run/y.out" "$tests/golden/run/y.err")" = $'a\nb\nhello\nwarn' ] ||
    fail "side files are not what rq writes"
echo '//OUT c' >>"$tests/golden/graph/x.rq"
runs 1 golden '+c'
runs 0 golden '1 files, all right' run/y
sed -i 's|//RC 4|//RC 0|' "$tests/golden/run/y.rq"
runs 1 golden 'exit 0 for .out, not 4' y
sed -i 's|//ERR warn|//ERR x.c:1:2: runtime error: shift|' "$tests/golden/run/y.rq"
runs 1 golden 'sanitizer output' y
finish
