# SPDX-License-Identifier: Apache-2.0
# fish completion for nodefit: the program itself is asked, so that nothing here can grow old.

# Name, tab, description of what --help lists. usage: __nodefit_list PATTERN [VERB]
function __nodefit_list
    set -l pattern $argv[1]
    nodefit $argv[2..] --help 2>/dev/null | string match -v '* VERB *' | string replace -rf "^  ($pattern)(?: [A-Z]+)? +(.*)\$" '$1\t$2'
end

function __nodefit_verb
    set -l words (commandline -opc)
    test (count $words) -gt 1; and echo $words[2]
end

function __nodefit_at # usage: __nodefit_at NUMBER [VERB]: is this word's number, behind VERB?
    set -l words (commandline -opc)
    test (count $words) -eq $argv[1]; and begin
        test (count $argv) -eq 1; or test "$words[2]" = $argv[2]
    end
end

function __nodefit_profiles
    nodefit profile list 2>/dev/null | string replace -rf '^(\S+)\s+(.*)$' '$1\t$2'
end

function __nodefit_options
    test -n "$(__nodefit_verb)"; and __nodefit_list '--[a-z-]+' (__nodefit_verb)
end

# What an option's value is.
function __nodefit_behind
    set -l words (commandline -opc)
    contains -- "$words[-1]" $argv
end

complete -c nodefit -f
complete -c nodefit -n '__nodefit_at 1' -a '(__nodefit_list "[a-z]+")'
complete -c nodefit -n '__nodefit_behind --profile' -k -a '(__fish_complete_suffix .ini; __nodefit_profiles)'
complete -c nodefit -n '__nodefit_behind --config' -F
complete -c nodefit -n '__nodefit_behind --root' -a '(__fish_complete_directories)'
complete -c nodefit -n 'string match -q -- "-*" (commandline -ct)' -a '(__nodefit_options)'
complete -c nodefit -n 'contains -- (__nodefit_verb) check explain; and not __nodefit_behind --profile --config --root' -a '(__nodefit_list "[a-z][a-z-]*" check)'
complete -c nodefit -n '__nodefit_at 2 profile' -a 'list show validate'
complete -c nodefit -n '__nodefit_at 3 profile; and __nodefit_behind show' -a '(__nodefit_profiles)'
complete -c nodefit -n '__nodefit_at 3 profile; and __nodefit_behind validate' -F
