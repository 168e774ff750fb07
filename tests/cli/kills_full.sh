#!/usr/bin/env bash
# kills_full.sh: a run that is killed 50 times at random moments ends with the bits of one that was not.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
more=(--action quick --set quick.epochs=120 --threads 1)
expect 0 out "test accuracy" train "$RQ_SRC/tests/cli/model.rq" "${more[@]}" --out whole
"$RQ" train "$RQ_SRC/tests/cli/model.rq" "${more[@]}" --out killed >/dev/null 2>&1 &
for _ in $(seq 200); do [ -e killed/last.safetensors ] && break; sleep 0.01; done
for _ in $(seq 50); do
    sleep "0.$((RANDOM % 30 + 10))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    "$RQ" train --resume killed --threads 1 >/dev/null 2>&1 &
done
wait $!
[ -s killed/report.html ] || "$RQ" train --resume killed >/dev/null 2>&1
cmp -s whole/last.safetensors killed/last.safetensors || fail "other parameters after 50 kills"
cmp -s whole/best.safetensors killed/best.safetensors || fail "another best checkpoint after 50 kills"
[ "$(grep -c '"event":"epoch"' killed/metrics.jsonl)" -eq 120 ] || fail "epochs are missing or twice in the metrics"
finish
