#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nodefit-net report against a false API server: what is sent, and what becomes of every fault.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
enter "$@"
mount -t tmpfs -o mode=0755 none /run && mount -t tmpfs -o mode=0755 none /var/lib/nodefit 2>/dev/null
mkdir -p /run/nodefit
net=$(dirname "$NODEFIT")/nodefit-net
api=$work/api
reporter=
chmod 0755 "$work"
mkdir "$api"

within() { # SECONDS COMMAND...
	tries=$(($1 * 10))
	shift
	while [ $tries -gt 0 ]; do
		"$@" && return
		tries=$((tries - 1))
		sleep 0.1
	done
	return 1
}
report() { # VERDICT REASON MESSAGE [BOOT]
	boot=${4:-$(cat /proc/sys/kernel/random/boot_id)}
	printf '{"schema":"nodefit/v1","node":{"name":"n1","boot_id":"%s"},"profile":"p",
		"started":"2026-11-23T12:00:00Z","verdict":"%s","reason":"%s","message":"%s",
		"tuning":[],"checks":[]}' "$boot" "$1" "$2" "$3" >/run/nodefit/.new
	mv /run/nodefit/.new /run/nodefit/report.json
}
told() { # FILTER: of our condition on the node
	jq -r ".status.conditions[] | select(.type == \"NodeFit\") | $1" "$api/node" 2>/dev/null
}
is_told() { # STATUS REASON
	[ "$(told '.status + " " + .reason')" = "$1 $2" ]
}
requests() { # FILTER: how many are so, without events
	[ ! -e "$api/requests" ] || jq -s "[.[] | select(.path | test(\"/events\") | not) | select($1)] | length" "$api/requests"
}
asked() { # NUMBER FILTER: at least
	[ "$(requests "$2")" -ge "$1" ]
}
mode() {
	echo "$1" >"$api/.mode" && mv "$api/.mode" "$api/mode"
}
logged() {
	grep -Eq -- "$1" "$work/log"
}
# The address sanitizer holds freed memory back, 256 MB of it: here little, so that growth is seen.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
start() {
	"$net" report --config "$work/agent.conf" 2>>"$work/log" &
	reporter=$!
}
stop() {
	kill $reporter
	wait $reporter
}
trap 'kill $reporter $server 2>/dev/null' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$api/key.pem" -out "$api/cert.pem" 2>/dev/null || exit 1
echo first-token >"$api/token"
chmod 0644 "$api/token"
mode ok
api_start() {
	/usr/bin/python3 "$(dirname "$0")/../cluster/false_api.py" "$api" &
	server=$!
	within 10 [ -s "$api/port" ]
}
api_start || exit 1
cat >"$work/kubeconfig" <<END
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:$(cat "$api/port")",
  certificate-authority: $api/cert.pem}}]
users: [{name: u, user: {tokenFile: $api/token}}]
END
configure() {
	printf '[agent]\nreport_interval=1s\n[reporter]\nnode=n1\nstart_within=0s\nheartbeat_interval=%s\nkubeconfig=%s\nstale_after=%s\n%s\n' \
		"${beat:-1h}" "$work/kubeconfig" "${1:-60s}" "${2:-}" >"$work/agent.conf"
}

printf '[reporter]\non_stop=explode\n' >"$work/agent.conf"
err=$("$net" report --config "$work/agent.conf" 2>&1)
equal "a wrong configuration: exit code 2" 2 $?
holds "with its line" 'agent.conf:2: on_stop: one of' "$err"

printf '[reporter]\nlisten=9753\n' >"$work/agent.conf"
err=$("$net" report --config "$work/agent.conf" 2>&1)
equal "an address to listen on that is none: exit code 2" 2 $?
holds "in words" 'listen=9753 is no ADDRESS:PORT' "$err"

# --- the condition ---
configure
report fit AllChecksPass "all checks pass"
start
within 15 is_told True AllChecksPass
ok $? "a fit node is True"
equal "other conditions stay" True \
	"$(jq -r '.status.conditions[] | select(.type == "Ready").status' "$api/node")"
equal "by a strategic merge patch of its status" "/api/v1/nodes/n1/status application/strategic-merge-patch+json" \
	"$(jq -rs '[.[] | select(.method == "PATCH")][0] | .path + " " + .type' "$api/requests")"
holds "it has no capability, no privilege to gain and is not root" '^0{80} 1 65534$' \
	"$(awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ {c = c $2} /^NoNewPrivs/ {n = $2} /^Uid/ {u = $2}
		END {print c, n, u}' /proc/$reporter/status)"
ask() { # PATH
	curl -s --max-time 5 "http://127.0.0.1:9753$1"
}
equal "healthz" ok "$(ask /healthz)"
equal "readyz" ok "$(ask /readyz)"
equal "the report is there as it is" AllChecksPass "$(ask /report | jq -r .reason)"
holds "metrics tell the verdict" '^nodefit_verdict\{verdict="fit"\} 1$' "$(ask /metrics)"
equal "as Prometheus wants them" "" "$(ask /metrics | promtool check metrics 2>&1)"
equal "no other page, and nothing but GET" "404 405" \
	"$(curl -s -o /dev/null -w '%{http_code} ' http://127.0.0.1:9753/../etc/passwd)$(curl -s -o /dev/null \
		-w '%{http_code}' -X POST -d x http://127.0.0.1:9753/metrics)"
since=$(told .lastTransitionTime)
sleep 1.1
report unfit FsyncSlow "p99 80 ms"
within 10 is_told False FsyncSlow
ok $? "an unfit one False, at once"
[ "$(told .lastTransitionTime)" != "$since" ]
ok $? "with a new transition time"
equal "and an event" "Warning FsyncSlow Node n1" "$(jq -rs '[.[] | select(.path | test("/events"))][-1].body |
	.type + " " + .reason + " " + .involvedObject.kind + " " + .involvedObject.name' "$api/requests")"
since=$(told .lastTransitionTime)
n=$(requests '.method == "PATCH"')
sleep 1.1
report unfit FsyncSlow "p99 80 ms"
sleep 1
equal "a report that says the same sends nothing" "$n" "$(requests '.method == "PATCH"')"
report unfit LinkDown "eth0 has no carrier"
within 10 is_told False LinkDown
equal "another reason keeps the transition time" "$since" "$(told .lastTransitionTime)"
equal "the API was read once, at the start" 1 "$(requests '.method == "GET"')"

# --- restarts ---
n=$(requests '.method == "PATCH"')
kill -9 $reporter
wait $reporter 2>/dev/null
start
within 15 asked 2 '.method == "GET"'
sleep 1
equal "a restart sends nothing that is known" "$n" "$(requests '.method == "PATCH"')"
report fit AllChecksPass "all checks pass"
within 10 is_told True AllChecksPass
ok $? "and goes on"

# --- a token that rotates ---
echo second-token >"$api/.token" && chmod 0644 "$api/.token" && mv "$api/.token" "$api/token"
report degraded SysctlDeviates "1 of 7"
within 10 is_told True SysctlDeviates
ok $? "a token replaced on disk is used at the next send"

# --- faults ---
ready_again() {
	[ "$(ask /readyz)" = ok ]
}
for fault in 500 401 403 404 429 cut drop flood headers; do
	mode $fault
	: >"$work/log"
	n=$(requests ".mode == \"$fault\"")
	report unfit Fault$fault "while $fault"
	within 15 asked $((n + 2)) ".mode == \"$fault\""
	ok $? "$fault: it tries again"
	equal "$fault: it is told once" 1 "$(grep -Ec '^<4>(publishing|reading the condition back): ' "$work/log")"
	mode ok
	within 30 is_told False Fault$fault
	ok $? "$fault: then the newest state is sent"
done
within 15 logged 'it works again'
ok $? "the recovery is told"
mode readonly
report unfit Readonly "while nodes can be read and not be written"
sleep 10
n=$(requests '.mode == "readonly" and .method == "PATCH"')
[ "$n" -ge 2 ] && [ "$n" -le 6 ]
ok $? "where only reading works it tries ever more rarely" "$n in 10 s"
mode ok
within 30 is_told False Readonly
ok $? "and sends once it can"
mode hang
n=$(requests '.mode == "hang"')
: >"$work/log"
report unfit Hanging "while hang"
within 15 asked $((n + 1)) '.mode == "hang"'
sleep 1
equal "a server that never answers: it lives on meanwhile" ok "$(ask /healthz)"
holds "and says that the cluster does not know yet" 503 "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9753/readyz)"
report unfit Newest "while hang"
mode ok
within 60 is_told False Newest
ok $? "after its own deadline the newest state is sent"
equal "it is told once" 1 "$(grep -Ec '^<4>(publishing|reading the condition back): ' "$work/log")"

# --- what the server has done, but could not say ---
report fit AllChecksPass "all checks pass"
within 15 is_told True AllChecksPass
mode lost
report unfit Lost "its reply is lost"
within 15 is_told False Lost
report fit AllChecksPass "all checks pass"
mode ok
within 30 is_told True AllChecksPass
ok $? "a change that was taken without a reply is taken back" "$(told .)"
sleep 1.1
mode lost
report unfit Again "its reply is lost"
within 15 is_told False Again
since=$(told .lastTransitionTime)
mode ok
within 30 ready_again
equal "and where it still holds it is not sent again" "$since 1" "$(told .lastTransitionTime) $(requests \
	'.method == "PATCH" and .body.status.conditions[0].reason == "Again"')"

# --- an API server that is down for a while ---
: >"$work/log"
kill $server
wait $server 2>/dev/null
for i in 1 2 3 4 5 6 7 8; do
	report unfit "Outage$i" "news $i"
	sleep 0.7
done
n=$(requests '.path | endswith("/status")')
api_start
within 60 is_told False Outage8
ok $? "when it is back it gets the newest state"
sleep 1
equal "in one patch" $((n + 1)) "$(requests '.path | endswith("/status")')"
equal "the outage is told once" 1 "$(grep -Ec '^<4>(publishing|reading the condition back): ' "$work/log")"

mode 403
: >"$work/log"
report unfit Forbidden x
within 15 logged 'resources: \["nodes/status"\], verbs: \["patch"\]'
ok $? "without the right to patch it names the rule that is needed"
mode ok
mode 429
n=$(requests '.mode == "429"')
report unfit Slower x
within 15 asked $((n + 2)) '.mode == "429"'
holds "Retry-After is waited for" true "$(jq -s '[.[] | select(.mode == "429").at] | .[-1] - .[-2] >= 2' "$api/requests")"
mode ok
within 6 is_told False Slower
peak=$(awk '/VmHWM/ {print $2}' /proc/$reporter/status)
most=40000
case $NODEFIT in */asan/*) most=100000 ;; esac # the sanitizer's own
[ "$peak" -lt $most ]
ok $? "after a reply of 100 MB its memory is what it was" "$peak kB"
kill -PIPE $reporter
sleep 0.2
stop
equal "a server that hangs up does not end it, SIGTERM does and well" 0 $?
is_told False Slower
ok $? "and by default keeps the condition"

# --- an agent that is silent, and one of another boot ---
configure 5s
fresh_is_told() { # as long as it takes a busy machine
	report fit AllChecksPass "all checks pass"
	is_told True AllChecksPass
}
start
within 10 fresh_is_told
within 15 is_told Unknown AgentSilent
ok $? "a report that grows old is Unknown: AgentSilent"
within 10 fresh_is_told
ok $? "a new one is believed again"
report fit AllChecksPass "all checks pass" 00000000-0000-4000-8000-000000000000
within 10 is_told Unknown NotMeasured
ok $? "a report of another boot is none"
stop

# --- the folder of the report ---
rm -r /run/nodefit
: >"$work/log"
start
within 15 logged '/run/nodefit: is not there'
ok $? "it waits for an agent that has not run yet" "$(cat "$work/log")"
mkdir /run/nodefit
report fit AllChecksPass "all checks pass"
within 15 is_told True AllChecksPass
ok $? "and goes on when it has"
rm -r /run/nodefit
mkdir /run/nodefit
report unfit Another "folder"
within 15 is_told False Another
ok $? "a folder that was made anew is watched as well" "$(cat "$work/log")"
stop

# --- what only root may read, for a user without privileges ---
mkdir "$work/root" "$work/handed"
sed "s|tokenFile: [^}]*|tokenFile: $work/root/token|" "$work/kubeconfig" >"$work/root/kubeconfig"
cp "$api/token" "$work/root/token"
chmod 0700 "$work/root"
sed "s|^kubeconfig=.*|kubeconfig=$work/root/kubeconfig|" "$work/agent.conf" >"$work/handed.conf"
chmod 0644 "$work/handed.conf"
err=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$net" report --config "$work/handed.conf" 2>&1)
equal "a kubeconfig that it may not read: exit code 2" 2 $?
holds "with what a unit needs" "LoadCredential=kubeconfig:$work/root/kubeconfig" "$err"
cp "$work"/root/* "$work/handed" && chmod 0644 "$work"/handed/*
report fit HandedOver "x"
CREDENTIALS_DIRECTORY=$work/handed setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$net" report --config "$work/handed.conf" 2>>"$work/log" &
reporter=$!
within 15 is_told True HandedOver
ok $? "kubeconfig and token are taken from where systemd hands them over" "$(cat "$work/log")"
stop

# --- somebody else's certificate ---
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/other.key" -out "$work/other.pem" 2>/dev/null
sed "s|$api/cert.pem|$work/other.pem|" "$work/kubeconfig" >"$work/wrong"
chmod 0644 "$work/other.pem"
sed "s|^kubeconfig=.*|kubeconfig=$work/wrong|" "$work/agent.conf" >"$work/wrong.conf"
# That the system trusts it is no reason.
mount -t tmpfs none /etc/ssl/certs && cp "$api/cert.pem" /etc/ssl/certs && openssl rehash /etc/ssl/certs || exit 1
n=$(requests true)
: >"$work/log"
"$net" report --config "$work/wrong.conf" 2>>"$work/log" &
reporter=$!
within 15 logged 'reading the condition back: .*certificate'
ok $? "another CA's certificate is told" "$(cat "$work/log")"
equal "and nothing is sent to it, no token either" "$n" "$(requests true)"
stop
configure 60s on_stop=unknown
report fit AllChecksPass "all checks pass"
start
within 10 is_told True AllChecksPass
mode slow
n=$(requests '.mode == "slow"')
report unfit Slow "on its way"
within 15 asked $((n + 1)) '.mode == "slow"'
mode ok
stop
sleep 2
equal "on_stop=unknown: what was on its way does not come after the last word" "Unknown ReporterStopped" \
	"$(told '.status + " " + .reason')"
configure 60s on_stop=delete
report fit AllChecksPass "all checks pass"
start
within 10 is_told True AllChecksPass
stop
equal "on_stop=delete takes the condition away" "" "$(told .status)"

# --- a CA that rotates, and a server= of one's own ---
pod=/var/run/secrets/kubernetes.io/serviceaccount
mkdir -p $pod && cp "$api/token" $pod/token && cp "$work/other.pem" $pod/ca.crt || exit 1
configure 60s "server=https://127.0.0.1:$(cat "$api/port")"
sed -i '/^kubeconfig=/d' "$work/agent.conf"
: >"$work/log"
start
within 15 logged 'reading the condition back: .*certificate'
ok $? "server= is enough where a pod is not told one" "$(cat "$work/log")"
cp "$api/cert.pem" $pod/.new && mv $pod/.new $pod/ca.crt
within 20 is_told True AllChecksPass
ok $? "a CA replaced on disk is used at the next send" "$(cat "$work/log")"
stop

# --- node_exporter's textfile ---
mkdir "$work/collector"
file=$work/collector/nodefit.prom
says() { # PATTERN: a line of the file
	grep -Eq -- "$1" "$file" 2>/dev/null
}
configure 60s "textfile=$work/absent/nodefit.prom"
: >"$work/log"
report fit AllChecksPass "all checks pass"
start
within 15 logged "<4>.*there is no folder $work/absent"
ok $? "a folder that is not there is told"
[ ! -e "$work/absent" ]
ok $? "and not made"
stop
configure 5s "textfile=$file"
: >"$work/log"
start
within 15 logged "<4>.*$work/collector, .*must be writable by the user 65534"
ok $? "one that may not be written too, with what is needed"
report fit AllChecksPass "all checks pass"
sleep 2.5
report fit AllChecksPass "all checks pass"
sleep 2.5
equal "once" 1 "$(grep -c "^<4>$file: " "$work/log")"
is_ready() {
	report fit AllChecksPass "all checks pass"
	ready_again
}
within 10 is_ready
ok $? "and the rest goes on"
echo half >"$work/collector/.nodefit.prom.new"
chown -R 65534:65534 "$work/collector"
report fit AllChecksPass "all checks pass"
within 15 says '^nodefit_verdict\{verdict="fit"\} 1$'
ok $? "then the file appears" "$(cat "$work/log")"
within 15 logged "^<6>$file: it works again"
ok $? "that is told as well"
equal "as Prometheus wants it" "" "$(promtool check metrics <"$file" 2>&1)"
equal "without times, which node_exporter refuses" "" \
	"$(sed 's/{.*}//' "$file" | grep -Ev '^#|^[^ ]+ [^ ]+$')"
equal "all may read it" "644 65534" "$(stat -c '%a %u' "$file")"
same_as_metrics() {
	ask /metrics | grep -Ev '^nodefit_(api_|report_age)' >"$work/shown"
	grep -Ev '^nodefit_(api_|report_age)' "$file" | cmp -s - "$work/shown"
}
same_as_metrics
ok $? "it says what /metrics does"
report unfit FsyncSlow "p99 80 ms"
within 15 says '^nodefit_verdict\{verdict="unfit"\} 1$'
ok $? "it follows the verdict"
same_as_metrics
ok $? "as /metrics does"
begin=$(date +%s)
for i in 1 2 3 4 5 6 7 8; do
	report unfit "News$i" x
	stat -c %i "$file"
	sleep 0.1
done >"$work/inodes"
# At once, and then every two seconds at the most.
[ "$(sort -u "$work/inodes" | wc -l)" -le $((2 + ($(date +%s) - begin) / 2)) ]
ok $? "news in a row are written once" "$(sort "$work/inodes" | uniq -c)"
old() {
	awk '$1 == "nodefit_report_age_seconds" && $2 > 5 {old = 1} END {exit !old}' "$file"
}
within 12 old
ok $? "an agent that is silent shows by the report's age"
same_as_metrics
ok $? "the rest is as /metrics says"
report fit AllChecksPass "all checks pass" 00000000-0000-4000-8000-000000000000
within 15 says '^nodefit_report_age_seconds NaN$'
ok $? "a report of another boot is none"
says '^nodefit_verdict'
equal "and no verdict" 1 $?
equal "nor is one among the metrics" "" "$(ask /metrics | grep '^nodefit_verdict')"
report fit AllChecksPass "all checks pass"
within 15 says '^nodefit_verdict\{verdict="fit"\} 1$'
report unfit LinkDown "eth0 has no carrier"
within 10 is_told False LinkDown
kill -9 $reporter
wait $reporter 2>/dev/null
echo half >"$work/collector/.nodefit.prom.new"
start
within 15 says '^nodefit_verdict\{verdict="unfit"\} 1$'
ok $? "a restart writes the newest"
report fit AllChecksPass "all checks pass"
within 10 is_told True AllChecksPass
stop
says '^nodefit_verdict\{verdict="fit"\} 1$'
ok $? "when it stops the newest is there to stay"
equal "nothing else is there, what a killed one left neither" "nodefit.prom" "$(ls -A "$work/collector")"

# --- a lease for a heartbeat ---
beat=10s
configure 60s heartbeat=lease
report fit AllChecksPass "all checks pass"
start
within 10 is_told True AllChecksPass
n=$(requests '.path | endswith("/status")')
within 40 asked 2 '.path | test("/namespaces/nodefit/leases/n1$")'
ok $? "a lease is renewed"
equal "it was created first" "Lease n1" \
	"$(jq -rs '[.[] | select(.method == "POST" and (.path | test("/leases")))][0].body | .kind + " " + .metadata.name' "$api/requests")"
holds "with the time as leases have it" '^[0-9-]{10}T[0-9:]{8}\.000000Z$' \
	"$(jq -rs '[.[] | select(.path | test("/leases/n1"))][-1].body.spec.renewTime' "$api/requests")"
equal "the condition is left alone meanwhile" "$n" "$(requests '.path | endswith("/status")')"
stop

# --- a gate that waits for the condition ---
configure 60s on_stop=delete
start
within 15 is_told True AllChecksPass
stop
equal "there is no condition" "" "$(told .status)"
configure 60s bootstrap=yes
report unknown Measuring "not all checks have an answer yet"
n=$(requests '.method == "GET"')
mode flood
start
within 15 logged 'reading the condition back: '
ok $? "the node is 100 MB long: that is told"
peak=$(awk '/VmHWM/ {print $2}' /proc/$reporter/status)
[ "$peak" -lt $most ]
ok $? "and does not fill the memory" "$peak kB"
mode ok
within 20 asked $((n + 2)) '.method == "GET"'
sleep 2
equal "bootstrap=yes: before there is a verdict there is no condition" "" "$(told .status)"
report fit AllChecksPass "all checks pass"
within 10 is_told True AllChecksPass
ok $? "then there is"
report unknown Measuring "not all checks have an answer yet"
within 10 is_told Unknown Measuring
ok $? "and from then on it tells all"
stop
finish
