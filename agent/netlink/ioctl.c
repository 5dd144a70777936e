/* SPDX-License-Identifier: Apache-2.0 */
/* ethtool's older way: the SIOCETHTOOL ioctl (linux/ethtool.h). Kernels and drivers that lack the
 * netlink family or one of its commands still have it. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "ethtool.h"

#define FEATURES_MOST 512

static int call(const char *link, void *request)
{
	_cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_data = request};
	size_t len = strlen(link);

	if (fd < 0)
		return negative_errno();
	if (len >= sizeof(ifr.ifr_name))
		return -ENODEV;
	memcpy(ifr.ifr_name, link, len + 1);
	return ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? negative_errno() : 0;
}

/* Every group's struct begins with its command, and all its members are __u32. */
union group_buffer {
	uint32_t command;
	struct ethtool_channels channels;
	struct ethtool_ringparam rings;
	struct ethtool_coalesce coalesce;
};

static uint32_t *member(union group_buffer *buffer, size_t offset)
{
	return (uint32_t *)(void *)((char *)buffer + offset);
}

int ethtool_ioctl_get(const struct ethtool_group *g, const char *link, struct ethtool_values *out)
{
	union group_buffer buffer = {.command = g->ioctl_get};
	struct ethtool_values values = {0};
	int r = call(link, &buffer);

	if (r < 0)
		return r;
	for (size_t i = 0; g->fields[i].name; i++) {
		const struct ethtool_field *f = &g->fields[i];

		values.v[i].value = *member(&buffer, f->offset);
		values.v[i].max = f->flag ? 1 : 0;
		if (f->max_offset)
			values.v[i].max = *member(&buffer, f->max_offset);
		/* Here a driver can't say which of the numbers without a maximum it has. */
		values.v[i].present = !f->max_offset || values.v[i].max;
	}
	*out = values;
	return 0;
}

/* The whole struct is written: what is not asked for keeps what it has. */
int ethtool_ioctl_set(const struct ethtool_group *g, const char *link,
		      const struct ethtool_values *values)
{
	union group_buffer buffer = {.command = g->ioctl_get};
	int r = call(link, &buffer);

	if (r < 0)
		return r;
	buffer.command = g->ioctl_set;
	for (size_t i = 0; g->fields[i].name; i++)
		if (values->v[i].present)
			*member(&buffer, g->fields[i].offset) = values->v[i].value;
	return call(link, &buffer);
}

/* How many features the kernel knows. */
static int count_features(const char *link, uint32_t *count)
{
	union {
		struct ethtool_sset_info info;
		uint32_t words[sizeof(struct ethtool_sset_info) / sizeof(uint32_t) + 1];
	} q = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	uint32_t *found = &q.words[ARRAY_LEN(q.words) - 1]; /* info.data[0] */
	int r = call(link, &q);

	if (r < 0)
		return r;
	if (!q.info.sset_mask || *found == 0 || *found > FEATURES_MOST)
		return -EOPNOTSUPP;
	*count = *found;
	return 0;
}

static int read_names(const char *link, struct ethtool_gstrings **out)
{
	_cleanup_free struct ethtool_gstrings *names = NULL;
	uint32_t count;
	int r = count_features(link, &count);

	if (r < 0)
		return r;
	names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	r = call(link, names);
	if (r < 0)
		return r;
	if (names->len != count)
		return -EBADMSG;
	*out = TAKE(names);
	return 0;
}

int ethtool_ioctl_features(const char *link, struct ethtool_features *out)
{
	_cleanup_free struct ethtool_gstrings *names = NULL;
	_cleanup_free struct ethtool_gfeatures *blocks = NULL;
	_cleanup_features struct ethtool_features found = {0};
	uint32_t n_blocks;
	int r = read_names(link, &names);

	if (r < 0)
		return r;
	n_blocks = (names->len + 31) / 32;
	blocks = calloc(1, sizeof(*blocks) + n_blocks * sizeof(blocks->features[0]));
	if (!blocks)
		return -ENOMEM;
	blocks->cmd = ETHTOOL_GFEATURES;
	blocks->size = n_blocks;
	r = call(link, blocks);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < names->len; i++) {
		const struct ethtool_get_features_block *b = &blocks->features[i / 32];
		const char *name = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;
		struct ethtool_feature *slot;
		uint32_t bit = 1u << i % 32;

		if (!*name)
			continue;
		slot = array_add(&found.v, &found.n, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		snprintf(slot->name, sizeof(slot->name), "%.*s", (int)sizeof(slot->name) - 1, name);
		slot->changeable = b->available & bit && !(b->never_changed & bit);
		slot->wanted = b->requested & bit;
		slot->active = b->active & bit;
	}
	out->v = TAKE(found.v);
	out->n = found.n;
	return 0;
}

int ethtool_ioctl_feature_set(const char *link, const char *feature, bool on)
{
	_cleanup_free struct ethtool_gstrings *names = NULL;
	_cleanup_free struct ethtool_sfeatures *blocks = NULL;
	uint32_t n_blocks;
	int r = read_names(link, &names);

	if (r < 0)
		return r;
	n_blocks = (names->len + 31) / 32;
	blocks = calloc(1, sizeof(*blocks) + n_blocks * sizeof(blocks->features[0]));
	if (!blocks)
		return -ENOMEM;
	blocks->cmd = ETHTOOL_SFEATURES;
	blocks->size = n_blocks;
	for (uint32_t i = 0; i < names->len; i++) {
		const char *name = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;

		if (strncmp(name, feature, ETH_GSTRING_LEN) != 0)
			continue;
		blocks->features[i / 32].valid = 1u << i % 32;
		blocks->features[i / 32].requested = on ? 1u << i % 32 : 0;
		return call(link, blocks);
	}
	return -EOPNOTSUPP;
}
