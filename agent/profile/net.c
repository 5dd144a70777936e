/* SPDX-License-Identifier: Apache-2.0 */
/* [net] and [net.NAME]: what TuneD's net plugin has, read strictly. */
#include "netwish.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "text.h"

#define NUMBER_MOST 10000000

bool net_is_section(const char *section)
{
	return strcmp(section, "net") == 0 || strncmp(section, "net.", 4) == 0;
}

/* The next word, separated by blanks or (as TuneD allows) commas; NULL at the end. */
static const char *next_word(const char *text, char *out, size_t size, size_t *len)
{
	text += strspn(text, " \t,");
	*len = strcspn(text, " \t,");
	snprintf(out, size, "%.*s", (int)(*len < size ? *len : size - 1), text);
	return *len ? text + *len : NULL;
}

static int read_value(struct net_pair *pair, const char *text, bool takes_max)
{
	wide number;

	if (takes_max && strcmp(text, "max") == 0) {
		pair->max = true;
		return 0;
	}
	if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
		pair->is_switch = true;
		pair->value = text[1] == 'n';
		return 0;
	}
	if (number_parse(text, &number) < 0 || number < 0 || number > NUMBER_MOST)
		return -EINVAL;
	pair->value = (uint32_t)number;
	return 0;
}

static const struct {
	const char *key, *names, *expected;
	bool takes_max, only_switches;
} kinds[] = {
	{"channels", NET_CHANNELS, "\"max\", or pairs such as \"combined 4\", \"rx 2 tx max\"",
	 true, false},
	{"ring", NET_RINGS, "\"max\", or pairs such as \"rx 1024 tx max\"", true, false},
	{"coalesce", NET_COALESCE,
	 "pairs such as \"adaptive-rx off rx-usecs 8\"; see nodefit.profile(5) for the names",
	 false, false},
	{"features", NULL, "pairs such as \"gro on tx-tcp-segmentation off\"", false, true},
};

static bool pair_is_sound(size_t kind, const struct net_pair *pair)
{
	bool adaptive = strncmp(pair->name, "adaptive-", 9) == 0;

	if (kinds[kind].names && !word_in(kinds[kind].names, pair->name))
		return false;
	return pair->is_switch == (kinds[kind].only_switches || adaptive);
}

int net_pairs_parse(const char *key, const char *text, struct net_pairs *out, const char **why)
{
	struct net_pairs pairs = {0};
	size_t kind = 0, len;

	while (strcmp(kinds[kind].key, key) != 0)
		kind++;
	*why = kinds[kind].expected;
	if (kinds[kind].takes_max && strcmp(text, "max") == 0) {
		pairs.all_max = true;
		*out = pairs;
		return 0;
	}
	while (true) {
		struct net_pair pair = {0};
		char value[32];

		text = next_word(text, pair.name, sizeof(pair.name), &len);
		if (!text)
			break;
		if (len >= sizeof(pair.name) || pairs.n == NET_PAIRS_MOST)
			return -EINVAL;
		text = next_word(text, value, sizeof(value), &len);
		if (!text || len >= sizeof(value) ||
		    read_value(&pair, value, kinds[kind].takes_max) < 0 ||
		    !pair_is_sound(kind, &pair))
			return -EINVAL;
		for (size_t i = 0; i < pairs.n; i++)
			if (strcmp(pairs.v[i].name, pair.name) == 0)
				return -EINVAL;
		pairs.v[pairs.n++] = pair;
	}
	if (pairs.n == 0)
		return -EINVAL;
	*out = pairs;
	return 0;
}

int net_devices_parse(const char *text, struct net_pattern out[NET_DEVICES_MOST], size_t *n,
		      const char **why)
{
	struct net_pattern found[NET_DEVICES_MOST];
	size_t count = 0, len;

	*why = "names and patterns such as eth0, ens*, !eth1, @node-ip, @virtio";
	while (true) {
		struct net_pattern *p = &found[count];
		char word[sizeof(p->text)];
		const char *name;

		text = next_word(text, word, sizeof(word), &len);
		if (!text)
			break;
		if (len >= sizeof(word) || count == NET_DEVICES_MOST)
			return -EINVAL;
		*p = (struct net_pattern){.exclude = word[0] == '!'};
		name = word + p->exclude;
		if (!*name || strchr(name, '/') || strchr(name, '!') ||
		    (*name == '@' && !word_in("@node-ip @virtio", name)))
			return -EINVAL;
		p->outright = *name != '@' && !strpbrk(name, "*?[");
		if (p->outright && strlen(name) >= IF_NAMESIZE)
			return -EINVAL;
		memcpy(p->text, name, strlen(name) + 1);
		count++;
	}
	if (count == 0)
		return -EINVAL;
	memcpy(out, found, count * sizeof(*found));
	*n = count;
	return 0;
}

static bool number_within(const char *text, wide least, wide most)
{
	wide number;

	return number_parse(text, &number) == 0 && number >= least && number <= most;
}

static void check_pairs(const struct setting *s, struct problems *problems)
{
	struct net_pairs pairs;
	const char *why;

	if (net_pairs_parse(s->key, s->value, &pairs, &why) < 0)
		problem_error(problems, s->file, s->line, "%s: expected %s, not \"%s\"", s->key,
			      why, s->value);
}

static void check_devices(const struct setting *s, struct problems *problems)
{
	struct net_pattern patterns[NET_DEVICES_MOST];
	const char *why;
	size_t n;

	if (net_devices_parse(s->value, patterns, &n, &why) < 0)
		problem_error(problems, s->file, s->line,
			      "devices: expected at most %d %s; not \"%s\"", NET_DEVICES_MOST, why,
			      s->value);
}

static void check_confirm(const struct setting *s, struct problems *problems)
{
	struct net_endpoint endpoints[NET_CONFIRM_MOST];
	size_t n;

	if (net_endpoints_parse(s->value, endpoints, &n) < 0)
		problem_error(problems, s->file, s->line,
			      "confirm: expected at most %d numeric addresses with ports, such as "
			      "10.0.0.1:6443 or [fd00::1]:6443, not \"%s\"",
			      NET_CONFIRM_MOST, s->value);
}

int net_endpoints_parse(const char *text, struct net_endpoint out[NET_CONFIRM_MOST], size_t *n)
{
	struct net_endpoint found[NET_CONFIRM_MOST];
	size_t count = 0, len;

	while (true) {
		char word[80], *host = word, *colon;
		wide port;

		text = next_word(text, word, sizeof(word), &len);
		if (!text)
			break;
		if (len >= sizeof(word) || count == NET_CONFIRM_MOST)
			return -EINVAL;
		colon = strrchr(word, ':');
		if (!colon || number_parse(colon + 1, &port) < 0 || port < 1 || port > 65535)
			return -EINVAL;
		*colon = '\0';
		if (*host == '[' && colon > host + 1 && colon[-1] == ']') {
			colon[-1] = '\0';
			host++;
		}
		found[count] = (struct net_endpoint){
			.family = strchr(host, ':') ? AF_INET6 : AF_INET, .port = (uint16_t)port};
		if (inet_pton(found[count].family, host, found[count].address) != 1)
			return -EINVAL;
		count++;
	}
	if (count == 0)
		return -EINVAL;
	memcpy(out, found, count * sizeof(*found));
	*n = count;
	return 0;
}

void setting_read_net(struct setting *s, struct problems *problems)
{
	if (word_in("channels ring coalesce features", s->key))
		check_pairs(s, problems);
	else if (strcmp(s->key, "devices") == 0)
		check_devices(s, problems);
	else if (strcmp(s->key, "confirm") == 0)
		check_confirm(s, problems);
	else if (strcmp(s->key, "mtu") == 0) {
		if (strcmp(s->value, "max") != 0 &&
		    !number_within(s->value, NET_MTU_LEAST, NET_MTU_MOST))
			problem_error(problems, s->file, s->line,
				      "mtu: expected \"max\" or %d to %d bytes, not \"%s\"",
				      NET_MTU_LEAST, NET_MTU_MOST, s->value);
	} else if (strcmp(s->key, "txqueuelen") == 0) {
		if (!number_within(s->value, 1, 1000000))
			problem_error(problems, s->file, s->line,
				      "txqueuelen: expected 1 to 1000000 packets, not \"%s\"",
				      s->value);
	} else {
		problem_error(problems, s->file, s->line,
			      "[%s] has devices=, mtu=, channels=, ring=, coalesce=, features=, "
			      "txqueuelen= and confirm=, not %s=",
			      s->section, s->key);
	}
}
