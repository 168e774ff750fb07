#!/usr/bin/env bash
# cache.sh: machine code is kept and taken again, with the same bits; damage, a full or read-only folder and many processes at once do no
# harm; its size is bounded.
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
cp "$RQ_SRC/tests/cli/model.rq" m.rq
export XDG_CACHE_HOME=$work/cache
objects=$work/cache/rq/objects
files() { find "$objects" -type f 2>/dev/null | wc -l; }
train() { # NAME ARGS...
    local name=$1
    shift
    expect 0 out "test accuracy" train m.rq --action quick --out "$name" "$@"
    [ "$name" = cold ] || cmp -s cold/last.safetensors "$name/last.safetensors" || fail "$name: other bits than without the cache"
}

train cold --no-cache
[ ! -e cache ] || fail "--no-cache keeps something"
train first
n=$(files)
[ "$n" -ge 3 ] || fail "only $n files are kept"
touch -d '2000-01-01' "$objects"/*
train second
[ "$(files)" = "$n" ] || fail "the second run keeps more: $(files)"
[ -z "$(find "$objects" -type f ! -newermt 2001-01-01)" ] || fail "what was used is not marked as used"

# Another seed, batch or rate is the same code, as is a variant that differs in nothing of it; another depth is not.
expect 0 out "test accuracy" train m.rq --action quick --set quick.batch=8 --seed 3 --out seed
[ "$(files)" = "$n" ] || fail "equal code is kept twice"
expect 0 out "test accuracy" train m.rq --action quick --set Small.depth=2 --out deep
[ "$(files)" -gt "$n" ] || fail "other code has no files of its own"

# Damage: truncated, changed, empty, another kind of file; what is damaged is compiled and replaced.
for damage in 'truncate -s 100' 'truncate -s 0' 'sed -i s/rqo1/rqo2/' 'dd if=/dev/zero bs=1 count=1 seek=5000 conv=notrunc status=none of='; do
    for f in "$objects"/*.o; do case $damage in *of=) $damage"$f" ;; *) $damage "$f" ;; esac; done
    train "d${#damage}"
    train "e${#damage}"
    rm -rf "d${#damage}" "e${#damage}"
done

# Many at once
for i in 1 2 3 4; do "$RQ" train m.rq --action quick --set Small.depth=3 --out "p$i" >/dev/null 2>&1 & done
wait
for i in 2 3 4; do cmp -s p1/last.safetensors "p$i/last.safetensors" || fail "process $i: other bits"; done
[ -z "$(find "$objects" -name '.*')" ] || fail "unfinished files are left"

# What cannot be kept does no harm.
rm -rf cache
touch cache
train file
expect 0 out "advice    machine code is not kept between runs" doctor
rm cache
XDG_CACHE_HOME= HOME=/nowhere train nowhere
XDG_CACHE_HOME=relative train relative
[ ! -e relative/rq ] || fail "a relative XDG_CACHE_HOME is followed"

train again
expect 0 out "cache     $objects: $(files) files" doctor
expect 0 out '"cache": {"folder":' doctor --json
expect 0 out "$objects: 0 files, 0.0 MB" doctor --clear-cache
[ "$(files)" = 0 ] || fail "--clear-cache leaves files"
finish
