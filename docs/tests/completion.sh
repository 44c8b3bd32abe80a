#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion offers verbs, options, and what the host has at that moment; in bash for real, at a
# terminal too. Other shells' scripts are at least read by their shells.
# usage: completion.sh COMPLETIONS VGPULAB
set -eu
completions=$1
vgpulab=$(realpath "$2")
PATH=$(dirname "$vgpulab"):$PATH
# shellcheck source=/dev/null
source "$completions/vgpulab.bash"
n=0 failed=0
result() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n - $3"
	else
		echo "not ok $n - $3"
		printf '# wanted: %s\n# got:    %s\n' "$1" "$2"
		failed=1
	fi
}
# words LINE: what bash would offer at its end
words() {
	COMP_LINE=$1 COMP_POINT=${#1}
	_vgpulab 2>/dev/null # compopt minds that no completion runs
	printf '%s\n' "${COMPREPLY[@]}" | uniq | paste -sd' '
}
offers() {
	result "$3" "$(words "$2")" "$1"
}

offers 'the begin of a verb' 'vgpulab crea' 'create'
offers 'a hidden verb is not offered' 'vgpulab comp' ''
offers 'an option' 'vgpulab create --ty' '--type'
offers "a global option after the verb" 'vgpulab list --js' '--json'
offers 'the types that the host has' 'vgpulab --backend mem:kaby-lake create --type ' \
	'i915-GVTg_V5_2 i915-GVTg_V5_4 i915-GVTg_V5_8'
offers 'another host has others' 'vgpulab --backend=mem:broadwell create --type ' \
	'i915-GVTg_V4_2 i915-GVTg_V4_4 i915-GVTg_V4_8'
offers 'after an equals sign, what follows it' \
	'vgpulab --backend mem:kaby-lake create --type=i915-GVTg_V5_4' 'i915-GVTg_V5_4'
offers "after a colon, what follows it" 'vgpulab --backend mem:kaby' 'kaby-lake'
offers 'a parent, after the colons of its address' \
	'vgpulab --backend mem:kaby-lake create --parent 0000:00:0' '02.0'
offers 'columns of a list, one after the other' 'vgpulab list --output UUID,PAR' 'UUID,PARENT'
offers "the verb's own words" 'vgpulab fake ' 'serve profiles conformance record fault unplug plug monitor unplugged plugged guests'
offers 'GPUs that a fake host can have' 'vgpulab run --gpu comet' 'comet-lake'
offers 'a display path' 'vgpulab qemu-args --path ramf' 'ramfb'
offers 'a viewer after the contents' 'vgpulab qemu-args --path dmabuf,spice-' 'dmabuf,spice-gl'
offers 'a scenario' 'vgpulab test region-cur' 'region-cursor'
offers 'files' "vgpulab libvirt-xml --edit $completions/vgpulab.ba" "$completions/vgpulab.bash"
offers 'programs to run' 'vgpulab run realpat' 'realpath'
offers 'nothing on a host that cannot be read' 'vgpulab --backend nonsense create --type ' ''

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
"$vgpulab" --backend mem:kaby-lake --config-dir "$home" define --parent 0000:00:02.0 \
	--type i915-GVTg_V5_4 aaaaaaaa-2222-4333-8444-555555555555 >/dev/null
offers 'what is defined' "vgpulab --backend mem:kaby-lake -C $home start aa" \
	aaaaaaaa-2222-4333-8444-555555555555

# every verb that help lists, and every option
mapfile -t verbs < <("$vgpulab" --help | sed -n '/^Options:/q; s/^  \([a-z][a-z-]*\) .*/\1/p')
result "${verbs[*]}" "$(words 'vgpulab ')" 'all verbs of --help, in its order'
for verb in "${verbs[@]}"; do
	wanted=$("$vgpulab" "$verb" --help | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')
	got=$(words "vgpulab $verb --")
	missing=
	for option in $wanted; do
		[[ " $got " == *" $option "* ]] || missing+=" $option"
	done
	result '' "$missing" "$verb: all its options"
done

if "$vgpulab" run -- true 2>/dev/null; then
	# shellcheck disable=SC2016 # for the inner shell
	live=$("$vgpulab" run --gpu kaby-lake -- bash -c '
		uuid=11111111-2222-4333-8444-555555555555
		vgpulab create --type GVTg_V5_4 $uuid >/dev/null
		source "$1/vgpulab.bash"
		COMP_LINE="vgpulab remove 1" COMP_POINT=16
		_vgpulab 2>/dev/null
		echo "${COMPREPLY[*]}"' bash "$completions")
	result 11111111-2222-4333-8444-555555555555 "$live" 'a vGPU that was just created'
else
	echo "# no vgpulab run here: vGPUs of a live host not tried"
fi

if command -v script >/dev/null; then
	# a person's fingers: Tab after "vgpulab --bac", "mem:comet-l", "typ" and "-VERS" of nothing
	# shellcheck disable=SC1003
	typed=$(printf 'source %s/vgpulab.bash\nvgpulab --bac\tmem:comet-l\tfake prof\t\nexit\n' \
		"$completions" |
		HISTFILE=/dev/null INPUTRC=/dev/null TERM=dumb timeout 60 script -qec 'bash --norc --noprofile -i' /dev/null |
		grep -c '^comet-lake  *8086:' || true)
	result 1 "$typed" 'Tab at a terminal completes option, backend and operand'
fi

for shell in zsh fish; do
	command -v $shell >/dev/null || {
		echo "# $shell is not installed: its script was not read"
		continue
	}
	script=$completions/_vgpulab
	[ $shell = fish ] && script=$completions/vgpulab.fish
	result '' "$($shell -n "$script" 2>&1)" "$shell reads its script"
done
if command -v fish >/dev/null; then
	# shellcheck disable=SC2016
	got=$(fish --no-config -c 'source $argv[1]; complete -C "vgpulab --backend mem:kaby-lake create --type i915-GVTg_V5_4"' \
		"$completions/vgpulab.fish" | cut -f1)
	result i915-GVTg_V5_4 "$got" 'fish offers a type'
fi
echo "1..$n"
exit $failed
