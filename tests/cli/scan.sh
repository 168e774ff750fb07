#!/usr/bin/env bash
# scan.sh: scans: closed forms met and missed, the same draws for any number of threads and after a kill, tables and events, every
# kind of model, and what is said of scans that cannot be.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >model.rq <<'RQ'
const layers = 1;
circuit turn on q[n] { param t[n] ~ uniform(0, 2*pi);  for i in 0..n { ry(t[i]) q[i]; } }
circuit two on q[n] { param t[n] ~ uniform(0, 2*pi);  for i in 0..n { rx(t[i]) q[i]; } }
circuit any on q[n] { param V: unitary[n] ~ haar;  V q; }
circuit mix(depth: int) on q[n] {
    param th[depth, n] ~ uniform(0, 2*pi);
    for d in 0..depth { for i in 0..n { ry(th[d, i]) q[i]; } for i in 0..n-1 { cx q[i], q[i+1]; } }
}
data digits = glyphs(train: 4, size: 8, classes: 2);
model Product(n: int, how: circuit = turn) { input psi: state[n];  layer out = evolve(how);  output out; }
model Other(n: int) { input psi: state[n];  layer out = evolve(turn) |> evolve(turn);  output out; }
model Haar(n: int = 1) { input psi: state[n];  layer out = evolve(any);  output out; }
model Image(depth: int = 1) {
    input x: image[1, 8, 8];
    layer q = quanv(kernel: 2, encode: angle(), circuit: mix(depth: depth*layers), measure: z_each);
    layer h = dense(2);
    output h;
}
scan plateau {
    model: Product;  data: zeros(qubits: n);  over n: 1..7;  cost: global;  wrt: out.t[0];
    error: 0.02;  seed: 1;  expect global: (1/8)*(3/8)^(n-1);
}
scan wrong   { model: Product;  data: zeros(qubits: n);  over n: 1..3;  wrt: out.t[n-1];  samples: 20000;  expect global: 1/8; }
scan every   { model: Product(n: 3);  data: zeros(qubits: 3);  wrt: each out;  samples: 3000; }
scan swept   { model: Product;  data: zeros(qubits: n);  over how: turn, two;  over n: 2, 3;  where n > 2 or n == 2;  wrt: out.t[0];  samples: 3000; }
scan models  { model: Product;  data: zeros(qubits: n);  over model: Product, Other;  over n: 1..3;  samples: 2000; }
scan matrix  { model: Haar;  data: unitary_pairs(qubits: 1, pairs: 3, seed: 2);  wrt: each out.V;  samples: 3000; }
scan images  { model: Image;  data: digits;  loss: cross_entropy;  over depth: 1, 2;  over layers: 1, 2;  wrt: q.th[0, 1];  samples: 100; }
scan one     { model: Haar;  data: zeros(qubits: 1); }
RQ

# Closed forms, and verdicts with numbers.
expect 0 out "6 of 6 expectations met" scan model.rq --action plateau --threads 1 --out plateau
grep -q "consistent with exponential decay, 2.6[5-9]x per step of n .* over n = 1..6, for this derivative" out || { fail "verdict"; tail -n 4 out; }
expect 4 out "NOT MET" scan model.rq --action wrong --out wrong
grep -q "1 of 2 expectations met" out || fail "the wrong expectation is met elsewhere than at n=1"
python3 - <<'PY' || fail "files of the scan"
import csv, json
rows = list(csv.DictReader(open("plateau/scan.csv")))
assert [r["n"] for r in rows] == list("123456") and {r["element"] for r in rows} == {"out.t[0]"}
for r in rows:
    v, low, high, n = float(r["variance"]), float(r["low"]), float(r["high"]), int(r["n"])
    assert low < v < high and float(r["relative_error"]) < 0.02 and int(r["draws"]) >= 32768 and r["reliable"] == "1"
    assert abs(float(r["z"])) < 3.2 and float(r["expected"]) == (1 / 8) * (3 / 8) ** (n - 1)
    assert abs(float(r["kurtosis"]) / (1.5 * (35 / 18) ** (n - 1)) - 1) < 0.2
    assert float(r["q50"]) < float(r["q90"]) < float(r["q99"]) < float(r["q999"]) <= float(r["largest"]) <= 0.5
events = [json.loads(line) for line in open("plateau/events.jsonl")]
kinds = [e["event"] for e in events]
assert kinds == ["start"] + ["point"] * 6 + ["fit", "result"], kinds
assert all(set(("schema", "run", "action", "variant", "seed")) <= set(e) for e in events)
assert events[-2]["verdict"] == "exponential" and abs(events[-2]["exponential"]["slope"] + 0.98) < 0.02
assert [float(r["variance"]) for r in rows] == [e["variance"] for e in events if e["event"] == "point"]
page = open("plateau/report.html").read()
assert "2.6" in page and "<svg" in page and "src=" not in page
assert open("plateau/variance.svg").read().startswith("<svg") or "<svg" in open("plateau/variance.svg").read()
PY

# The same draws with two threads, as JSON, and after being killed again and again.
expect 0 out '"event":"result"' scan model.rq --action plateau --threads 2 --json --out two
cmp -s plateau/scan.csv two/scan.csv || fail "threads change the result"
for _ in 1 2 3 4 5 6; do
    "$RQ" scan model.rq --action plateau --threads 1 --out killed >/dev/null 2>&1 &
    sleep 0.$((RANDOM % 3 + 1))$((RANDOM % 10))
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
done
expect 0 out "6 of 6 expectations met" scan model.rq --action plateau --out killed
cmp -s plateau/scan.csv killed/scan.csv || { fail "killed: another result"; diff plateau/scan.csv killed/scan.csv; }
"$RQ" scan model.rq --action plateau --set plateau.error=0.001 --set plateau.samples=100000000 --out stopped >out 2>err &
for _ in $(seq 300); do [ -e stopped/state.safetensors ] && break; sleep 0.02; done
kill -INT $!
wait $!
code=$?
[ $code -eq 3 ] || { fail "SIGINT: exit code $code, not 3"; cat err; }
grep -q "the same command with --out stopped goes on" err || { fail "the way on is not named"; cat err; }
expect 2 err "holds a scan with other settings" scan model.rq --action plateau --out stopped
expect 0 out "6 of 6 expectations met" scan model.rq --action plateau --out plateau

# Interrupted in the middle of a point, with draws that are kept.
long=(--action every --set every.samples=4000000)
expect 0 out "out.t[2]" scan model.rq "${long[@]}" --threads 1 --out long
for wait in 0.4 0.6; do
    "$RQ" scan model.rq "${long[@]}" --out cut >/dev/null 2>&1 &
    sleep $wait
    kill -INT $! 2>/dev/null
    wait $! 2>/dev/null
done
grep -aq tally/histogram cut/state.safetensors || echo "the scan was not interrupted within a point"
expect 0 out "out.t[2]" scan model.rq "${long[@]}" --threads 2 --out cut
cmp -s long/scan.csv cut/scan.csv || { fail "gone on with draws that were kept: another result"; diff long/scan.csv cut/scan.csv; }

# What can be varied and derived by.
expect 0 out "out.t[2]" scan model.rq --action every --out every
[ "$(wc -l <every/scan.csv)" -eq 4 ] || fail "each: not one row for each element"
expect 0 out "how=two, n=3" scan model.rq --action swept --out swept
expect 0 out "model=Other, n=2" scan model.rq --action models --out models
expect 0 out "depth=2, layers=2" scan model.rq --action images --out images
expect 0 out "out.V[1, 1]" scan model.rq --action matrix --out matrix
expect 0 out "out.V[0, 0]" scan model.rq --action one --out one
expect 0 out "variance" run model.rq --action one --out run-one
cmp -s one/scan.csv run-one/scan.csv || fail "run --action: other draws"
expect 0 out "6 points, fitted along n" scan model.rq --action plateau --dry-run
[ ! -e runs ] || fail "--dry-run leaves a directory"
expect 0 out "variance" scan model.rq --action one --precision f32 --out single
expect 0 out "variance" scan model.rq --action every --seed 5 --out seed
cmp -s every/scan.csv seed/scan.csv && fail "--seed changes nothing"
usage_error "has several scan actions; choose one with --action" scan model.rq

# A native program draws the same numbers.
if command -v "${CC:-cc}" >/dev/null; then
    expect 0 out "'prog scan' scans" build model.rq -o prog
    ./prog scan --action every --out native >out 2>err || { fail "the native program fails"; cat err; }
    cmp -s every/scan.csv native/scan.csv || fail "the native program draws other numbers"
    cmp -s every/settings.json native/settings.json || fail "native: other settings"
    ./prog scan --action nine >out 2>err && fail "a scan that is not there succeeds"
    grep -q "no scan action 'nine'; it has " err || fail "$(cat err)"
fi

# One qubit, Haar V on |0>: C = 1 - |V00|^2. Derivatives by the diagonal are 0; by V[0,1] and V[1,0] they have variance 4 E|V00|^2|V10|^2/2 = 1/3.
sed -i 's/scan one .*/scan one { model: Haar;  data: zeros(qubits: 1);  wrt: each out.V;  samples: 100000; }/' model.rq
expect 0 out "every derivative is exactly 0" scan model.rq --action one --out haar
python3 - <<'PY' || fail "derivatives by a Haar matrix"
import csv
v = {r["element"]: float(r["variance"]) for r in csv.DictReader(open("haar/scan.csv"))}
assert abs(v["out.V[0, 0]"]) < 1e-30 and abs(v["out.V[1, 1]"]) < 1e-30, v
assert abs(v["out.V[0, 1]"] - 1 / 3) < 0.01 and abs(v["out.V[1, 0]"] - 1 / 3) < 0.01, v
PY
finish
