#!/usr/bin/env bash
# words.sh: manual pages and shell completions say what the tables of verbs and options say.
source "${RQ_SRC:?the source tree}/tests/cli/expect.bash" || exit 2
cd "$work" || exit 1
verbs=$(sed -n 's/^VERB(\([a-z]*\),.*/\1/p' "$RQ_SRC/compiler/cli/verbs.def")
[ "$(wc -w <<<"$verbs")" -ge 10 ] || fail "the table of verbs was not read"

# pages: complete, and without a complaint from troff
check_page() {
    "$RQ" man "$@" >page || fail "man $*"
    for section in NAME SYNOPSIS 'EXIT STATUS' 'SEE ALSO'; do
        grep -qx "\.SH $section" page || fail "man $*: no section $section"
    done
    if command -v groff >/dev/null; then
        groff -man -Tutf8 -ww -z page 2>complaints || fail "man $*: groff fails"
        [ ! -s complaints ] || { fail "man $*:"; cat complaints; }
    fi
}
check_page
for verb in $verbs; do
    grep -q "^\\\\fB$verb\\\\fR" page || fail "rq(1) does not name $verb"
done
for verb in $verbs; do
    check_page "$verb"
    "$RQ" help "$verb" | sed -n 's/^  \(-., \)*--\([a-z0-9-]*\).*/\2/p' | while read -r option; do
        grep -qF -- "\\-\\-${option//-/\\-}\\fR" page || echo "$option"
    done >lacking
    [ ! -s lacking ] || fail "man $verb lacks $(tr '\n' ' ' <lacking)"
done
usage_error "there is no verb 'trian'; did you mean 'train'?" man trian
usage_error "there is completion for bash, zsh and fish, not for 'csh'" completion csh

# bash: asked as the shell asks
"$RQ" completion bash >bash || fail "completion bash"
bash -n bash || fail "bash does not read its completion"
PATH=$(dirname "$RQ"):$PATH
complete_bash() { # WORDS...: the last is being typed; prints the candidates
    bash -c 'source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rq; printf "%s\n" "${COMPREPLY[@]}"' _ "$@"
}
offers() { # CANDIDATE WORDS...
    local want=$1
    shift
    complete_bash "$@" | grep -qxF -- "$want" || fail "'$*' does not offer $want, but: $(complete_bash "$@" | tr '\n' ' ')"
}
: >model.rq
mkdir folder
offers train rq tr
offers --version rq --v
offers --json rq train --j
offers -o rq emit -
offers f64 rq train m.rq --precision ''
offers model.rq rq train mo
offers folder rq train --out f
offers check rq help c
offers fish rq completion ''
offers E0312 rq explain E03
complete_bash rq help --j | grep -q json && fail "an option is offered to a verb that lacks it"
complete_bash rq train --out m | grep -q model && fail "a file is offered as a directory"

for shell in zsh fish; do
    "$RQ" completion $shell >$shell || fail "completion $shell"
    for verb in $verbs; do grep -qw -- "$verb" $shell || fail "$shell: no $verb"; done
    if command -v $shell >/dev/null; then $shell -n $shell || fail "$shell does not read its completion"; fi
done

# fish and zsh: asked as the shells ask, where they are installed
if command -v fish >/dev/null; then
    completed() { HOME=$work fish -N -c "source ./fish; complete -C '$1'" 2>&1 | cut -f1; }
    while IFS='|' read -r line want; do
        completed "$line" | grep -qxF -- "$want" || fail "fish: '$line' does not offer $want, but: $(completed "$line" | tr '\n' ' ')"
    done <<'END'
rq tr|train
rq train --j|--json
rq train m.rq --precision |f64
rq train mo|model.rq
rq train --out f|folder/
rq help c|check
rq completion |zsh
rq explain E031|E0312
END
else
    echo "[  SKIPPED ] fish-is-not-installed"
fi
if command -v zsh >/dev/null; then
    mkdir -p functions
    cp zsh functions/_rq
    cat >ask.zsh <<'END'
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell 'PS1=; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D; zstyle ":completion:*" list-prompt ""'
zpty -w shell 'ask() { zle complete-word; print -r -- $BUFFER >>completed; BUFFER= }; zle -N ask; bindkey "^T" ask; : >ready'
for (( i = 0; i < 500; i++ )); do [[ -e ready ]] && break; sleep 0.02; done
integer n=0
while IFS='|' read -r line want; do
    zpty -w -n shell "$line"$'\x14'
    (( n++ ))
    for (( i = 0; i < 500; i++ )); do [[ -e completed && $(wc -l <completed) -ge $n ]] && break; sleep 0.02; done
    got=$(tail -n 1 completed)
    [[ $got == "$want" ]] || print -r -- "zsh: '$line' becomes '$got', not '$want'"
done
zpty -d shell
END
    answers=$(HOME=$work timeout 60 zsh -f ask.zsh 2>&1 <<'END'
rq tra|rq train 
rq train --js|rq train --json 
rq train m.rq --precision f3|rq train m.rq --precision f32 
rq train mo|rq train model.rq 
rq train --out fol|rq train --out folder/
rq help che|rq help check 
rq completion fi|rq completion fish 
rq explain E0312|rq explain E0312 
END
    )
    [ -z "$answers" ] || fail "$answers"
else
    echo "[  SKIPPED ] zsh-is-not-installed"
fi
finish
