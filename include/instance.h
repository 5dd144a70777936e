/* SPDX-License-Identifier: Apache-2.0 */
/* Where the machine is, as cloud-init tells in its instance data: JSON that it has from the
 * network, so that `nodefit-net instance` parses it, and nodefit takes back a few plain words. */
#pragma once

#include "sys.h"

#include <stdio.h>

#define INSTANCE_FILE       "/run/cloud-init/instance-data.json"
#define INSTANCE_FILE_MAX   (4 << 20) /* user data, which may be in it, is 16 KiB to 1 MiB */
#define INSTANCE_WORD_MAX   64
#define INSTANCE_LINES_MOST 512 /* bytes of an answer */

struct instance {
	/* Letters, digits and "._-/:" only; "" is not told. */
	char cloud[INSTANCE_WORD_MAX], region[INSTANCE_WORD_MAX], zone[INSTANCE_WORD_MAX];
};

/* Reads INSTANCE_FILE by nodefit-net. 0; -ENOENT where there is no such file, -ENOEXEC where
 * nodefit-net is not installed; -EBADMSG when its answer is none; or -errno. */
int instance_read(const struct sys *sys, struct instance *out);
/* Its answer: lines "KEY=VALUE". Other keys are passed over. 0 or -EBADMSG. */
int instance_parse(const char *text, struct instance *out);
/* May it be a region's, zone's or cloud's name? */
bool instance_word(const char *text);

/* --- nodefit-net's side --- */

/* Prints v1.cloud_name, v1.region and v1.availability_zone of the JSON where they are such words.
 * 0 or -EBADMSG when it is no JSON. */
int instance_lines(const char *text, size_t len, FILE *out);
/* From standard input to standard output, without privileges. An exit code. */
int instance_run(void);
