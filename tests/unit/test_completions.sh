#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the shells complete is what the programs say of themselves.
set -u
: "${NODEFIT:?the program under test}"
folder=$(cd "$(dirname "$0")/../../packaging/completions" && pwd)
PATH=$(dirname "$NODEFIT"):$PATH
export PATH
n=0
equal() { # NAME WANTED FOUND
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '# wanted: %s\n# found:  %s\n' "$(echo "$2" | tr '\n' ' ')" "$(echo "$3" | tr '\n' ' ')"
	fi
}

# The words of --help, read in another way than the completions do.
told() { # PROGRAM [VERB]: the options
	"$@" --help | grep -oE '^ +--[a-z-]+' | tr -d ' ' | LC_ALL=C sort
}
verbs=$(nodefit --help | awk '/^  [a-z]+ +[a-zA-Z]/ && $2 != "VERB" {print $1}' | LC_ALL=C sort)
checks=$(nodefit check --help | awk 'seen && NF {print $1} /^Checks:/ {seen = 1}' | LC_ALL=C sort)
profiles=$(nodefit profile list | awk '/^[a-z]/ {print $1}' | LC_ALL=C sort)

# Each prints what a shell completes behind the words of its arguments, the last one begun.
in_bash() {
	bash --norc -c '
	source "$0/nodefit.bash"; source "$0/nodefit-net.bash"
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	case $1 in nodefit) _nodefit ;; *) _nodefit_net ;; esac
	printf "%s\n" "${COMPREPLY[@]}"' "$folder" "$@" | LC_ALL=C sort
}
in_fish() {
	# shellcheck disable=SC2016
	HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent XDG_DATA_HOME=/nonexistent fish --no-config -c '
	source $argv[1]/nodefit.fish; source $argv[1]/nodefit-net.fish
	complete -C "$argv[2..]"' "$folder" "$@" 2>/dev/null | cut -f1 | LC_ALL=C sort
}
in_zsh() { # what is handed to _describe; zsh itself completes on a terminal only
	zsh -f -c '
	folder=$1; shift
	compdef() { }
	_files() { }
	_describe() { print -l -- ${(P)${@[-1]}%%:*} }
	source $folder/_nodefit
	words=("$@") CURRENT=$# PREFIX=$@[-1]
	_nodefit' zsh "$folder" "$@" | LC_ALL=C sort
}

empty=$(mktemp -d) || exit 1 # so that no file is completed
trap 'rmdir "$empty"' EXIT
cd "$empty" || exit 1
for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null; then
		n=$((n + 1))
		echo "ok $n - completion in $shell # SKIP $shell is not installed"
		continue
	fi
	# bash and zsh leave it to the caller to pick what begins as the word does.
	equal "$shell: verbs" "$verbs" "$(in_$shell nodefit '' | grep -v '^-')"
	for verb in $verbs; do
		equal "$shell: options of $verb" "$(told nodefit "$verb")" \
			"$(in_$shell nodefit "$verb" -- | grep -- '^--' | grep -v '^--help$')"
	done
	equal "$shell: checks" "$checks" "$(in_$shell nodefit check '')"
	equal "$shell: what can be explained" "$checks" "$(in_$shell nodefit explain '')"
	equal "$shell: profiles" "$profiles" "$(in_$shell nodefit profile show '')"
	equal "$shell: profiles behind --profile" "$profiles" \
		"$(in_$shell nodefit apply --profile '' | grep -vE '/$|\.ini$')"
	equal "$shell: nodefit-net's verbs" "instance report resolve scrape yaml" \
		"$(in_$shell nodefit-net '' | grep -v '^-' | tr '\n' ' ' | sed 's/ $//')"
	equal "$shell: its options" --config \
		"$(in_$shell nodefit-net report -- | grep -v -e '^--help$' -e '^--version$')"
done
echo "1..$n"
