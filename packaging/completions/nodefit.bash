# SPDX-License-Identifier: Apache-2.0
# bash completion for nodefit: the program itself is asked, so that nothing here can grow old.

_nodefit_list() { # what --help lists, one a line: VERB PATTERN
	nodefit ${1:+"$1"} --help 2>/dev/null | sed -nE "/ VERB /d; s/^  ($2)( .*)?\$/\1/p"
}

_nodefit() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verb=${COMP_WORDS[1]} words=

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		words="$(_nodefit_list '' '[a-z]+') --help --version"
	else
		case $prev in
		--profile)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -W "$(nodefit profile list 2>/dev/null | cut -d' ' -f1)" -- "$cur"
				compgen -f -X '!*.ini' -- "$cur"
				compgen -d -- "$cur")
			return
			;;
		--config)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		--root)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
			return
			;;
		--confirm) return ;;
		esac
		case $verb:$cur in
		*:-*) words="$(_nodefit_list "$verb" '--[a-z-]+') --help" ;;
		check:*) words=$(_nodefit_list check '[a-z][a-z-]*') ;;
		explain:*) words=$(_nodefit_list check '[a-z][a-z-]*') ;;
		profile:*)
			if ((COMP_CWORD == 2)); then
				words="list show validate"
			elif [[ ${COMP_WORDS[2]} == show ]]; then
				words=$(nodefit profile list 2>/dev/null | cut -d' ' -f1)
			elif [[ ${COMP_WORDS[2]} == validate ]]; then
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -f -X '!*.ini' -- "$cur"
					compgen -d -- "$cur")
				return
			fi
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _nodefit nodefit
