#!/usr/bin/env bash
# hostile.sh: what a hostile world gives: one clear message, the right exit code, and nothing lost that was on disk.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
model=$RQ_SRC/tests/cli/model.rq
cd "$work" || exit 1
quick=(train "$model" --action quick --threads 1 --set quick.epochs=1)
long=(train "$model" --action quick --threads 1 --set quick.epochs=1000000 --quiet)

# Is FILE a whole checkpoint? Header, and values to its very end.
whole() {
    python3 - "$1" <<'P' || fail "$1 is no complete checkpoint"
import json, struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h = json.loads(b[8:8 + n])
assert max(v["data_offsets"][1] for k, v in h.items() if k != "__metadata__") == len(b) - 8 - n
P
}
repeat() { head -c "$2" /dev/zero | sed "s/\x00/$1/g"; } # TEXT TIMES

# ---- source texts ----
{ echo -n 'const a = 1; // '; repeat x 1000000; echo; echo 'const b = ;'; } >comment.rq
expect 1 err "--> comment.rq:2:11" check comment.rq
repeat a 1000000 >name.rq
expect 1 err "this name has 1000000 characters" check name.rq
{ echo -n 'const a = '; repeat 1 1000000; echo ';'; } >digits.rq
expect 1 err "error[E0008]" check digits.rq
for n in 1 2 3 4 5 6 7 8; do
    case $n in
        1) before='const a = ' part='(' ;;
        2) before='const a = ' part='[' ;;
        3) before='const a = ' part='abs(' ;;
        4) before='const a = ' part='-' ;;
        5) before='const a = 2' part='^2' ;;
        6) before='circuit c on q[n] {' part='for i in 0..1 { ' ;;
        7) before='circuit c on q[n] {' part='if 1 < 2 { x q; } else ' ;;
        8) before='model M { input x: real[2]; layer a = ' part='detach(' ;;
    esac
    { echo -n "$before"; repeat "$part" 10000; } >deep.rq
    expect 1 err "error[E0007]: nested or chained too deep" check deep.rq
done
{ echo -n 'model M { '; repeat '{' 10000; } >braces.rq
expect 1 err "error[E0100]" check braces.rq
printf 'const a = 1;\0const b = 2;\n' >nul.rq
expect 1 err "stray character '\\x00'" check nul.rq
expect 1 err "error[E00" check "$RQ"
[ "$(wc -c <"$work/err")" -lt 20000 ] || fail "a binary file: $(wc -c <"$work/err") bytes of messages"
LC_ALL=C grep -q "$(printf '[\001-\010\033]')" "$work/err" && fail "a binary file: control characters in a message"
mkdir folder.rq
usage_error "cannot read 'folder.rq': Is a directory" check folder.rq
usage_error "cannot read 'no.rq': No such file" check no.rq
if [ -e /dev/zero ]; then usage_error "has more than 64 MB" check /dev/zero; fi
if [ "$(id -u)" -ne 0 ]; then
    echo 'const a = 1;' >secret.rq
    chmod 0 secret.rq
    usage_error "cannot read 'secret.rq': Permission denied" check secret.rq
else
    echo "skipped: an unreadable file (root reads all)"
fi

# ---- data files ----
source_is() { # TEXT: model.rq with that source of samples real[2]
    cat >model.rq <<RQ
data set = $1;
model M { input x: real[2]; layer head = dense(2); output head; }
train go { model: M; data: set; loss: cross_entropy; epochs: 1; batch: 2; }
RQ
}
source_is 'csv(file: "t.csv", label: "kind", train: 2)'
for bad in nan inf -inf 1e999 NaN; do
    printf 'a,b,kind\n1,2,0\n3,%s,1\n' "$bad" >t.csv
    expect 2 err "line 3, column 2: '$bad' is not a finite number" run model.rq
done
python3 - <<'P'
import struct
def npy(name, shape, values, kind="<f4"):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (kind, shape)
    head = head.ljust(117) + "\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + values)
pack = lambda *v: struct.pack("<%df" % len(v), *v)
npy("y.npy", "(2,)", b"\0\1", "|u1")
npy("nan.npy", "(2, 2)", pack(1, 2, 3, float("nan")))
npy("three.npy", "(2, 3)", pack(1, 2, 3, 4, 5, 6))
npy("lie.npy", "(4000000000, 2)", pack(1, 2, 3, 4))
npy("huge.npy", "(4611686018427387904, 2)", pack(1, 2, 3, 4))
npy("minus.npy", "(-2, -2)", pack(1, 2, 3, 4))
P
npy_is() { source_is "npy(input: \"$1\", target: \"y.npy\", train: 2)"; }
npy_is nan.npy
expect 2 err "'nan.npy': element 1 of sample 1 is nan" run model.rq
npy_is three.npy
expect 2 err "wants 2 values for its 'x', but a sample of 'npy' has 3" run model.rq
for f in lie huge minus; do
    npy_is $f.npy
    expect 2 err "'$f.npy'" run model.rq
done

# ---- checkpoints ----
expect 0 out "epoch 1/1" "${quick[@]}" --out base
for n in 0 7 8 9 500 5000; do
    head -c $n base/last.safetensors >cut.safetensors
    expect 2 err "'cut.safetensors'" "${quick[@]}" --init cut.safetensors --out not
done
python3 - <<'P'
import copy, json, struct
b = open("base/last.safetensors", "rb").read()
n = struct.unpack("<Q", b[:8])[0]
h, body = json.loads(b[8:8 + n]), b[8 + n:]
def save(name, change, length=None):
    g = copy.deepcopy(h)
    change(g)
    s = json.dumps(g).encode()
    open(name + ".safetensors", "wb").write(struct.pack("<Q", length or len(s)) + s + body)
save("shape", lambda g: g["head.b"].update(shape=[10 ** 12]))
save("product", lambda g: g["head.b"].update(shape=[2 ** 32, 2 ** 32]))
save("offsets", lambda g: g["head.b"].update(data_offsets=[0, 2 ** 62]))
save("negative", lambda g: g["head.b"].update(data_offsets=[-8, 8]))
save("length", lambda g: None, 2 ** 63)
save("kind", lambda g: g["head.b"].update(dtype="X99"))
open("nested.safetensors", "wb").write(struct.pack("<Q", 100000) + b"[" * 100000)
P
for f in shape product offsets negative length kind nested; do
    expect 2 err "'$f.safetensors'" "${quick[@]}" --init $f.safetensors --out not
done
[ ! -e not ] || fail "a run that could not start leaves a directory"

# ---- a run directory that was tampered with ----
damaged() { # MESSAGE: of eval on the run directory `hurt`, which is made anew afterwards
    usage_error "$1" eval hurt
    rm -r hurt && cp -r base hurt
}
cp -r base hurt
head -c 10 base/settings.json >hurt/settings.json
damaged "'hurt/settings.json' cannot be read as the settings of a run"
echo '{"action": "quick", "precision": "f99"}' >hurt/settings.json
damaged "the precision of a run is f32 or f64, not 'f99'"
echo '{"action": "quick", "set": ["x"]}' >hurt/settings.json
damaged "--set wants NAME=VALUE"
rm hurt/model.rq
damaged "'hurt' is a directory without a model.rq"
head -c 100 base/best.safetensors >hurt/best.safetensors
damaged "'hurt/best.safetensors': a header of"

# ---- where runs go ----
: >file
usage_error "'file' is no directory; name another with --out DIR" "${quick[@]}" --out file
usage_error "directory '/proc/x' cannot be made" "${quick[@]}" --out /proc/x
cp -r base before
usage_error "'base' already holds a run" "${quick[@]}" --out base
diff -r base before >/dev/null || fail "a refused run changed what was there"
"$RQ" "${quick[@]}" --out two >/dev/null 2>err1 &
first=$!
"$RQ" "${quick[@]}" --out two >/dev/null 2>err2
a=$?
wait $first
b=$?
[ $((a + b)) -eq 2 ] && [ $((a * b)) -eq 0 ] || fail "two runs in one directory: exit codes $a and $b, not 0 and 2"
cat err1 err2 | grep -qE "already holds a run|another run is writing into 'two'" || fail "two runs in one directory: no message"
[ "$(grep -c '"event":"start"' two/metrics.jsonl)" -eq 1 ] && whole two/last.safetensors || fail "two runs in one directory: mixed"

mkdir held
if command -v flock >/dev/null; then
    flock held "$RQ" "${quick[@]}" --out held >"$work/out" 2>"$work/err"
    [ $? -eq 2 ] && grep -q "another run is writing into 'held'" "$work/err" || { fail "a directory in use"; cat "$work/err"; }
    [ -z "$(ls -A held)" ] || fail "a directory in use: something was written into it"
fi

# a full disk, a read-only one
mkdir disk
if mount -t tmpfs -o size=16k none disk 2>/dev/null; then
    expect 2 err "No space left on device" "${quick[@]}" --out disk/run
    for f in disk/run/*.safetensors; do [ ! -e "$f" ] || whole "$f"; done
    umount disk
    mount -t tmpfs -o ro,size=16k none disk
    usage_error "directory 'disk/run' cannot be made: Read-only file system" "${quick[@]}" --out disk/run
    umount disk
else
    echo "skipped: a full disk (a tmpfs cannot be mounted here)"
fi
if [ -e /dev/full ]; then
    "$RQ" "${quick[@]}" --out devfull >/dev/full 2>err
    [ $? -eq 2 ] && [ "$(grep -c "standard output could not be written" err)" -eq 1 ] || { fail "a full disk under standard output"; cat err; }
    whole devfull/last.safetensors
fi

# ---- standard files ----
"$RQ" "${quick[@]}" --out closed >&- 2>err
[ $? -eq 2 ] && grep -q "standard output could not be written" err || fail "a closed standard output goes unnoticed"
python3 -c 'import json; [json.loads(line) for line in open("closed/metrics.jsonl")]' || fail "what was printed went into a file of the run"
"$RQ" "${long[@]/--quiet/--json}" --out piped 2>err | head -n 1 >/dev/null
code=${PIPESTATUS[0]}
[ "$code" -eq 3 ] || fail "'train | head': exit code $code, not 3"
[ "$(wc -l <err)" -eq 1 ] && grep -q "rq train --resume piped goes on" err || { fail "'train | head': not one message"; cat err; }
whole piped/last.safetensors

# ---- signals ----
for signal in INT TERM; do
    "$RQ" "${long[@]}" --out run$signal >out 2>err &
    for _ in $(seq 500); do grep -qs '"epoch":2,' run$signal/metrics.jsonl && break; sleep 0.02; done
    kill -$signal $!
    wait $!
    code=$?
    [ $code -eq 3 ] || fail "SIG$signal: exit code $code, not 3"
    whole run$signal/last.safetensors
    [ -z "$(find run$signal -name '.*' -type f -o -name '*.tmp')" ] || fail "SIG$signal: temporary files are left"
done
finish
