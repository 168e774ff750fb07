#!/usr/bin/env bash
# lenets.sh: the variants of examples/qlenet: other and frozen observables, a frozen circuit, and a mixture that leaves one branch.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
file=$RQ_SRC/examples/qlenet/qlenet.rq

# verdict LAYER WORD: of the last flow
verdict() { grep -qE "^$1 +$2( |$)" out || fail "$1 is not $2: $(grep "^$1 " out)"; }

expect 0 out "54 params, 6 dead" flow "$file" --set QLeNet.basis=z_each # each qubit's last RZ
verdict q full
expect 0 out "" flow "$file" --set QLeNet.basis_trains=false
verdict q full
expect 0 out "" flow "$file" --set QLeNet.circuit_trains=false --set QLeNet.basis_trains=false
verdict q frozen
verdict r full
expect 0 out "2 models" check "$file" --set "QLeNet.basis=hermitian_matrix(limit: 1)"

# alpha = 0, fixed: nothing reaches the quantum branch; alpha = 1: nothing the classical one; free, it may become something else.
expect 0 out "a factor in out is always 0" flow "$file" --set QLeNet.mix=0 --set QLeNet.mix_trains=false
verdict q none
verdict a none
verdict b full
verdict r partial
expect 0 out "a factor in out is always 0" flow "$file" --set QLeNet.mix=1 --set QLeNet.mix_trains=false
verdict q full
verdict b none
expect 0 out "" flow "$file" --set QLeNet.mix=0
verdict q full
finish
