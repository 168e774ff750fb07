#!/usr/bin/env bash
# dev.sh: what ./dev does with packages, with apt-get, dpkg-query, sudo, id and cmake played by scripts.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
tree=$work/tree
mkdir -p "$tree/tests" "$work/bin"
cp "$RQ_SRC/dev" "$tree/dev"

# player NAME 'shell text': every call is noted in $work/calls
player() {
    printf '#!/bin/bash\necho "%s $*" >>"%s"\n%s\n' "$1" "$work/calls" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# play WANTED_CODE ARGS...: ./dev ARGS with only the players and the base system's tools
play() {
    local want=$1
    shift
    : >"$work/calls"
    (cd / && PATH=$work/bin "$(command -v bash)" "$tree/dev" "$@") >"$work/out" 2>"$work/err" </dev/null
    code=$?
    [ $code -eq "$want" ] || { fail "dev $*: exit code $code, not $want"; cat "$work/err"; }
}
said() { grep -qF -- "$1" "$work/err" || { fail "dev does not say '$1':"; cat "$work/err"; }; }
called() { grep -qE -- "$1" "$work/calls" || { fail "dev does not call '$1':"; cat "$work/calls"; }; }
not_called() { ! grep -qE -- "$1" "$work/calls" || { fail "dev calls '$1':"; cat "$work/calls"; }; }
for tool in bash env dirname readlink mkdir cat awk nproc rm; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done

player cmake ''
player id 'echo 1000'
player sudo 'exec "$@"'
player apt-get ''
player apt-cache 'echo "$2 | 1.0 | somewhere"'

player dpkg-query 'echo installed'
play 0 build
not_called 'apt|sudo'
called 'cmake --build --preset release'

player dpkg-query 'case "${@: -1}" in flex | libpng-dev) exit 1 ;; *) echo installed ;; esac'
play 0 build
said 'installing: flex libpng-dev'
called '^sudo apt-get update'
called '^apt-get install .* flex libpng-dev$'
[ "$(grep -c '^apt-get update' "$work/calls")" -eq 1 ] || fail "more than one update"

player id 'echo 0'
play 0 build
not_called sudo
called '^apt-get install .* flex libpng-dev$'

player apt-cache '[ "$2" != flex ] || exit 0; echo "$2 | 1.0 | somewhere"'
play 2 build
said "no package 'flex'"
not_called '^cmake'

player id 'echo 1000'
rm "$work/bin/sudo"
play 2 build
said 'neither root nor sudo; as root: apt-get install flex libpng-dev'
rm "$work/bin/apt-get"
play 2 build
said 'apt-get is not there; install these packages by other means: flex libpng-dev'
rm "$work/bin/dpkg-query"
play 0 build
said 'not a Debian or Ubuntu system; the build needs what these packages hold: gcc'

player cmake 'exit 1'
play 1 build
play 2 nonsense
said "no 'nonsense'"
play 0 help
grep -q '^./dev demo' "$work/out" || fail "help does not begin with the demo"
finish
