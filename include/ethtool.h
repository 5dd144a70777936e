/* SPDX-License-Identifier: Apache-2.0 */
/* What a NIC's driver lets itself be asked and told: channels, rings, coalescing and features, by
 * the generic netlink family "ethtool" (linux/ethtool_netlink.h), and by the SIOCETHTOOL ioctl
 * where the family or the command is missing. */
#pragma once

#include <net/if.h>

#include "netlink.h"

#define ETHTOOL_FIELDS_MAX 32

/* One number of a group. */
struct ethtool_field {
	const char *name;       /* as ethtool(8) spells it: "combined", "rx", "rx-usecs" */
	uint16_t attribute;     /* of netlink */
	uint16_t max_attribute; /* of the device's maximum, or 0 */
	uint16_t offset;        /* in the ioctl's struct */
	uint16_t max_offset;    /* of the maximum, or 0 */
	bool flag;              /* 0 or 1, shown as off or on; a u8 in netlink */
};

/* A group is read and written as one. */
struct ethtool_group {
	const char *name; /* "channels", "ring", "coalesce" */
	uint8_t get, set; /* of netlink */
	uint32_t ioctl_get, ioctl_set;
	size_t ioctl_size;
	const struct ethtool_field *fields; /* ends with a NULL name */
};

extern const struct ethtool_group ethtool_channels, ethtool_rings, ethtool_coalesce;

/* A group's numbers, index by index as its fields. */
struct ethtool_values {
	struct {
		bool present; /* the device has it; for a write: set it */
		uint32_t value;
		uint32_t max; /* 0: not told */
	} v[ETHTOOL_FIELDS_MAX];
};

struct ethtool_feature {
	char name[32];   /* the kernel's: "tx-tcp-segmentation" */
	bool changeable; /* else fixed by the driver */
	bool wanted;     /* asked for */
	bool active;     /* in force */
};

struct ethtool_features {
	struct ethtool_feature *v;
	size_t n;
};

/* A connection to the family; without the family all goes by ioctl. */
struct ethtool {
	struct nl_sock *sock; /* NULL: no such family */
	int family;
};

/* 0 or -errno. */
int ethtool_open(struct ethtool *out);
void ethtool_close(struct ethtool *e);
#define _cleanup_ethtool _cleanup_(ethtool_close)

/* Reads a group of a link. 0 or -errno: -EOPNOTSUPP the driver has no such thing, -ENODEV no such
 * link. */
int ethtool_get(const struct ethtool *e, const struct ethtool_group *g, const char *link,
		struct ethtool_values *out, struct refusal *refusal);
/* Writes the numbers that are present in `values`, as one change. 0 or -errno, with the kernel's
 * words. */
int ethtool_set(const struct ethtool *e, const struct ethtool_group *g, const char *link,
		const struct ethtool_values *values, struct refusal *refusal);

/* All features. 0 or -errno. */
int ethtool_features(const struct ethtool *e, const char *link, struct ethtool_features *out,
		     struct refusal *refusal);
void ethtool_features_clear(struct ethtool_features *f);
#define _cleanup_features _cleanup_(ethtool_features_clear)
/* Asks for a feature to be on or off. 0 or -errno; the kernel may still not do it: read again. */
int ethtool_feature_set(const struct ethtool *e, const char *link, const char *feature, bool on,
			struct refusal *refusal);

/* --- between the files of agent/netlink/ --- */

/* Replies, -EBADMSG when they can't be one. */
int ethtool_parse(struct nlmsghdr *message, const struct ethtool_group *g,
		  struct ethtool_values *out);
int ethtool_parse_features(struct nlmsghdr *message, struct ethtool_features *out);

/* The same by ioctl. */
int ethtool_ioctl_get(const struct ethtool_group *g, const char *link, struct ethtool_values *out);
int ethtool_ioctl_set(const struct ethtool_group *g, const char *link,
		      const struct ethtool_values *values);
int ethtool_ioctl_features(const char *link, struct ethtool_features *out);
int ethtool_ioctl_feature_set(const char *link, const char *feature, bool on);
