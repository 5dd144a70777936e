#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packages themselves: what the distributions' own analysers say, what is in them, and that a
# second build is the same.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
deb=$tree/build/deb rpm=$tree/build/rpm

says() { # NAME TEXT: shown in the log, and empty
	[ -z "$2" ] || printf '%s\n' "$2" | sed 's/^/# /'
	equal "$1" "" "$2"
}

# --- what the analysers say ---
out=$(lintian --allow-root --fail-on error,warning "$deb"/*.changes 2>&1)
ok $? "lintian has neither an error nor a warning" "$out"
printf '# lintian: %s\n' "${out:-nothing to say}"
out=$(rpmlint -c "$tree/packaging/rpm/rpmlint.toml" "$rpm"/*.rpm "$tree/packaging/rpm/nodefit.spec" 2>&1)
ok $? "rpmlint has no error" "$out"
printf '%s\n' "$out" | sed -n 's/^ *[0-9]* packages and/# rpmlint: &/p'

# --- a second build, in another folder ---
other=$work/elsewhere/and/deeper
out=$("$tree/packaging/build-deb.sh" "$other" "$(dpkg-deb -f "$deb"/nodefit_*.deb Version)" 2>&1) || printf '%s\n' "$out" | tail -20
sums() {
	(cd "$1" && sha256sum ./*.deb)
}
equal "a second build, in another folder, is byte-identical" "$(sums "$deb")" "$(sums "$other")"

# --- what is in them ---
debs() {
	for p in "$deb"/nodefit_*.deb "$deb"/nodefit-net_*.deb; do
		dpkg-deb --fsys-tarfile "$p" | tar -t
	done | grep -v '/$' | sed 's|^\.||; s|^/lib/|/usr/lib/|' | LC_ALL=C sort
}
rpms() {
	rpm -qlp "$rpm"/*.rpm
}
# The distributions have places of their own for documents and zsh's completions, and rpm lists folders.
common() {
	grep -vE '/usr/share/(doc|licenses)/|/\.build-id|/profiles$|/nodefit$|/kubelet.service.d$' |
		sed 's|vendor-completions|site-functions|' | LC_ALL=C sort
}
names() { # also what ends in /nodefit, but for folders
	printf '%s\n' /usr/bin/nodefit /usr/share/bash-completion/completions/nodefit
}
equal "both kinds of package install the same files" "$(debs | common)" "$(rpms | common)"
equal "programs and completions too" "$(names)" "$(debs | grep -xE "$(names | paste -sd'|')")"
holds "agent.conf is the administrator's" '^/etc/nodefit/agent.conf$' "$(dpkg-deb --info "$deb"/nodefit_*.deb conffiles)"
equal "for rpm too" /etc/nodefit/agent.conf "$(rpm -qcp "$rpm"/nodefit-[0-9]*.rpm)"
equal "nothing that speaks HTTP comes with the program of root" "" \
	"$(dpkg-deb -f "$deb"/nodefit_*.deb Depends | grep -oE 'lib(curl|microhttpd|yaml)[^ ]*')"

# rpm has no root file system to install into here: the payload is unpacked and the scripts are read.
mkdir "$work/rpmroot"
rpm --root "$work/rpmroot" --initdb 2>/dev/null
out=$(rpm --root "$work/rpmroot" -i --nodeps --noscripts --ignorearch "$rpm"/*.rpm 2>&1)
ok $? "the rpms' payload unpacks" "$out"
equal "and its program runs" "nodefit $(rpm -qp --qf '%{VERSION}' "$rpm"/nodefit-[0-9]*.rpm)" \
	"$("$work/rpmroot/usr/bin/nodefit" --version)"
for p in "$rpm"/*.rpm; do
	for script in PREIN POSTIN PREUN POSTUN; do
		rpm -qp --qf "%{$script}" "$p" | grep -v '^(none)$' >"$work/script"
		out=$(sh -n "$work/script" 2>&1)
		ok $? "$(basename "$p"): $script is a shell script" "$out"
	done
done

# --- the programs' own completeness ---
for page in "$work"/rpmroot/usr/share/man/man*/*; do
	says "$(basename "$page" .gz) renders without a warning" \
		"$(zcat "$page" | groff -ww -mandoc -Tutf8 -K utf8 2>&1 >/dev/null)"
done
mkdir "$work/units"
out=$(cp "$work"/rpmroot/usr/lib/systemd/system/*.service "$work/units" &&
	cd "$work/units" && sed -i "s|/usr/bin/|$work/rpmroot/usr/bin/|; /^Documentation=/d" ./*.service &&
	systemd-analyze verify ./*.service 2>&1 | grep nodefit)
says "systemd-analyze verify is silent" "$out"
finish
