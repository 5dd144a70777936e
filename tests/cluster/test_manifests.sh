#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The chart and the kustomizations: both say the same, the real kube-apiserver takes every object,
# and the programs take every agent.conf in them. Needs Helm (tools.sh).
# shellcheck source=../kernel/lib.sh
. "$(dirname "$0")/../kernel/lib.sh"
enter "$@"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
packaging=$here/../../packaging
if [ ! -x "$PROGRAMS/helm" ]; then
	skip "manifests" "Helm is had for amd64 only"
	finish
fi
export HELM_CACHE_HOME="$work/helm" HELM_CONFIG_HOME="$work/helm" HELM_DATA_HOME="$work/helm"
chart() { # ARGUMENTS of helm template
	"$PROGRAMS/helm" template nodefit "$packaging/helm/nodefit" --namespace nodefit "$@"
}

lint=$("$PROGRAMS/helm" lint --strict "$packaging/helm/nodefit" 2>&1)
ok $? "helm lint is content" "$lint"
# As kubeadm starts it.
API_OPTIONS=--allow-privileged=true
cluster_start || exit 1
kubectl apply -f "$here/crds.yaml" >/dev/null || exit 1
within 20 kubectl wait --for condition=established --timeout=5s crd --all >/dev/null 2>&1 || exit 1
kubectl create namespace nodefit >/dev/null || exit 1
within 20 kubectl get podmonitors -n nodefit >/dev/null 2>&1 || exit 1

accepted() { # FILE NAME
	answer=$(kubectl apply --dry-run=server -f "$1" 2>&1)
	ok $? "kube-apiserver accepts $2" "$answer"
	equal "each object of $2" "$(grep -c '^kind:' "$1")" "$(printf '%s\n' "$answer" | grep -c 'server dry run')"
}
conf_of() { # FILE: its agent.conf
	/usr/bin/python3 -c 'import sys, yaml
print(*(t["data"]["agent.conf"] for t in yaml.safe_load_all(open(sys.argv[1])) if t and t["kind"] == "ConfigMap"))' "$1"
}
# It can't reach a server, but what is wrong with its configuration it tells first, with exit code 2.
conf_is_good() { # FILE
	conf_of "$1" >"$work/agent.conf"
	[ -s "$work/agent.conf" ] || return 1
	KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=1 timeout 1 "$(dirname "$NODEFIT")/nodefit-net" report --config "$work/agent.conf" >"$work/conf.log" 2>&1
	[ $? != 2 ]
}
pair() { # KUSTOMIZATION ARGUMENTS of helm template
	name=$1
	shift
	"$PROGRAMS/kustomize" kustomize "$packaging/kustomize/$name" >"$work/$name.yaml" &&
		chart --set namespace.create=true "$@" >"$work/$name-chart.yaml"
	ok $? "$name: kustomization and chart are rendered"
	found=$(/usr/bin/python3 "$here/compare.py" "$work/$name.yaml" "$work/$name-chart.yaml")
	ok $? "$name: the chart is equal to the kustomization" "$found"
	accepted "$work/$name.yaml" "kustomization $name"
	accepted "$work/$name-chart.yaml" "the chart as $name"
	conf_is_good "$work/$name.yaml"
	ok $? "$name: nodefit-net takes its agent.conf" "$(cat "$work/conf.log")"
}
pair base
pair lease --set reporter.heartbeat=lease
pair gate --set reporter.startup_taint=nodefit/unmeasured
pair podmonitor --set podMonitor.enabled=true
pair readiness-rule --set nodeReadinessRule.enabled=true

# --- the chart alone ---
cat >"$work/values.yaml" <<'END'
image:
  repository: registry.example/nodefit
  digest: sha256:0123456789012345678901234567890123456789012345678901234567890123
imagePullSecrets: [{name: pull}]
agent: {profile: /etc/nodefit/site.ini, drift: report, for: 1m}
reporter: {listen: "[::]:9999", bootstrap: yes, heartbeat: lease, heartbeat_interval: 1m}
profiles:
  site: |
    [main]
    include=kube-node
podAnnotations: {a: b}
podLabels: {c: d}
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: x, operator: Exists}]}]}}}
serviceAccount: {annotations: {e: f}}
podMonitor: {enabled: true, labels: {release: p}}
END
chart --values "$work/values.yaml" >"$work/all.yaml"
ok $? "with other values the chart is rendered"
accepted "$work/all.yaml" "the chart with other values"
holds "an image by its digest" 'image: registry.example/nodefit@sha256:0123' "$(cat "$work/all.yaml")"
holds "YAML's yes is agent.conf's" '^bootstrap=yes$' "$(conf_of "$work/all.yaml")"
holds "the reporter is probed where it listens" 'host: "::1"' "$(cat "$work/all.yaml")"
holds "and at that port" 'port: 9999' "$(cat "$work/all.yaml")"
conf_is_good "$work/all.yaml"
ok $? "nodefit-net takes that agent.conf" "$(cat "$work/conf.log")"
quiet=$(chart --set reporter.listen=)
[ "$(printf '%s\n' "$quiet" | grep -c 'Probe:')" = 0 ]
ok $? "a reporter that listens nowhere is not probed"
equal "a second release has names of its own" "" "$("$PROGRAMS/helm" template storage "$packaging/helm/nodefit" -n x |
	grep -E '^  name: nodefit')"
"$PROGRAMS/helm" template 123 "$packaging/helm/nodefit" -n nodefit >"$work/number.yaml"
accepted "$work/number.yaml" "a release whose name is a number"
printf 'profiles: {site: "  # its first line is indented\\n[main]\\nsummary=x\\n"}\n' >"$work/values"
equal "a profile's text is kept as it is" "  # its first line is indented
[main]
summary=x" "$(chart -f "$work/values" | /usr/bin/python3 -c 'import sys, yaml
print(*(t["data"]["site.ini"] for t in yaml.safe_load_all(sys.stdin) if t and t["kind"] == "ConfigMap"))')"

for wrong in nonsense=1 agent.profil=x reporter.heartbeat=never reporter.textfile=/x.prom reporter.kubeconfig=/x \
	agent.drift_interval=30 reporter.start_within=soon reporter.listen=localhost:9753 reporter.listen=:9753 reporter.bootstrap=perhaps image.digest=sha256:x \
	namespace.create=perhaps networkPolicy.apiServerPorts=443 nodeReadinessRule.enforcementMode=always \
	resources.agents.limits=1 podMonitor.interval=often; do
	chart --set "$wrong" >"$work/wrong" 2>&1
	[ $? = 1 ] && grep -Eq "$(printf %s "${wrong%%=*}" | sed 's/.*\.//')|${wrong%%=*}|additional properties" "$work/wrong"
	ok $? "the values' schema refuses $wrong" "$(head -n 5 "$work/wrong")"
done

# --- the test's own teeth ---
sed 's/containerPort: 9999/containerPort: 9998/' "$work/all.yaml" >"$work/bad.yaml"
! kubectl apply --dry-run=server -f "$work/bad.yaml" >"$work/bad" 2>&1 && grep -q 'hostPort' "$work/bad"
ok $? "a wrong DaemonSet is refused" "$(cat "$work/bad")"
sed 's/hostPID:/hostPIDs:/' "$work/all.yaml" >"$work/bad.yaml"
! kubectl apply --dry-run=server -f "$work/bad.yaml" >"$work/bad" 2>&1 && grep -q 'hostPIDs' "$work/bad"
ok $? "an unknown field is refused" "$(cat "$work/bad")"

# --- who may do what in the pod ---
pod=$(/usr/bin/python3 -c 'import sys, yaml, json
print(json.dumps(next(t for t in yaml.safe_load_all(open(sys.argv[1])) if t["kind"] == "DaemonSet")["spec"]["template"]["spec"]))' "$work/base.yaml")
of() { # FILTER
	printf '%s' "$pod" | jq -r "$1"
}
equal "the pod mounts no token by itself" false "$(of .automountServiceAccountToken)"
equal "the reporter alone has the one that is" reporter \
	"$(of '.volumes[] | select(.projected) | .name' | while read -r volume; do
		of ".containers[] | select(.volumeMounts[].name == \"$volume\") | .name"
	done)"
equal "the agent alone is privileged" agent "$(of '.containers[] | select(.securityContext.privileged) | .name')"
equal "the reporter has no capability" '["ALL"]' \
	"$(of '.containers[] | select(.name == "reporter") | .securityContext.capabilities.drop | tojson')"
equal "and sees the report only to read it" true \
	"$(of '.containers[] | select(.name == "reporter") | .volumeMounts[] | select(.name == "run") | .readOnly')"
equal "both have a root that can't be written" "true true" \
	"$(of '[.containers[].securityContext.readOnlyRootFilesystem | tostring] | join(" ")')"
finish
