#!/usr/bin/env bash
# assembly.sh: gate functions call nothing, and the ones that multiply do so by fused multiply-adds of whole vectors, for patches in
# lanes and for one large state; so does the contraction of the transfer engine.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cat >small.rq <<'END'
model Small {
    input x: image[1, 4, 4];
    layer q = quanv(kernel: 2, stride: 2, encode: angle(), circuit: ry_rx_cnot(depth: 2), measure: z_each);
    output q;
}
END
cat >large.rq <<'END'
model Large { input x: real[12];  layer q = quantum(encode: angle(), circuit: ry_rx_cnot(depth: 1), measure: z_each);  output q; }
END

# functions FILE: of each gate function its name, its calls and its multiply-adds of 16 numbers
functions() {
    awk '/^[a-z_0-9.]+:/ { name = substr($1, 1, length($1) - 1); if (name ~ /_(apply|overlap)[0-9]+$/) all[name] }
         name in all && $1 ~ /^call/ { calls[name]++ }
         name in all && $1 ~ /^vfn?m(add|sub)[0-9]*ps$/ && /zmm/ { fused[name]++ }
         END { for (name in all) print name, calls[name] + 0, fused[name] + 0 }' "$1"
}

for model in small large; do
    rq emit "$model.rq" --stage asm --engine state --cpu x86-64-v4
    [ "$code" = 0 ] || fail "$model: no assembly: $(head -3 err)"
    functions out >found
    grep -q _apply found && grep -q _overlap found || fail "$model: gate functions are missing: $(cat found)"
    awk '$2 > 0' found | grep . && fail "$model: gate functions that call"
    awk '$1 ~ /overlap/ && $3 == 0' found | grep . && fail "$model: overlaps without multiply-adds"
    [ "$(awk '$1 ~ /apply/ && $3 > 0' found | wc -l)" -ge 2 ] || fail "$model: gates without multiply-adds: $(cat found)"
done
rq emit small.rq --stage asm --engine transfer --cpu x86-64-v4
[ "$(grep -cE 'vfn?m(add|sub)[0-9]*ps.*zmm' out)" -ge 50 ] || fail "the transfer engine has no multiply-adds"
finish
