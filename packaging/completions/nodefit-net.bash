# SPDX-License-Identifier: Apache-2.0
# bash completion for nodefit-net.

_nodefit_net() {
	local cur=${COMP_WORDS[COMP_CWORD]} help
	COMPREPLY=()
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	help=$(nodefit-net --help 2>/dev/null)
	if ((COMP_CWORD == 1)); then
		help=$(sed -nE 's/^(usage:)? +nodefit-net ([a-z]+).*/\2/p' <<<"$help")" --help --version"
	else
		help=$(sed -nE 's/^  (--[a-z-]+).*/\1/p' <<<"$help")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$help" -- "$cur")
}
complete -F _nodefit_net nodefit-net
