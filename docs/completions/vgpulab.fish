# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for vgpulab, which itself says what may come next.

function __vgpulab_next
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $words[1] complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
            case :directories
                __fish_complete_directories (string replace -r -- '^--[^=]*=' '' "$current")
            case :commands
                __fish_complete_command
            case '*'
                echo $line
        end
    end
end
complete -c vgpulab -f -a '(__vgpulab_next)'
