/* SPDX-License-Identifier: Apache-2.0 */
/* The net tuner's rows in systemd.link's words. */
#include "netwish.h"
#include "persist.h"

#include "helpers.h"

static struct link_settings settings;

static int add(const char *key, const char *wish, const char *wanted)
{
	struct change c = {.tuner = &net_tuner,
			   .key = (char *)key,
			   .wish = (char *)wish,
			   .wanted = (char *)wanted};

	return link_settings_add(&settings, &c);
}

static void assert_settings(const char *wanted)
{
	_cleanup_free char *text = strdup("");

	for (size_t i = 0; i < settings.n; i++) {
		char *longer;

		assert_int_equal(format(&longer, "%s%s%s=%s", text, i ? " " : "",
					settings.v[i].name, settings.v[i].value),
				 0);
		free(text);
		text = longer;
	}
	assert_string_equal(text, wanted);
	settings.n = 0;
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(add("eth0/mtu", "= max", "9000"), 0);
	assert_int_equal(add("eth0/txqueuelen", "= 2000", "2000"), 0);
	assert_settings("MTUBytes=9000 TransmitQueueLength=2000");
}

static void of_a_group_what_the_profile_named(void **state)
{
	(void)state;
	assert_int_equal(add("eth0/channels", "= rx 2", "rx 2 tx 4"), 0);
	assert_settings("RxChannels=2");
	assert_int_equal(add("eth0/channels", "= combined max", "combined 8"), 0);
	assert_settings("CombinedChannels=8");
	/* systemd takes no 0. */
	assert_int_equal(add("eth0/channels", "= max", "combined 8 rx 0 tx 0"), 0);
	assert_settings("CombinedChannels=8");
	assert_int_equal(add("eth0/channels", "= combined 0 rx 4 tx 4", "rx 4 tx 4 combined 0"),
			 -ENOTSUP);
	assert_settings("");
	assert_int_equal(add("eth0/ring", "= rx 500 tx max", "rx 512 rx-mini 0 tx 1024"), 0);
	assert_settings("RxBufferSize=512 TxBufferSize=1024");
	assert_int_equal(add("eth0/ring", "= rx-mini 16 rx-jumbo 32",
			     "rx 512 rx-mini 16 rx-jumbo 32 tx 512"),
			 0);
	assert_settings("RxMiniBufferSize=16 RxJumboBufferSize=32");
}

static void times_have_their_unit(void **state)
{
	static const char wish[] = "= adaptive-rx off rx-usecs 50 rx-frames 64 tx-usecs-irq 0";

	(void)state;
	assert_int_equal(add("eth0/coalesce/adaptive-rx", wish, "off"), 0);
	assert_int_equal(add("eth0/coalesce/rx-usecs", wish, "50"), 0);
	assert_int_equal(add("eth0/coalesce/rx-frames", wish, "64"), 0);
	assert_int_equal(add("eth0/coalesce/tx-usecs-irq", wish, "0"), 0);
	assert_settings("UseAdaptiveRxCoalesce=no RxCoalesceSec=50us RxMaxCoalescedFrames=64 "
			"TxCoalesceIrqSec=0us");
}

static void features_by_systemds_names(void **state)
{
	static const char wish[] = "= tso off gro on tx off rxhash on";

	(void)state;
	assert_int_equal(add("eth0/features/tx-tcp-segmentation", wish, "off"), 0);
	assert_int_equal(add("eth0/features/tx-tcp6-segmentation", wish, "off"), 0);
	assert_int_equal(add("eth0/features/tx-tcp-ecn-segmentation", wish, "off"), -ENOTSUP);
	assert_int_equal(add("eth0/features/rx-gro", wish, "on"), 0);
	assert_int_equal(add("eth0/features/rx-hashing", wish, "on"), -ENOTSUP);
	/* systemd's name is for all of them: once. */
	assert_int_equal(add("eth0/features/tx-checksum-ipv4", wish, "off"), 0);
	assert_int_equal(add("eth0/features/tx-checksum-ip-generic", wish, "off"), 0);
	assert_settings("TCPSegmentationOffload=no TCP6SegmentationOffload=no "
			"GenericReceiveOffload=yes TransmitChecksumOffload=no");
	assert_int_equal(add("eth0/features/tx-checksum-ipv4", "= tx-checksum-ipv4 off", "off"),
			 -ENOTSUP);
}

static void what_is_no_row_of_a_link_is_refused(void **state)
{
	(void)state;
	assert_int_equal(add("eth0", "= 1", "1"), -ENOTSUP);
	assert_int_equal(add("eth0/warp", "= 1", "1"), -ENOTSUP);
	assert_int_equal(add("eth0/mtu", "= 1", "123456789012345678901234567890"), -ENOTSUP);
	assert_int_equal(add("eth0/channels", "= warp 1", "rx 1"), -ENOTSUP);
	assert_int_equal(settings.n, 0);
}

/* All that the profile's grammar knows of these groups has a name: every row of them is whole. */
static void every_name_of_the_grammar_is_known(void **state)
{
	static const struct {
		const char *attribute, *names;
	} groups[] = {{"channels", NET_CHANNELS}, {"ring", NET_RINGS}, {"coalesce", NET_COALESCE}};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		_cleanup_free char *names = strdup(groups[i].names);
		char *rest = NULL;

		for (char *name = strtok_r(names, " ", &rest); name;
		     name = strtok_r(NULL, " ", &rest)) {
			bool flag = strncmp(name, "adaptive", 8) == 0;
			char key[64], wish[64], wanted[64];

			snprintf(wish, sizeof(wish), "= %s %s", name, flag ? "on" : "1");
			if (i == 2) {
				snprintf(key, sizeof(key), "eth0/coalesce/%s", name);
				snprintf(wanted, sizeof(wanted), "%s", flag ? "on" : "1");
			} else {
				snprintf(key, sizeof(key), "eth0/%s", groups[i].attribute);
				snprintf(wanted, sizeof(wanted), "%s 1", name);
			}
			assert_int_equal(add(key, wish, wanted), 0);
			assert_int_equal(settings.n, ++n);
		}
	}
	settings.n = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(of_a_group_what_the_profile_named),
		cmocka_unit_test(times_have_their_unit),
		cmocka_unit_test(features_by_systemds_names),
		cmocka_unit_test(what_is_no_row_of_a_link_is_refused),
		cmocka_unit_test(every_name_of_the_grammar_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
