#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# mdevctl and vgpulab do the same things on the same fake host: output, exit codes, what scripts were
# called with, and files are compared.
# usage: mdevctl-scenarios.sh VGPULAB SCENARIOS DIFFERENCES     prints TAP
set -u

# What a person reads in the log: the scenario's lines with what came of them.
run_scenario() { # PROGRAM OTHER SCENARIO-FILE OUTPUT
	program=$1 other=$2
	cd /etc/mdevctl.d || exit 99
	# no path of ours may differ between the two
	ln -sfn "$program" "$work/this"
	ln -sfn "$other" "$work/other"
	mkdir -p scripts.d/callouts scripts.d/notifiers
	(
		while IFS= read -r line <&3; do
			echo "\$ $line"
			eval "$line"
			case $line in this*) echo "[exit code $?]" ;; esac
		done
	) 3<"$3" >"$4" 2>&1
	echo "-- files" >>"$4"
	find . -path ./scripts.d -prune -o -printf '%P %y %m\n' | sort >>"$4"
	find . -path ./scripts.d -prune -o -type f -print | sort | while read -r file; do
		echo "-- $file" >>"$4"
		od -c "$file" >>"$4"
	done
	for uuid in $(ls /sys/bus/mdev/devices); do
		echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
	done
	cd / && find /etc/mdevctl.d -mindepth 1 -delete
	# UUIDs that were made up are not the same twice
	sed -i -E -e 's/-0000-4000-8000-/-ours-/g' \
		-e 's/\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/(UUID)/g' \
		-e 's/-ours-/-0000-4000-8000-/g' "$4"
	# nor is the panic's thread, the time of a log
	sed -i -E 's/^\[[0-9TZ:-]+ /[(TIME) /' "$4"
}
this() {
	case $program in
	*/vgpulab-as-mdevctl) "$work/as/mdevctl" "$@" ;;
	*) mdevctl "$@" ;;
	esac
}
other() {
	case $program in
	*/vgpulab-as-mdevctl) mdevctl "$@" ;;
	*) "$work/as/mdevctl" "$@" ;;
	esac
}
# A script that writes down how it was called.
script() { # KIND NAME EXIT-CODE
	cat >"scripts.d/$1/$2" <<END
#!/bin/sh
echo "$1/$2 \$* < \$(cat)" >>/etc/mdevctl.d/calls
exit $3
END
	chmod +x "scripts.d/$1/$2"
}

inside() {
	P=0000:00:02.0
	A=11111111-0000-4000-8000-000000000001
	B=11111111-0000-4000-8000-000000000002
	C=11111111-0000-4000-8000-000000000003
	F=$work/given.json
	export P A B C F
	mount -t tmpfs none /etc/mdevctl.d || exit 99
	mkdir "$work/as" && ln -s "$vgpulab" "$work/as/mdevctl"
	number=0
	failed=0
	csplit -sz -f "$work/scenario." -n 3 "$scenarios" '/^== /' '{*}'
	for file in "$work"/scenario.*; do
		read -r mark name <"$file"
		[ "$mark" = == ] || continue
		sed -i 1d "$file"
		run_scenario mdevctl vgpulab-as-mdevctl "$file" "$work/theirs"
		run_scenario /vgpulab-as-mdevctl mdevctl "$file" "$work/ours"
		number=$((number + 1))
		why=$(grep -F "$name: " "$differences" | grep "^$name: " | sed "s|^$name: ||")
		if cmp -s "$work/theirs" "$work/ours"; then
			if [ -z "$why" ]; then
				echo "ok $number - $name"
			else
				echo "not ok $number - $name: listed as different, but it is the same"
				failed=1
			fi
		elif [ -n "$why" ]; then
			echo "ok $number - $name # differs: $why"
			diff "$work/theirs" "$work/ours" | sed 's/^/#   /'
		else
			echo "not ok $number - $name"
			failed=1
			diff "$work/theirs" "$work/ours" | sed 's/^/# /'
		fi
	done
	echo "1..$number"
	exit $failed
}

if [ "${1-}" = --inside ]; then
	vgpulab=$2 scenarios=$3 differences=$4 work=$5
	inside
fi
. "$(dirname "$0")/../../tests/need.sh"
command -v mdevctl >/dev/null || need_tap mdevctl "not installed"
mdevctl --version | grep -q '1\.2\.0' || need_tap mdevctl "this compares with mdevctl 1.2.0"
vgpulab=$(realpath "$1") scenarios=$(realpath "$2") differences=$(realpath "$3")
"$vgpulab" run --gpu kaby-lake -- true || need_tap userns "vgpulab run does not work here"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
"$vgpulab" run --gpu kaby-lake -- sh "$(realpath "$0")" --inside "$vgpulab" "$scenarios" "$differences" "$work"
