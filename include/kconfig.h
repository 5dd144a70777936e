/* SPDX-License-Identifier: Apache-2.0 */
/* How the running kernel was configured, as far as Cilium's data plane needs to know. */
#pragma once

#include "scrape.h"

enum kconfig_value { KCONFIG_NO, KCONFIG_MODULE, KCONFIG_YES };

enum kconfig_need {
	NEED_ALWAYS,     /* without it nothing works */
	NEED_FOR_PARTS,  /* Cilium's documentation asks for it, and it runs without */
	NEED_FOR_TUNNEL, /* one of these */
};

/* docs.cilium.io, "System Requirements": base requirements, tunneling and routing. */
struct kconfig_option {
	const char *name; /* without CONFIG_ */
	enum kconfig_need need;
};
#define KCONFIG_OPTIONS 15
extern const struct kconfig_option kconfig_options[KCONFIG_OPTIONS];

struct kconfig {
	bool known;
	char source[64]; /* the file */
	enum kconfig_value v[KCONFIG_OPTIONS];
	bool marked; /* there was a line of a kernel's configuration at all */
};

/* One line without its newline: "CONFIG_BPF=y", "# CONFIG_GENEVE is not set". */
void kconfig_take_line(struct kconfig *k, const char *line);
/* Prints the options that are set, as lines "CONFIG_BPF=y". */
void kconfig_print(const struct kconfig *k, FILE *out);

/* Reads /proc/config.gz (unpacked by nodefit-net), else /boot/config-RELEASE or
 * /lib/modules/RELEASE/config. Where none can be read, known is false. */
void kconfig_read(const struct sys *sys, struct kconfig *out);
