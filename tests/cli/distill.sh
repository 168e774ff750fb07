#!/usr/bin/env bash
# distill.sh: `rq distill` finds images that teach more than as many real ones; the same bits for any number of threads and after a
# kill; what it leaves is data for other models.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

cat >d.rq <<'RQ'
data digits = glyphs(train: 400, test: 200, size: 12);
model Net { input x: image[1, 12, 12]; layer h = dense(16) |> tanh; layer out = dense(10); output out; }
distill ten {
    model: Net;  data: digits;  inner_epochs: 3;  rate: 0.5;  epochs: 12;  batch: 100;  outer: adam(rate: 0.05, beta1: 0.5);
    schedule: step(every: 6, factor: 0.5);
}
distill drawn { model: Net;  data: digits;  inner_steps: 2;  init: random(nets: 2);  epochs: 2;  batch: 200;  baselines: none;  full_epochs: 0; labels: trained; }
RQ

expect 0 out "epoch 12/12" distill d.rq --action ten --out one --threads 1
for file in model.rq settings.json versions.txt epochs.jsonl last.safetensors report.html images.npy labels.npy rates.npy images.png images/0012.png; do
    [ -s "one/$file" ] || fail "one/$file is missing"
done
score() { awk -v what="$1" 'index($0, what) == 1 { for (i = 1; i <= NF; i++) if ($i ~ /%$/) { print int($i); exit } }' out; }
[ "$(score 'distilled images')" -gt "$(($(score 'random real') + 15))" ] || { fail "the images teach no more than real ones"; cat out; }
grep -q '^class means ' out && grep -q '^all training images ' out || fail "baselines are missing: $(cat out)"

# Threads change nothing; neither does a kill.
expect 0 out "epoch 12/12" distill d.rq --action ten --out three --threads 3
for file in last.safetensors images.npy rates.npy images.png; do
    cmp -s "one/$file" "three/$file" || fail "$file is not the same for 1 and 3 threads"
done
"$RQ" distill d.rq --action ten --out killed >/dev/null 2>&1 &
until [ -e killed/images/0004.png ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
expect 0 out "goes on in killed after epoch" distill d.rq --action ten --out killed
cmp -s one/last.safetensors killed/last.safetensors || fail "a killed distillation ends with other bits"
[ "$(grep -c distill_epoch killed/epochs.jsonl)" = 12 ] || fail "metrics of $(grep -c distill_epoch killed/epochs.jsonl) epochs"

# Ctrl-C: exit code 3, and it goes on.
"$RQ" distill d.rq --action ten --set ten.epochs=4000 --out stopped >/dev/null 2>said &
until [ -e stopped/last.safetensors ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -INT $!
wait $!
[ $? = 3 ] || fail "interrupted, but the exit code is not 3"
grep -q "interrupted after [0-9]* of 4000 whole epochs; the same command with --out stopped goes on" said || fail "how to go on is not said: $(cat said)"
expect 2 err "stopped" distill d.rq --action ten --out stopped

# Networks drawn anew, trained labels, two sets of images.
expect 0 out '"event":"distilled"' distill d.rq --action drawn --out drawn --json
[ "$(grep -c '"event":"distill_epoch"' out)" = 2 ] || fail "not two epochs"
expect 0 out "distilled images" run d.rq --action drawn --out again

# Data for another model, which is asked of real samples; soft labels are shares of the classes.
for kind in one soft; do
    [ $kind = one ] || expect 0 out "distilled images" distill d.rq --action drawn --set drawn.inner_steps=1 --out soft
    cat >other.rq <<RQ
data digits = glyphs(train: 400, test: 200, size: 12);
data ten = npy(input: "$kind/images.npy", target: "$kind/labels.npy");
model Other { input x: image[1, 12, 12]; layer out = dense(10); output out; }
train go { model: Other;  data: ten;  test: digits;  loss: cross_entropy;  optimizer: sgd(rate: 0.2);  rounds: 30; }
RQ
    expect 0 out "from 200 images" run other.rq --out "other_$kind"
    grep -q "round 30/30  loss 0\." out || fail "$kind: the loss is no cross entropy with shares: $(cat out)"
done
expect 0 out "" build other.rq -o other
./other train --out native >out 2>err || fail "a native program with test samples of another set: $(cat err)"
cmp -s native/last.safetensors other_soft/last.safetensors || fail "a native program trains to other bits"
sed 's/size: 12)/size: 12, classes: 3)/' other.rq >bad.rq
expect 1 err "E0520: the output is [10], but there are 3 classes in 'digits'" run bad.rq --diag=line

# A native program distils to the same bits, and goes on with what rq began.
expect 0 out "" build d.rq -o d
distil() { ./d distill "$@" >"$work/out" 2>"$work/err" </dev/null; code=$?; }
distil --action ten --out by_itself
[ $code = 0 ] || fail "a native program cannot distil: $(cat err)"
for file in last.safetensors images.npy rates.npy images.png settings.json; do cmp -s "one/$file" "by_itself/$file" || fail "a native program: other $file"; done
"$RQ" distill d.rq --action ten --out begun >/dev/null 2>&1 &
until [ -e begun/images/0003.png ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
distil --action ten --out begun
grep -q "goes on in begun after epoch" out err || fail "a native program does not go on: $(cat out err)"
cmp -s one/last.safetensors begun/last.safetensors || fail "a native program goes on to other bits"
distil
[ $code = 2 ] && grep -q "several distill actions; choose one with --action: ten, drawn" err || fail "which to distil: $(cat err)"
distil --action nine
[ $code = 2 ] && grep -q "has no distill action 'nine'; it has ten, drawn" err || fail "no such action: $(cat err)"
distil --action ten --set ten.epochs=3
[ $code = 2 ] && grep -q "rq build d.rq --set ten.epochs=3 -o d" err || fail "--set of a native distillation: $(cat err)"

expect 2 err "has several distill actions" distill d.rq
expect 2 err "has no distill action 'nine'" distill d.rq --action nine
expect 4 err "is not finite; the last epoch is saved in burst. A smaller rate may help, as in --set ten.rate=5e+29" \
    distill d.rq --action ten --set ten.rate=1e30 --out burst
finish
