#!/usr/bin/env bash
# resume.sh: a run that was killed, interrupted or stopped goes on to the bits of a run that was not.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
model=$work/model.rq # training images are moved and mirrored by seed, epoch and sample
sed '/^data digits/s/size: 8/size: 8, crop: 1, flip: 0.5/' "$RQ_SRC/tests/cli/model.rq" >model.rq
grep -q "flip: 0.5" model.rq || fail "no augmentation"
more=(--action quick --set quick.epochs=8 --threads 1)

# Checkpoints and metrics without times and the directory's name.
same_run() { # A B
    cmp -s "$1/last.safetensors" "$2/last.safetensors" || fail "$2: other parameters than $1"
    cmp -s "$1/best.safetensors" "$2/best.safetensors" || fail "$2: another best checkpoint than $1"
    python3 - "$1" "$2" <<'PY' || fail "$2: other metrics than $1"
import json, sys
def lines(run):
    out = []
    for line in open(run + "/metrics.jsonl"):
        event = json.loads(line)
        for key in ("run", "out", "seconds", "first_step_seconds", "circuits_per_s", "compile_seconds"): event.pop(key, None)
        out.append(event)
    return out
a, b = lines(sys.argv[1]), lines(sys.argv[2])
assert a == b, [(x, y) for x, y in zip(a, b) if x != y][:2] or (len(a), len(b))
PY
    [ -s "$2/report.html" ] || fail "$2: no report"
}

expect 0 out "test accuracy" train "$model" "${more[@]}" --out whole
usage_error "is complete: 8 of 8 epochs" train --resume whole

# kill -9 once each checkpoint exists, and a few times in a row on the same run
"$RQ" train "$model" "${more[@]}" --out killed >/dev/null 2>&1 &
for _ in 1 2 3; do
    for _ in $(seq 200); do [ -e killed/last.safetensors ] && break; sleep 0.01; done
    sleep 0.0$((RANDOM % 9 + 1))
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    "$RQ" train --resume killed --threads 1 >/dev/null 2>&1 &
done
wait $!
[ -s killed/report.html ] || "$RQ" train --resume killed >/dev/null 2>&1
same_run whole killed

# Ctrl-C: exit code 3, and the way on is named
"$RQ" train "$model" "${more[@]}" --set quick.epochs=4000 --out stopped >out 2>err &
for _ in $(seq 500); do grep -qs '"epoch":2,' stopped/metrics.jsonl && break; sleep 0.02; done
kill -INT $!
wait $!
code=$?
[ $code -eq 3 ] || { fail "SIGINT: exit code $code, not 3"; cat err; }
grep -q "rq train --resume stopped" out || { fail "the way on is not named"; tail -n 3 out; }

# A seed given on the command line holds for the rest of the run
expect 0 out "test accuracy" train "$model" "${more[@]}" --seed 9 --out nine
"$RQ" train "$model" "${more[@]}" --seed 9 --out nine_cut >/dev/null 2>&1 &
for _ in $(seq 500); do grep -qs '"epoch":1,"loss"' nine_cut/metrics.jsonl && break; sleep 0.01; done
kill -9 $!
wait $! 2>/dev/null
if [ ! -s nine_cut/report.html ]; then
    expect 0 out "test accuracy" train --resume nine_cut
fi
same_run nine nine_cut

usage_error "--resume wants the directory of a run" train --resume "$model"
usage_error "goes on with it" train whole
usage_error "do not go with it" train --resume whole --seed 3
expect 2 err "its action is 'quick', but this training's is 'cut'" train --resume whole --action cut
# Other samples under the same name
for k in 1 2; do
    mkdir "data$k"
    awk -v k=$k 'BEGIN { srand(k); print "a,b,c,class"; for (i = 0; i < 20; i++) print rand() "," rand() "," rand() "," i % 2 }' >"data$k/x.csv"
done
cat >given.rq <<'RQ'
data d = csv(file: "x.csv", label: "class", train: 16, test: 4);
model M { input x: real[3]; layer out = dense(2); output out; }
train go { model: M; data: d; loss: cross_entropy; epochs: 2; }
distill few { model: M; data: d; epochs: 1; batch: 8; full_epochs: 0; }
RQ
expect 0 out "epoch 2/2" train given.rq --action go --data data1 --out given
expect 2 err "its data set is 'csv 16/0/4" train --resume given --set go.epochs=3 --data data2
expect 0 out "epoch 3/3" train --resume given --set go.epochs=3 --data data1
expect 0 out "distilled images" distill given.rq --action few --data data1 --out few
expect 2 err "'few/last.safetensors' cannot be resumed here: its data set is 'csv 16/0/4" distill given.rq --action few --data data2 --out few
head -c 200 whole/last.safetensors >whole/short && mv whole/short whole/last.safetensors
expect 2 err "last.safetensors" train --resume whole
finish
