/* SPDX-License-Identifier: Apache-2.0 */
/* What a raw socket brings is taken for the answer only when it is the very one. */
#include "pmtu.h"

#include "helpers.h"

#define PAYLOAD 56

static const struct pmtu_ask ask4 = {.family = AF_INET,
				     .id = 0xabcd,
				     .first = 0xfffe,
				     .last = 1, /* the numbers have wrapped */
				     .tag = "0123456789abcdef",
				     .payload = PAYLOAD};

/* An echo reply as it comes: IPv4 with its header of 20 or more bytes, IPv6 without. */
static size_t reply(uint8_t *out, const struct pmtu_ask *ask, uint16_t seq, unsigned words)
{
	size_t header = ask->family == AF_INET ? (size_t)words * 4 : 0;

	memset(out, 0, header + 8 + ask->payload);
	if (header)
		out[0] = (uint8_t)(0x40 | words);
	out[header] = ask->family == AF_INET ? 0 : 129;
	out[header + 4] = (uint8_t)(ask->id >> 8);
	out[header + 5] = (uint8_t)ask->id;
	out[header + 6] = (uint8_t)(seq >> 8);
	out[header + 7] = (uint8_t)seq;
	memcpy(out + header + 8, ask->tag, PMTU_TAG);
	return header + 8 + ask->payload;
}

static void the_answer_is_known(void **state)
{
	struct pmtu_ask ask6 = ask4;
	uint8_t packet[256];

	(void)state;
	ask6.family = AF_INET6;
	assert_true(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 0xfffe, 5)));
	assert_true(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 0, 5)));
	assert_true(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 1, 5)));
	assert_true(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 1, 15)));
	assert_true(pmtu_is_answer(&ask6, packet, reply(packet, &ask6, 0xffff, 0)));
}

static void an_earlier_sizes_answer_is_not_this_ones(void **state)
{
	uint8_t packet[256];

	(void)state;
	assert_false(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 0xfffd, 5)));
	assert_false(pmtu_is_answer(&ask4, packet, reply(packet, &ask4, 2, 5)));
}

/* One bit wrong anywhere that is looked at: type, code, identifier, tag; the rest is the peer's. */
static void each_wrong_bit_is_seen(void **state)
{
	uint8_t packet[256];
	size_t len = reply(packet, &ask4, 1, 5);
	size_t begin = 20, end = begin + 8 + PMTU_TAG;

	(void)state;
	for (size_t bit = begin * 8; bit < end * 8; bit++) {
		size_t byte = bit / 8;

		if (byte == 22 || byte == 23 || byte == 26 || byte == 27)
			continue; /* the checksum is the kernel's part; the number has its test */
		packet[byte] ^= (uint8_t)(1u << bit % 8);
		assert_false(pmtu_is_answer(&ask4, packet, len));
		packet[byte] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(pmtu_is_answer(&ask4, packet, len));
}

static void nothing_is_read_beyond_a_packets_end(void **state)
{
	uint8_t packet[256];
	size_t len = reply(packet, &ask4, 1, 5);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut + 1);

		assert_non_null(exact);
		memcpy(exact, packet, cut); /* the sanitizer watches its end */
		exact = realloc(exact, cut ? cut : 1);
		assert_false(pmtu_is_answer(&ask4, exact, cut));
		free(exact);
	}
	assert_false(pmtu_is_answer(&ask4, packet, len + 1));
}

static void a_header_length_that_lies_is_refused(void **state)
{
	uint8_t packet[256];
	size_t len = reply(packet, &ask4, 1, 5);

	(void)state;
	for (unsigned words = 0; words < 16; words++) {
		packet[0] = (uint8_t)(0x40 | words);
		assert_int_equal(pmtu_is_answer(&ask4, packet, len), words == 5);
	}
}

static void sizes_out_of_range_are_refused(void **state)
{
	struct ip peer;
	struct pmtu_result out;
	struct sys sys;

	(void)state;
	assert_int_equal(sys_init(&sys, NULL), 0);
	assert_true(ip_parse("127.0.0.1", &peer));
	assert_int_equal(pmtu_echo(&sys, &peer, 0, 27, 0.1), -EINVAL);
	assert_int_equal(pmtu_echo(&sys, &peer, 0, PMTU_MOST + 1, 0.1), -EINVAL);
	assert_int_equal(pmtu_probe(&sys, &peer, 0, PMTU_MOST + 1, 0.1, UINT64_MAX, &out), -EINVAL);
	assert_int_equal(pmtu_probe(&sys, &peer, 0, 0, 0.1, UINT64_MAX, &out), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_known),
		cmocka_unit_test(an_earlier_sizes_answer_is_not_this_ones),
		cmocka_unit_test(each_wrong_bit_is_seen),
		cmocka_unit_test(nothing_is_read_beyond_a_packets_end),
		cmocka_unit_test(a_header_length_that_lies_is_refused),
		cmocka_unit_test(sizes_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
