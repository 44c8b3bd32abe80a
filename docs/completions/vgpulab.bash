# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for vgpulab, which itself says what may come next.

_vgpulab() {
	local line=${COMP_LINE:0:COMP_POINT} words full kept= candidate
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	full=${words[-1]}
	# readline replaces only what follows the last character at which it breaks words
	[[ $full == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]] && kept=${full%"${full##*[=:]}"}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		case $candidate in
		:files)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "${full##*=}")
			;;
		:directories)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -d -- "${full##*=}")
			;;
		:commands) mapfile -t COMPREPLY < <(compgen -c -- "${full##*=}") ;;
		*)
			[[ $candidate == *: ]] && compopt -o nospace
			COMPREPLY+=("${candidate#"$kept"}")
			;;
		esac
	done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _vgpulab vgpulab
