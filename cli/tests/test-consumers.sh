#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# qemu-args and libvirt-xml as a shell sees them. usage: test-consumers.sh VGPULAB FIXTURES-DIR
set -u
vgpulab=$(realpath "$1")
fixtures=$(realpath "$2")
uuid=c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' INT TERM
cd "$dir" || exit 1
count=0

# ok CONDITION-STATUS SENTENCE
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
	fi
}

args() {
	"$vgpulab" qemu-args --vgpu $uuid --qemu 7.2 "$@"
}

xml() {
	"$vgpulab" libvirt-xml --vgpu $uuid --qemu 7.2 --libvirt 9.0 "$@"
}

# a shell that reads the arguments gets them back unharmed
words=$(args --path dmabuf+rom --firmware ovmf --romfile "/a b/it's \$HOME,1.rom")
eval "set -- $words"
for last; do :; done
case $last in
*"romfile=/a b/it's \$HOME,,1.rom,"*) ok 0 quoted_arguments_survive_a_shell ;;
*) ok 1 quoted_arguments_survive_a_shell ;;
esac
[ $# = 9 ]
ok $? each_option_is_one_word_and_its_value_another

args --path vnc+egl-headless --qemu 9.0 >out 2>err
[ $? = 12 ] && [ ! -s out ] && grep -q 'since QEMU 9.0 VNC binds' err && grep -q 'take spice-gl' err
ok $? what_qemu_cannot_do_is_refused_with_the_cure
args --path dmabuf --romfile x >out 2>err
[ $? = 2 ] && [ ! -s out ]
ok $? contradicting_options_are_a_usage_error
args --path dmabuff >out 2>err
[ $? = 2 ] && grep -q "did you mean 'dmabuf'" err
ok $? a_misspelt_path_gets_a_suggestion
args --path spice+egl-headless --json >out 2>err
[ $? = 12 ] && [ ! -s out ] && grep -q '"kind":"need"' err
ok $? a_refusal_is_json_where_json_is_asked_for

cp "$fixtures/q35-uefi.xml" vm.xml
chmod 640 vm.xml
ln -s vm.xml link.xml
xml --edit link.xml --path dmabuf && ! cmp -s vm.xml "$fixtures/q35-uefi.xml"
ok $? an_edit_in_place_goes_through_a_link
[ -L link.xml ] && [ "$(stat -c %a vm.xml)" = 640 ] && [ "$(ls | wc -l)" = 4 ]
ok $? the_link_the_mode_and_the_directory_stay_as_they_were
before=$(stat -c '%i %Y' vm.xml)
xml --edit vm.xml --path dmabuf && [ "$(stat -c '%i %Y' vm.xml)" = "$before" ]
ok $? a_second_edit_does_not_touch_the_file
"$vgpulab" libvirt-xml --edit vm.xml --remove && cmp vm.xml "$fixtures/q35-uefi.xml"
ok $? a_removal_restores_the_file
xml --edit - --path dmabuf <vm.xml >piped.xml && xml --edit vm.xml --path dmabuf --output - >other.xml &&
	cmp piped.xml other.xml && cmp vm.xml "$fixtures/q35-uefi.xml"
ok $? a_pipe_and_output_leave_the_file_alone
xml --edit vm.xml --path dmabuf --no-record --output bare.xml && ! grep -q vgpulab: bare.xml
ok $? without_a_record_nothing_is_noted
xml --edit "$fixtures/latin1.xml" --path dmabuf --output out 2>err && grep -q password err
ok $? a_password_in_the_record_is_warned_of

xml --lint "$fixtures/guide-dmabuf-set.xml" >out
[ $? = 1 ] && grep -q 'guide-dmabuf-set.xml:[0-9]*: error: -set' out && grep -q remedy: out
ok $? lint_fails_with_file_line_and_remedy
xml --edit "$fixtures/guide-dmabuf-set.xml" --path dmabuf --output fixed.xml && xml --lint fixed.xml >out &&
	[ ! -s out ]
ok $? lint_is_silent_about_an_edited_domain
xml --lint missing.xml >out 2>err
[ $? = 1 ] && grep -q "cannot read 'missing.xml'" err
ok $? a_missing_file_is_named
xml --edit vm.xml --lint vm.xml --path dmabuf >out 2>err
[ $? = 2 ]
ok $? two_tasks_at_once_are_a_usage_error
echo "1..$count"
