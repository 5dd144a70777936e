# SPDX-License-Identifier: Apache-2.0
# One Makefile for the whole tree. Everything built lies in build/VARIANT/.

VERSION := 0.1.0
VARIANT ?= release
B := build/$(VARIANT)

PREFIX := /usr
ifneq ($(PREFIX),/usr)
$(error units, programs and profiles know each other below /usr: DESTDIR is what can be chosen)
endif
DESTDIR ?=
BINDIR := $(DESTDIR)$(PREFIX)/bin
PROFILEDIR := $(DESTDIR)$(PREFIX)/lib/nodefit/profiles
MANDIR := $(DESTDIR)$(PREFIX)/share/man
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
PRESETDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system-preset
TMPFILESDIR := $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
BASHDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
FISHDIR := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
# Debian's zsh looks into vendor-completions.
ZSHFOLDER ?= site-functions
ZSHDIR := $(DESTDIR)$(PREFIX)/share/zsh/$(ZSHFOLDER)
CONFDIR := $(DESTDIR)/etc/nodefit

CC ?= cc
PKG_CONFIG ?= pkg-config
OPT ?= -O2 -g
WERROR ?=
# How many runs each fuzzer gets.
RUNS ?= 100000
# What `make bench` hands to bench.py, e.g. BENCH="--only fsync --pairs 100".
BENCH ?=
# What `make bench-fleet` takes instead of 5000 reporters and time at twice its pace.
FLEET ?=
# What `make preflight` hands to nodefit, e.g. ARGS="--profile control-plane".
ARGS ?=

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough -Wcast-align
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
ARCH := $(shell uname -m)
ifeq ($(ARCH),x86_64)
HARDEN += -fcf-protection=full
else ifeq ($(ARCH),aarch64)
HARDEN += -mbranch-protection=standard
endif

ifeq ($(VARIANT),asan)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT := -O1 -g
else
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
ifeq ($(VARIANT),fuzz)
CC := clang
SANITIZE := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
OPT := -O1 -g
HARDEN := $(filter-out -D_FORTIFY_SOURCE=3 -U_FORTIFY_SOURCE,$(HARDEN))
endif
ifeq ($(VARIANT),clang)
CC := clang
endif

# V=1 shows the commands.
V ?=
Q := $(if $(V),,@)

# Evaluated when a recipe needs it: `make deps` and `make help` work without pkg-config.
PACKAGES := inih jansson libnl-3.0 libnl-genl-3.0 libsystemd
# What speaks HTTP is a program of its own, without privileges; nodefit links none of these.
NET_PACKAGES := inih jansson libcurl libmicrohttpd libsystemd yaml-0.1 zlib
LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm
NET_LIBS = $(shell $(PKG_CONFIG) --libs $(NET_PACKAGES)) -lm
LIB_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(sort $(PACKAGES) $(NET_PACKAGES)))

CPPFLAGS_ALL = -iquote include -D_GNU_SOURCE -DNODEFIT_VERSION='"$(VERSION)"' $(LIB_CFLAGS) $(CPPFLAGS)
# Without errno sqrt() is one instruction, and the agent needs no libm: 0.3 MB of memory.
CFLAGS_ALL = -std=gnu11 -fno-math-errno $(OPT) $(WARNINGS) $(WERROR) $(HARDEN) $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL = $(HARDEN_LD) $(SANITIZE) $(LDFLAGS)

SOURCES := $(sort $(filter-out agent/net/%,$(wildcard agent/*.c agent/*/*.c checks/*.c)))
NET_SOURCES := $(sort $(wildcard agent/net/*.c))
OBJECTS := $(SOURCES:%.c=$(B)/%.o)
NET_OBJECTS := $(NET_SOURCES:%.c=$(B)/%.o)
# What nodefit-net has of the rest.
NET_SHARED := $(filter $(B)/agent/base/% $(B)/agent/profile/ini.o $(B)/agent/profile/lookup.o $(B)/agent/profile/config.o $(B)/agent/profile/params.o $(B)/agent/profile/paramlists.o,$(OBJECTS))
# Tests and fuzzers link everything but the two main().
PARTS := $(filter-out $(B)/agent/nodefit.o $(B)/agent/net/main.o,$(OBJECTS) $(NET_OBJECTS))
TEST_LIBS = $(LIBS) $(NET_LIBS)
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(B)/tests/unit/%)
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(B)/tests/fuzz/%)
UNITS := $(notdir $(wildcard packaging/systemd/*.service))
SHELL_SCRIPTS := packaging/deps $(wildcard packaging/*.sh packaging/debian/*.p*) packaging/container/build \
	packaging/container/collect packaging/kubeadm/join cloud-init/per-boot .ci/run $(wildcard tests/*.sh tests/*/*.sh)
C_FILES := $(SOURCES) $(NET_SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES) $(wildcard include/*.h tests/unit/*.h tests/fuzz/*.h tests/bench/*.c)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all deps preflight test test-unit test-kernel test-asan test-vm cluster-programs test-cluster image test-image test-cloud \
	lint bench bench-fleet fuzz-smoke fresh test-ways deb rpm test-systemd install uninstall clean help

all: $(B)/nodefit $(B)/nodefit-net ## build nodefit and nodefit-net (in build/release)

help: ## tell every target
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

deps: ## install what building needs (apt or dnf, as root)
	@packaging/deps build

preflight: ## install what is missing, build, and judge this machine; changes nothing
	@packaging/deps build
	@$(MAKE) --no-print-directory all
	@code=0; $(B)/nodefit preflight $(ARGS) || code=$$?; \
	echo "nodefit preflight: exit code $$code"; \
	case $$code in 0|1|3) ;; *) exit $$code ;; esac

test: ## install what tests need, and run all that is safe on any machine
	@packaging/deps build test
	@$(MAKE) --no-print-directory all test-unit-programs
	@tests/run.sh $(B)

test-unit: all $(UNIT_TESTS) ## the unit tests alone
	@tests/run.sh $(B) unit

test-kernel: all $(B)/tests/unit/test_linkfile ## the tests in private namespaces alone (as root)
	@tests/run.sh $(B) kernel

.PHONY: test-unit-programs
test-unit-programs: $(UNIT_TESTS)

test-asan: ## unit and kernel tests under the address and undefined-behaviour sanitizers
	@packaging/deps build test
	@$(MAKE) --no-print-directory VARIANT=asan all test-unit-programs
	@tests/run.sh build/asan

test-vm: ## in a virtual machine: global sysctls, a NIC with queues, NVMe, hidden steal (as root, about 2 min)
	@packaging/deps build vm
	@$(MAKE) --no-print-directory all
	@tests/vm/run.sh $(B)
	@tests/vm/jitter.sh $(B)

cluster-programs: ## kube-apiserver and kubectl from Debian's sources, and Helm, in build/cluster (10 minutes once)
	@packaging/deps build cluster
	@tests/cluster/build.sh build/cluster
	@[ "$(ARCH)" != x86_64 ] || tests/cluster/tools.sh build/cluster

test-cluster: cluster-programs ## against a real kube-apiserver, which the first run builds (as root)
	@packaging/deps build test cluster
	@$(MAKE) --no-print-directory all
	@tests/run.sh $(B) cluster

image: ## the container image, build/nodefit-image.tar, from Debian's packages (as root)
	@packaging/deps image
	@packaging/container/build build/nodefit-image.tar

test-image: ## build the image and run both containers, by podman and runc (as root)
	@packaging/deps build test image vm
	@$(MAKE) --no-print-directory all image
	@IMAGE=$(CURDIR)/build/nodefit-image.tar tests/run.sh $(B) container

test-cloud: ## a first boot by cloud-init in a container with systemd (as root)
	@packaging/deps build test deb cloud vm
	@$(MAKE) --no-print-directory all deb
	@DEB="$(CURDIR)/build/deb/nodefit_*.deb $(CURDIR)/build/deb/nodefit-net_*.deb" tests/run.sh $(B) cloud

lint: ## analysers and formatters; prints nothing when all is well
	@packaging/deps lint
	@tests/lint.sh '-iquote include -D_GNU_SOURCE -DNODEFIT_VERSION=\"x\" $(LIB_CFLAGS)' $(C_FILES) -- $(SHELL_SCRIPTS)

bench: ## side by side with sysctl, systemd-sysctl, TuneD, nft and fio, as ratios (as root)
	@packaging/deps build bench
	@$(MAKE) --no-print-directory all $(B)/tests/bench/bare $(B)/tests/bench/bare-net
	@/usr/bin/python3 tests/bench/bench.py $(BENCH) $(B)/nodefit

bench-fleet: cluster-programs ## 5,000 reporters against a real kube-apiserver (as root)
	@packaging/deps build test cluster
	@$(MAKE) --no-print-directory all $(B)/tests/bench/fleet
	@NODEFIT=$(CURDIR)/$(B)/nodefit PROGRAMS=$(CURDIR)/build/cluster sh tests/bench/fleet.sh $(B)/tests/bench/fleet $(FLEET)

fuzz-smoke: ## RUNS (100000) runs of each fuzzer
	@packaging/deps build fuzz
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@tests/fuzz/run.sh build/fuzz $(RUNS)

fresh: ## prove README's two commands in a fresh Debian 12 root file system (as root)
	@packaging/deps fresh
	@tests/fresh/commands.sh

test-ways: cluster-programs ## README's four ways, followed line by line in a fresh Debian 12 (as root)
	@packaging/deps build test fresh ways cluster systemd
	@$(MAKE) --no-print-directory all
	@tests/run.sh $(B) fresh

# Neither the time nor the folder matters: two builds are the same, byte for byte.
deb: ## Debian packages, in build/deb (as root or not)
	@packaging/deps build deb
	@packaging/build-deb.sh build/deb $(VERSION)

rpm: ## RPM packages, in build/rpm
	@packaging/deps build rpm
	@packaging/build-rpm.sh build/rpm $(VERSION)

test-systemd: ## the packages in a Debian that boots: units, watchdog, upgrade, purge (as root, 3 minutes)
	@packaging/deps build deb rpm systemd
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -j2 deb rpm
	@tests/systemd/image.sh build/systemd
	@tests/run.sh $(B) systemd

install: all ## install below DESTDIR
	install -D -m 0755 $(B)/nodefit $(BINDIR)/nodefit
	install -D -m 0755 $(B)/nodefit-net $(BINDIR)/nodefit-net
	install -d -m 0755 $(PROFILEDIR)
	install -m 0644 profiles/*.ini $(PROFILEDIR)
	install -d -m 0755 $(UNITDIR)
	install -m 0644 packaging/systemd/*.service $(UNITDIR)
	install -m 0755 packaging/kubeadm/join $(DESTDIR)$(PREFIX)/lib/nodefit/join
	install -D -m 0644 packaging/systemd/kubelet.service.d/10-nodefit.conf $(UNITDIR)/kubelet.service.d/10-nodefit.conf
	install -D -m 0644 packaging/systemd/system-preset/80-nodefit.preset $(PRESETDIR)/80-nodefit.preset
	install -D -m 0644 packaging/tmpfiles/nodefit.conf $(TMPFILESDIR)/nodefit.conf
	install -D -m 0644 packaging/completions/nodefit.bash $(BASHDIR)/nodefit
	install -D -m 0644 packaging/completions/nodefit-net.bash $(BASHDIR)/nodefit-net
	install -D -m 0644 packaging/completions/_nodefit $(ZSHDIR)/_nodefit
	install -D -m 0644 packaging/completions/nodefit.fish $(FISHDIR)/nodefit.fish
	install -D -m 0644 packaging/completions/nodefit-net.fish $(FISHDIR)/nodefit-net.fish
	[ -e $(CONFDIR)/agent.conf ] || install -D -m 0644 packaging/agent.conf $(CONFDIR)/agent.conf
	install -D -m 0644 packaging/man/nodefit.1 $(MANDIR)/man1/nodefit.1
	install -D -m 0644 packaging/man/nodefit.profile.5 $(MANDIR)/man5/nodefit.profile.5
	install -D -m 0644 packaging/man/agent.conf.5 $(MANDIR)/man5/agent.conf.5
	install -D -m 0644 packaging/man/nodefit-net.8 $(MANDIR)/man8/nodefit-net.8

# Where systemd looks units that were enabled go first: kubelet would not start for want of the gate.
uninstall: ## take away what install put there; a changed agent.conf stays
	@case "$(DESTDIR)" in "") \
		! command -v systemctl >/dev/null || \
		for verb in disable stop; do systemctl $$verb $(UNITS) >/dev/null 2>&1 || :; done ;; \
	esac
	rm -f $(BINDIR)/nodefit $(BINDIR)/nodefit-net $(MANDIR)/man1/nodefit.1 $(MANDIR)/man5/nodefit.profile.5 $(MANDIR)/man5/agent.conf.5 $(MANDIR)/man8/nodefit-net.8
	rm -f $(addprefix $(UNITDIR)/,$(UNITS))
	rm -f $(DESTDIR)$(PREFIX)/lib/nodefit/join
	rm -f $(addprefix $(PROFILEDIR)/,$(notdir $(wildcard profiles/*.ini)))
	rm -f $(UNITDIR)/kubelet.service.d/10-nodefit.conf $(PRESETDIR)/80-nodefit.preset $(TMPFILESDIR)/nodefit.conf
	rm -f $(BASHDIR)/nodefit $(BASHDIR)/nodefit-net $(ZSHDIR)/_nodefit $(FISHDIR)/nodefit.fish $(FISHDIR)/nodefit-net.fish
	! cmp -s packaging/agent.conf $(CONFDIR)/agent.conf || rm -f $(CONFDIR)/agent.conf
	-rmdir --ignore-fail-on-non-empty $(PROFILEDIR) $(dir $(PROFILEDIR)) $(UNITDIR)/kubelet.service.d $(CONFDIR)

clean: ## remove build/
	rm -rf build

$(B)/nodefit: $(OBJECTS)
	@echo "  LINK $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(OBJECTS) $(LIBS)

$(B)/nodefit-net: $(NET_OBJECTS) $(NET_SHARED)
	@echo "  LINK $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(NET_LIBS)

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/agent/profile/builtin.o: $(wildcard profiles/*.ini)

$(B)/tests/unit/%: tests/unit/%.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) -DTEST_ROOT='"$(CURDIR)"' $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP \
		-o $@ $< $(PARTS) $(TEST_LIBS) $(shell $(PKG_CONFIG) --libs cmocka)

$(B)/tests/bench/bare: tests/bench/bare.c
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIBS)

$(B)/tests/bench/bare-net: tests/bench/bare.c
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) -DNET $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(NET_LIBS)

$(B)/tests/bench/fleet: tests/bench/fleet.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -MMD -MP -o $@ $< $(PARTS) $(TEST_LIBS)

.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(B)/tests/fuzz/%: tests/fuzz/%.c $(PARTS)
	@mkdir -p $(@D)
	@echo "  LINK $@"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -fsanitize=fuzzer -MMD -MP \
		-o $@ $< $(PARTS) $(TEST_LIBS)

-include $(OBJECTS:.o=.d) $(NET_OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(FUZZERS:=.d)
