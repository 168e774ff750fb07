#!/usr/bin/env bash
# second_full.sh: second derivatives of every example's models agree four ways (`rq gradcheck --order 2`).
source "$RQ_SRC/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1

count=0
while IFS= read -r file; do
    rq gradcheck "$file" --order 2
    actions=("")
    if [ "$code" = 2 ]; then # several actions: each that trains, or the first scan
        mapfile -t actions < <(sed -n 's/^train \([a-z_0-9]*\).*/\1/p' "$file")
        [ ${#actions[@]} -gt 0 ] || mapfile -t actions < <(sed -n 's/^scan \([a-z_0-9]*\).*/\1/p' "$file" | head -n 1)
    fi
    for action in "${actions[@]}"; do
        count=$((count + 1))
        [ -z "$action" ] || rq gradcheck "$file" --order 2 --action "$action"
        [ "$code" = 0 ] && grep -q 'relative to the largest second derivative' out || { fail "$file $action: exit code $code"; cat out err; }
    done
done < <(find "$RQ_SRC/examples" -name '*.rq' | sort)
[ $count -ge 20 ] || fail "only $count models were found"
finish
