#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The report as Chromium has it, from a file: what a search leaves, and that nothing is wider than the window.
# usage: test-report-browser.sh VGPULAB
set -eu
. "$(dirname "$0")/../../tests/need.sh"
vgpulab=$(realpath "$1")
number=0 failed=0 status=0
command -v chromium >/dev/null || need_tap chromium 'shows the report'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

# Two that need no guest.
"$vgpulab" test --gpu kaby-lake --out good refused-absent refused-xres >log 2>&1 || status=$?
[ $status != 125 ] || need_tap userns 'no fake host here'
[ $status = 0 ] || { cat log && exit 1; }

# page FILE WIDTH QUERY: its elements once its script has run
page() {
	timeout 60 chromium --headless=old --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--user-data-dir="$work/chromium" --window-size="$2,800" --dump-dom "file://$work/$1?$3" 2>chromium.log
}
# is WHAT VALUE WANTED
is() {
	number=$((number + 1))
	[ "$2" = "$3" ] && echo "ok $number - $1" && return
	failed=1
	printf 'not ok %s - %s\n# found:  %s\n# wanted: %s\n' "$number" "$1" "$2" "$3"
}
# shown: the results that are not hidden
shown() {
	grep -o '<section [^>]*>' | grep -v hidden | sed 's/.* id="\([^"]*\)".*/\1/' | sort | paste -sd' '
}

sed 's,</body>,<script>document.body.dataset.wider = document.documentElement.scrollWidth - document.documentElement.clientWidth</script>&,' \
	good/report.html >measured.html
is 'all is shown at first' "$(page good/report.html 1280 '' | shown)" 'refused-absent refused-xres'
is 'a search leaves what has the word' "$(page good/report.html 1280 find=ABSENT | shown)" 'refused-absent'
is 'and hides its link' "$(page good/report.html 1280 find=absent | grep -c '<a [^>]*xres[^>]*hidden')" 1
is 'all words must be there' "$(page good/report.html 1280 find=absent+zzz | shown)" ''
is 'no column is kept free for a picture that there is none of' \
	"$(page good/report.html 1280 '' | grep -c 'class="side"')" 0
for width in 1280 390; do
	is "nothing is wider than $width pixels" \
		"$(page measured.html $width '' | grep -o 'data-wider="[^"]*"')" 'data-wider="0"'
done
echo "1..$number"
exit $failed
