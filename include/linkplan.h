/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the .link writer: a request, and what is found out and planned for it. */
#pragma once

#include "linkfile.h"
#include "unitfile.h"

struct link_request {
	const struct sys *sys;
	const char *ifname;
	unsigned ifindex;
	const char *mac; /* permanent, or NULL */
	const struct link_setting *settings;
	size_t n;
	const char *profile;
	char **why; /* what linkplan_refuse() fills */
};

struct link_plan {
	char *file;           /* udev's word for what governs the device now */
	bool ours;            /* and that is, or was, a .link file of nodefit's */
	char *base;           /* the base name of the governing file that is not ours */
	char *base_path;      /* the same with its folder */
	char *id_path;        /* udev's ID_PATH, or NULL */
	char *driver;         /* udev's ID_NET_DRIVER, or NULL */
	struct unitfile unit; /* the governing file with its drop-ins but ours */
	char *path, *text;    /* what shall be written where */
	size_t len;
};

#define LINKPLAN_UDEV "/run/udev/data"

/* A file of our own names the one it was copied from: at the next run it is the governing one. */
#define LINKPLAN_IN_PLACE_OF "# In place of: "

/* Sets *why and returns `code`, or -ENOMEM. */
int linkplan_refuse(const struct link_request *rq, int code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Fills file, ours, base, id_path, driver and unit. 0 or -errno with *why. */
int linkplan_governing(const struct link_request *rq, struct link_plan *p);

/* Is there a .link file, sorting before the one named `first`, that was put there after udev last
 * looked and may fit the device? It would win at the next boot. 0, or -ESTALE with *why. */
int linkplan_check_new(const struct link_request *rq, const char *first, const struct link_plan *p);

/* Another device of udev's database with that property: "n<ifindex>", or NULL. 0 or -ENOMEM. */
int linkplan_twin(const struct link_request *rq, const char *key, const char *value, char **twin);
