#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# README's four ways to run nodefit, and its uninstalling, followed line by line as a new user would: in
# a fresh Debian 12 that boots in nspawn, with a real kube-apiserver and a registry at hand. A line that
# README does not have fails, and so does one that is not followed here.
# shellcheck source=../systemd/lib.sh
. "$(dirname "$0")/../systemd/lib.sh"
# shellcheck source=lib.sh
. "$tree/tests/fresh/lib.sh"
followed=$work/followed

# Beside README's own: what a machine with systemd has, what a node has (a container engine), and what
# the booted one, which has no network, can't fetch. apt is told yes where a user would say so.
unpack() {
	fresh_unpack "$root" && echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/yes" &&
		echo node-7 >"$root/etc/hostname" && echo 127.0.1.1 node-7 >>"$root/etc/hosts" &&
		in_fresh "$root" 'apt-get update -q
		apt-get install -q --no-install-recommends sudo systemd-sysv dbus udev iproute2 procps cloud-init podman runc
		sudo make image && packaging/deps build deb rpm' >"$work/online" 2>&1
	code=$?
	ok $code "the image is built where only git and make were, and what packages need is fetched" "$(tail -n 40 "$work/online")"
	return $code
}

as_user() {
	inside env HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# Follows a line of README in the booted one, in the clone; what stands in capitals there is SED's to
# replace. It is also what must be in README.
follow() { # LINE [SED]
	printf '%s\n' "$1" >>"$followed"
	grep -qxF -- "    $1" "$tree/README.md"
	ok $? "README says: $1"
	as_user timeout 300 sh -c "cd /root/nodefit && $(printf '%s\n' "$1" | sed "${2:-}")" >"$work/out" 2>&1
	code=$?
	ok $code "it works" "$(tail -n 40 "$work/out")"
}
somaxconn() {
	inside cat /proc/sys/net/core/somaxconn
}

enter "$@"
: >"$followed"
boot || exit 1
# What a node has and a container lacks: a NIC with the way out, and one boot id for all its processes.
nsenter -t "$leader" -n ip link add eth0 type veth peer name wire &&
	nsenter -t "$leader" -n ip link set eth0 up && nsenter -t "$leader" -n ip link set wire up &&
	nsenter -t "$leader" -n ip address add 192.0.2.1/24 dev eth0 &&
	nsenter -t "$leader" -n ip route add default via 192.0.2.254 || exit 1
inside umount /proc/sys/kernel/random/boot_id || exit 1
# And what it may not set: the profile of this name has none but a network namespace's own keys.
inside mkdir -p /etc/nodefit/profiles
grep -vE '^(fs|vm|kernel)\.|neigh\.default' "$tree/profiles/kube-node.ini" >"$root/etc/nodefit/profiles/kube-node.ini"
mkdir "$work/cluster" && nsenter -t "$leader" -n sh "$tree/tests/fresh/cluster.sh" "$work/cluster" node-7 \
	>"$work/cluster/log" 2>&1 &
within 120 test -e "$work/cluster/ready"
ok $? "a kube-apiserver and a registry are there" "$(cat "$work/cluster/log")"
[ -e "$work/cluster/ready" ] || exit 1
# The administrator's programs and credentials, and kubelet's.
cp "$tree/build/cluster/helm" "$root/usr/local/bin/" && cp "$tree/build/cluster/kustomize" "$root/usr/local/bin/kubectl" || exit 1
mkdir -p "$root/root/.kube" "$root/etc/kubernetes" "$root/var/lib/kubelet/pki" "$root/etc/containers/certs.d/localhost:5000"
embed() { # NAME: a kubeconfig that needs no other file
	pki=$work/cluster/pki
	printf 'apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n'
	printf 'clusters: [{name: k, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: %s}}]\n' \
		"$(base64 -w0 <"$pki/ca.pem")"
	printf 'users: [{name: u, user: {client-certificate-data: %s, client-key-data: %s}}]\n' \
		"$(base64 -w0 <"$pki/$1.pem")" "$(base64 -w0 <"$pki/$1.key")"
}
embed admin >"$root/root/.kube/config"
(umask 077 && embed kubelet >"$root/etc/kubernetes/kubelet.conf" &&
	cat "$work/cluster/pki/kubelet.pem" "$work/cluster/pki/kubelet.key" >"$root/var/lib/kubelet/pki/kubelet-client-current.pem")
cp "$work/cluster/pki/ca.pem" "$root/etc/containers/certs.d/localhost:5000/ca.crt"
chown -R 524288:524288 "$root/root/.kube" "$root/etc/kubernetes" "$root/var/lib/kubelet" "$root/etc/containers"

# --- as a package ---
before=$(somaxconn)
follow "sudo make deb && sudo apt install ./build/deb/nodefit_*.deb ./build/deb/nodefit-net_*.deb"
# There is no root file system of dnf's family here: it is asked whether both are packages.
printf '#!/bin/sh\nshift\n[ $# = 2 ] && rpm -qp --nosignature "$@"\n' >"$root/usr/local/bin/dnf"
chmod +x "$root/usr/local/bin/dnf"
follow "sudo make rpm && sudo dnf install ./build/rpm/nodefit-[0-9]*.rpm ./build/rpm/nodefit-net-[0-9]*.rpm"
equal "installing changes nothing on the running machine" "$before inactive" \
	"$(somaxconn) $(inside systemctl is-active nodefit-agent)"
inside sudo systemctl start nodefit-apply nodefit-agent
ok $? "both start" "$(inside journalctl -b --no-pager -u nodefit-apply -u nodefit-agent)"
equal "and begin at once" 32768 "$(somaxconn)"
follow "printf '[reporter]\\nkubeconfig=/etc/kubernetes/kubelet.conf\\n' | sudo tee -a /etc/nodefit/agent.conf"
follow "sudo systemctl enable --now nodefit-report"
condition="kubectl get node NAME -o jsonpath='{.status.conditions[?(@.type==\"NodeFit\")]}'"
is_told() {
	as_user kubectl get node node-7 -o json | grep -q '"type": "NodeFit"'
}
within 60 is_told
follow "$condition" s/NAME/node-7/
holds "the cluster is told" '"type":"NodeFit"' "$(cat "$work/out")"

# --- as a DaemonSet ---
follow "podman load -i build/nodefit-image.tar && podman push nodefit docker://REGISTRY/nodefit:0.1.0" s/REGISTRY/localhost:5000/
follow "kubectl create namespace nodefit"
follow "kubectl label namespace nodefit pod-security.kubernetes.io/enforce=privileged"
follow "helm install nodefit packaging/helm/nodefit -n nodefit --set image.repository=REGISTRY/nodefit" s/REGISTRY/localhost:5000/
images() {
	as_user kubectl get daemonset -n nodefit -o jsonpath='{..image}'
}
equal "the DaemonSet's containers are of the image that was pushed" \
	"localhost:5000/nodefit:0.1.0 localhost:5000/nodefit:0.1.0" "$(images)"
inside podman pull -q localhost:5000/nodefit:0.1.0 >"$work/out" 2>&1
ok $? "which can be had" "$(cat "$work/out")"
follow "helm upgrade nodefit packaging/helm/nodefit -n nodefit --reuse-values --set agent.drift=report --set reporter.on_stop=delete"
conf() {
	as_user kubectl get configmap -n nodefit -o jsonpath='{..agent\.conf}'
}
holds "the agents rest" '^drift=report' "$(conf)"
holds "and the condition will go" '^on_stop=delete' "$(conf)"
# No controller is here: none that would end the pods, nor the namespace.
follow "kubectl delete daemonset nodefit -n nodefit --cascade=foreground" s/foreground/background/
follow "helm uninstall nodefit -n nodefit && kubectl delete namespace nodefit" "s/ && .*//"
left() {
	as_user kubectl get -A -o name \
		ds,cm,sa,roles,rolebindings,clusterroles,clusterrolebindings,netpol,quota >"$work/left" || echo "kubectl: $?"
	grep nodefit "$work/left"
}
equal "nothing of it is left" "" "$(left)"
kustomization="resources: [packaging/kustomize/base]
images: [{name: nodefit, newName: REGISTRY/nodefit, newTag: 0.1.0}]"
printf '%s\n' "$kustomization" >>"$followed"
printf '%s\n' "$kustomization" | sed s/REGISTRY/localhost:5000/ >"$root/root/nodefit/kustomization.yaml"
as_user kubectl apply -k /root/nodefit >"$work/out" 2>&1
ok $? "a kustomization of one's own is applied" "$(cat "$work/out")"
equal "with that image" "localhost:5000/nodefit:0.1.0 localhost:5000/nodefit:0.1.0" "$(images)"
# shellcheck disable=SC2016
grep -q 'the last line is `kubectl delete -k \.`' "$tree/README.md" &&
	as_user sh -c "cd /root/nodefit && kubectl delete -k . --wait=false" >"$work/out" 2>&1
ok $? "and taken away, as README says" "$(cat "$work/out")"
equal "with all that was in it" "" "$(left)"

# --- by cloud-init: what its README says of the files; test-cloud boots with them ---
sed -i 's/<packages.example.org>/packages.example.org/; s/<10.0.0.10:6443>/10.0.0.10:6443/
	s/<abcdef.0123456789abcdef>/abcdef.0123456789abcdef/' "$root/root/nodefit/cloud-init/user-data"
for line in "cloud-init schema --config-file user-data" \
	"cloud-init devel make-mime -a user-data:cloud-config -a per-boot:x-shellscript-per-boot >user-data.mime"; do
	grep -qxF "    $line" "$tree/cloud-init/README.md"
	ok $? "cloud-init/README.md says: $line"
	inside sh -c "cd /root/nodefit/cloud-init && $line" >"$work/out" 2>&1
	ok $? "it works" "$(cat "$work/out")"
done

# --- before kubeadm join ---
printf '#!/bin/sh\necho "$*" >>/var/lib/kubeadm.called\n' >"$root/usr/local/bin/kubeadm"
chmod +x "$root/usr/local/bin/kubeadm"
follow "sudo nodefit apply --config /etc/nodefit/agent.conf --persist"
follow "sudo /usr/lib/nodefit/join -- kubeadm join ..."
equal "kubeadm is called" "join ..." "$(cat "$root/var/lib/kubeadm.called")"
holds "the verdict is in the log" '^(fit|degraded)' "$(cat "$root/var/log/nodefit-preflight.log")"

# --- uninstalling ---
rm -r "$root/etc/nodefit/profiles"
follow "printf '[reporter]\\non_stop=delete\\n' | sudo tee -a /etc/nodefit/agent.conf"
follow "sudo systemctl try-restart nodefit-report   # where it runs: it takes the condition away when it ends"
follow "sudo systemctl stop nodefit-agent       # it would set again what is put back"
follow "sudo nodefit rollback --persist         # what nodefit found comes back, what it persisted goes"
equal "what was found is back" "$before" "$(somaxconn)"
# Its end, for dnf, is for another system.
follow "sudo apt purge nodefit nodefit-net      # or: sudo dnf remove nodefit nodefit-net"
equal "nothing is left but what the user made" "" "$(cd "$root" && find . -xdev \( -path ./root -o -path ./proc -o -path ./sys \
	-o -path ./var/lib/containers -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./tmp \) -prune -o -name '*nodefit*' -print)"
is_told
equal "nor in the cluster" 1 $?

# --- nothing is left out ---
# Nothing is here that would roll a DaemonSet out, or run a command in a pod: test_pod.sh does the latter.
cat >>"$followed" <<-'END'
	kubectl rollout status daemonset nodefit -n nodefit
	kubectl exec -n nodefit POD -c agent -- nodefit rollback       # for each pod
END
equal "every line of these chapters was followed" "" "$(sed -n '/^## Four ways/,/^## What replaces/p; /^## Uninstall/,/^## /p' "$tree/README.md" |
	sed -n 's/^    //p' | grep -vxFf "$followed")"
finish
