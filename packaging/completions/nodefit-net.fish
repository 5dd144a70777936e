# SPDX-License-Identifier: Apache-2.0
# fish completion for nodefit-net.

function __nodefit_net_first
    test (count (commandline -opc)) -eq 1
end

complete -c nodefit-net -f
complete -c nodefit-net -n __nodefit_net_first -a "(nodefit-net --help 2>/dev/null | string replace -rf '^(?:usage:)? +nodefit-net ([a-z]+).*' '\$1')"
complete -c nodefit-net -l config -r -F -d 'another file than /etc/nodefit/agent.conf'
