# report_runs.bash: sourced by the tests of reports: one training (one/) and one exploration (all/) in the current directory.
cat >report.rq <<'RQ'
data digits = glyphs(train: 64, val: 32, test: 40, size: 8);
model Pair {
    input x: image[1, 8, 8];
    layer q1 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 2), measure: z_each);
    layer q2 = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);
    layer head = dense(10);
    output head;
}
train t { model: Pair; data: digits; loss: cross_entropy; optimizer: adam(rate: 0.02); epochs: 3; batch: 16; seed: 5; probe: 32; }
explore all {
    train: t;  over skips: x -> q2, q1 -> head;  over gradient: exact, detached;  over ablate: none, freeze(q1);
    seeds: 2;  confirm: 2;
}
RQ
"$RQ" train report.rq --out one --quiet >/dev/null 2>err || { fail "no run"; cat err; }
"$RQ" explore report.rq --out all --quiet >/dev/null 2>err || { fail "no exploration"; cat err; }
