#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The wrapper of kubeadm join, with a nodefit that says what the test wants, and the files of
# cloud-init as cloud-init itself sees them.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
count=0 failed=0
ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failed=1
		echo "not ok $count - $2"
		[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
	fi
}
cat >"$work/nodefit" <<'END'
#!/bin/sh
echo "$*" >"$0.called"
echo "  fail    fsync   p99 80 ms"
exit "$(cat "$0.code")"
END
chmod +x "$work/nodefit"
join() { # CODE ARGUMENT...
	echo "$1" >"$work/nodefit.code"
	shift
	rm -f "$work/log" "$work/joined"
	said=$(NODEFIT="$work/nodefit" packaging/kubeadm/join --log "$work/log" "$@" 2>&1)
	code=$?
}
command="touch $work/joined"

# shellcheck disable=SC2086
join 0 -- $command
[ -e "$work/joined" ]
ok $? "a fit machine joins" "$said"
join 0 --profile site -- true
[ "$(cat "$work/nodefit.called")" = "preflight --profile site" ]
ok $? "it is judged by that profile" "$(cat "$work/nodefit.called")"
join 0 -- sh -c 'exit 7'
[ $code = 7 ]
ok $? "the command's exit code is the wrapper's" "$code"
for verdict in 1 3 2; do
	# shellcheck disable=SC2086
	join $verdict -- $command
	[ $code = $verdict ] && [ ! -e "$work/joined" ]
	ok $? "preflight's exit code $verdict: the command is not run, and the code is that one" "$code $said"
	printf '%s' "$said" | grep -q 'was NOT run' && grep -q 'was NOT run' "$work/log" && grep -q 'p99 80 ms' "$work/log"
	ok $? "why, and how to go on, is told and in the log" "$said"
done
# shellcheck disable=SC2086
join 3 --accept-unknown -- $command
[ $code = 0 ] && [ -e "$work/joined" ]
ok $? "what could not be judged joins where that is accepted" "$said"
# shellcheck disable=SC2086
join 1 --accept-unknown -- $command
[ $code = 1 ] && [ ! -e "$work/joined" ]
ok $? "what is unfit does not"
join 1 -- kubeadm join --token s3cret
! printf '%s' "$said" | grep -q s3cret && ! grep -q s3cret "$work/log"
ok $? "no token gets into the log" "$said"
join 1 -- env TOKEN=s3cret kubeadm join
! printf '%s' "$said" | grep -q s3cret && ! grep -q s3cret "$work/log"
ok $? "not from a command behind env either" "$said"
for wrong in "" "--profile" "--nonsense" "kubeadm join"; do
	# shellcheck disable=SC2086
	join 0 $wrong
	[ $code = 2 ]
	ok $? "wrong usage: \"$wrong\"" "$code $said"
done

# --- as cloud-init sees it ---
said=$(cloud-init schema --config-file cloud-init/user-data 2>&1)
ok $? "user-data is valid by cloud-init's schema" "$said"
sed 's/^runcmd:/runcmds:/; s/^package_update: true/package_update: perhaps/' cloud-init/user-data >"$work/wrong"
! cloud-init schema --config-file "$work/wrong" >/dev/null 2>&1
ok $? "a wrong one is not"
cloud-init devel make-mime -a cloud-init/user-data:cloud-config -a cloud-init/per-boot:x-shellscript-per-boot \
	>"$work/mime" 2>"$work/mime.log"
ok $? "both parts go into one message" "$(cat "$work/mime.log")"
for kind in networkd netplan eni; do
	cloud-init devel net-convert --network-data cloud-init/network-config --kind yaml -D debian -O $kind \
		-d "$work/$kind" -m eth7,52:54:00:12:34:56 >/dev/null 2>"$work/net.log"
	grep -rqi 'mtu\(bytes\)\{0,1\}[=: ]*1450' "$work/$kind"
	ok $? "network-config sets the MTU by $kind" "$(cat "$work/net.log")"
done
echo "1..$count"
exit $failed
