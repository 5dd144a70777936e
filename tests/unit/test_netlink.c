/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's messages say is read whole, and never past their end. */
#include "messages.h"

static void a_link_is_read_whole(void **state)
{
	struct nl_msg *m = link_message();
	struct link l;

	(void)state;
	assert_int_equal(link_parse(nlmsg_hdr(m), &l), 0);
	assert_int_equal(l.index, 2);
	assert_string_equal(l.name, "eth0");
	assert_int_equal(l.mtu, 1450);
	assert_int_equal(l.max_mtu, 1450);
	assert_int_equal(l.min_mtu, 68);
	assert_int_equal(l.master, 9);
	assert_int_equal(l.permanent_len, 6);
	assert_true(l.carrier);
	assert_true(l.xdp);
	assert_false(l.is_virtual);
	nlmsg_free(m);
}

static void a_tunnel_tells_its_underlay(void **state)
{
	struct nl_msg *m = vxlan_message();
	struct link l;

	(void)state;
	assert_int_equal(link_parse(nlmsg_hdr(m), &l), 0);
	assert_string_equal(l.kind, "vxlan");
	assert_int_equal(l.underlay, 2);
	assert_int_equal(l.remote_family, AF_INET6);
	assert_true(l.collects_meta);
	assert_true(l.is_virtual);
	nlmsg_free(m);
}

static void a_link_needs_a_sound_name(void **state)
{
	static const char *const names[] = {"", "a/b", "..\n", "a\x7f", "sixteen-letters-"};
	struct ifinfomsg info = {.ifi_index = 2};
	struct link l;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct nl_msg *m = message(RTM_NEWLINK, &info, sizeof(info));

		nla_put_string(m, IFLA_IFNAME, names[i]);
		nla_put_u32(m, IFLA_MTU, 1500);
		assert_int_equal(link_parse(nlmsg_hdr(m), &l), -EBADMSG);
		nlmsg_free(m);
	}
}

static void channels_have_a_count_and_a_maximum(void **state)
{
	struct nl_msg *m = channels_message();
	struct ethtool_values v;

	(void)state;
	assert_int_equal(ethtool_parse(nlmsg_hdr(m), &ethtool_channels, &v), 0);
	assert_false(v.v[0].present);
	assert_true(v.v[2].present);
	assert_int_equal(v.v[2].value, 2);
	assert_int_equal(v.v[2].max, 4);
	nlmsg_free(m);
}

static void features_are_fixed_changeable_and_active(void **state)
{
	struct nl_msg *m = features_message();
	struct ethtool_features f = {0};

	(void)state;
	assert_int_equal(ethtool_parse_features(nlmsg_hdr(m), &f), 0);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.v[0].name, "rx-gro");
	assert_true(f.v[0].changeable && f.v[0].active);
	assert_false(f.v[1].changeable || f.v[1].active);
	assert_true(f.v[2].changeable && !f.v[2].active);
	ethtool_features_clear(&f);
	nlmsg_free(m);
}

static void each_of_several_next_hops_is_told(void **state)
{
	struct nl_msg *m = route_message();
	char text[INET6_ADDRSTRLEN];
	struct route r;

	(void)state;
	assert_int_equal(route_parse(nlmsg_hdr(m), 0, &r), 0);
	assert_int_equal(r.prefix, 0);
	assert_int_equal(r.link, 2);
	assert_int_equal(r.metric, 100);
	assert_int_equal(r.mtu, 1400);
	assert_true(r.has_gateway);
	assert_string_equal(ip_text(&r.gateway, text), "192.0.2.254");
	assert_int_equal(route_parse(nlmsg_hdr(m), 1, &r), 0);
	assert_int_equal(r.link, 3);
	assert_string_equal(ip_text(&r.gateway, text), "192.0.2.253");
	assert_int_equal(route_parse(nlmsg_hdr(m), 2, &r), -ENOENT);
	nlmsg_free(m);
}

static void parse_all(struct nlmsghdr *h)
{
	struct ethtool_features f = {0};
	struct ethtool_values v;
	struct address a;
	struct route r;
	struct link l;

	link_parse(h, &l);
	for (unsigned hop = 0; route_parse(h, hop, &r) == 0; hop++)
		assert_true(hop < 2);
	address_parse(h, &a);
	ethtool_parse(h, &ethtool_channels, &v);
	ethtool_parse(h, &ethtool_coalesce, &v);
	ethtool_parse_features(h, &f);
	ethtool_features_clear(&f);
}

static void truncated_messages_are_not_read_past_their_end(void **state)
{
	(void)state;
	in_every_length(link_message(), parse_all);
	in_every_length(vxlan_message(), parse_all);
	in_every_length(channels_message(), parse_all);
	in_every_length(features_message(), parse_all);
	in_every_length(route_message(), parse_all);
}

/* --- answers of several messages --- */

static int count(struct nlmsghdr *message, void *context)
{
	(void)message;
	++*(int *)context;
	return 0;
}

/* Appends a message to a buffer. */
static size_t append(char *buffer, size_t at, struct nl_msg *m)
{
	const struct nlmsghdr *h = nlmsg_hdr(m);

	memcpy(buffer + at, h, h->nlmsg_len);
	at += NLMSG_ALIGN(h->nlmsg_len);
	nlmsg_free(m);
	return at;
}

static struct nl_msg *error_message(int error, const char *words, uint32_t refused)
{
	struct nlmsgerr e = {.error = error, .msg = {.nlmsg_len = refused}};
	struct nl_msg *m = message(NLMSG_ERROR, &e, sizeof(e));

	nlmsg_hdr(m)->nlmsg_flags = NLM_F_CAPPED;
	if (words) {
		nlmsg_hdr(m)->nlmsg_flags |= NLM_F_ACK_TLVS;
		nla_put_string(m, NLMSGERR_ATTR_MSG, words);
	}
	return m;
}

static void an_answer_ends_with_its_acknowledgement(void **state)
{
	_Alignas(8) char buffer[4096] = {0};
	struct refusal words = {""};
	bool interrupted = false;
	int n = 0;
	size_t len = append(buffer, 0, link_message());

	(void)state;
	assert_int_equal(netlink_walk(buffer, len, SEQ, count, &n, &words, &interrupted), 0);
	len = append(buffer, len, error_message(0, NULL, 16));
	assert_int_equal(netlink_walk(buffer, len, SEQ, count, &n, &words, &interrupted), 1);
	assert_int_equal(n, 2);
	assert_false(interrupted);
}

static void the_kernels_words_come_with_its_error(void **state)
{
	_Alignas(8) char buffer[1024] = {0};
	struct refusal words = {""};
	bool interrupted = false;
	size_t len =
		append(buffer, 0, error_message(-EINVAL, "mtu greater than device maximum", 16));

	(void)state;
	assert_int_equal(netlink_walk(buffer, len, SEQ, NULL, NULL, &words, &interrupted), -EINVAL);
	assert_string_equal(words.text, "mtu greater than device maximum");
}

static void an_answer_to_something_else_is_passed_over(void **state)
{
	_Alignas(8) char buffer[1024] = {0};
	bool interrupted = false;
	int n = 0;
	size_t len = append(buffer, 0, link_message());

	(void)state;
	((struct nlmsghdr *)buffer)->nlmsg_seq = SEQ + 1;
	assert_int_equal(netlink_walk(buffer, len, SEQ, count, &n, NULL, &interrupted), 0);
	assert_int_equal(n, 0);
}

static void a_disturbed_dump_is_told(void **state)
{
	_Alignas(8) char buffer[1024] = {0};
	bool interrupted = false;
	int n = 0;
	size_t len = append(buffer, 0, link_message());

	(void)state;
	((struct nlmsghdr *)buffer)->nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(netlink_walk(buffer, len, SEQ, count, &n, NULL, &interrupted), 0);
	assert_true(interrupted);
}

static void hostile_ends_are_no_success(void **state)
{
	_Alignas(8) char buffer[1024] = {0};
	struct refusal words = {""};
	bool interrupted = false;
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	size_t len = append(buffer, 0, error_message(5, NULL, 16));

	(void)state;
	/* No error is positive. */
	assert_int_equal(netlink_walk(buffer, len, SEQ, NULL, NULL, &words, &interrupted),
			 -EBADMSG);
	/* Too short for its error. */
	h->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(
		netlink_walk(buffer, NLMSG_HDRLEN + 2, SEQ, NULL, NULL, &words, &interrupted),
		-EBADMSG);
	/* The length of the request that it quotes leads out of it. */
	len = append(buffer, 0, error_message(-EPERM, "no", 0xfffffff0));
	h->nlmsg_flags &= (uint16_t)~NLM_F_CAPPED;
	assert_int_equal(netlink_walk(buffer, len, SEQ, NULL, NULL, &words, &interrupted), -EPERM);
	/* Longer than what was received. */
	h->nlmsg_len = (uint32_t)len + 4;
	assert_int_equal(netlink_walk(buffer, len, SEQ, NULL, NULL, &words, &interrupted),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_read_whole),
		cmocka_unit_test(a_tunnel_tells_its_underlay),
		cmocka_unit_test(a_link_needs_a_sound_name),
		cmocka_unit_test(channels_have_a_count_and_a_maximum),
		cmocka_unit_test(features_are_fixed_changeable_and_active),
		cmocka_unit_test(each_of_several_next_hops_is_told),
		cmocka_unit_test(truncated_messages_are_not_read_past_their_end),
		cmocka_unit_test(an_answer_ends_with_its_acknowledgement),
		cmocka_unit_test(the_kernels_words_come_with_its_error),
		cmocka_unit_test(an_answer_to_something_else_is_passed_over),
		cmocka_unit_test(a_disturbed_dump_is_told),
		cmocka_unit_test(hostile_ends_are_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
