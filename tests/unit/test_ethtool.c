/* SPDX-License-Identifier: Apache-2.0 */
/* The ioctl says and does the same as the netlink family, on a real veth in a network namespace of
 * this program's own. */
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include "ethtool.h"
#include "helpers.h"
#include "link.h"

static int make_links(void **state)
{
	static const char *const words[] = {
		"ip",   "link", "add",  "v0", "numrxqueues", "4", "numtxqueues", "4", "type",
		"veth", "peer", "name", "v1", "numrxqueues", "4", "numtxqueues", "4", NULL};
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	if (posix_spawnp(&pid, "ip", NULL, NULL, (char **)words, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("# SKIP needs root for a network namespace of its own\n");
	skip();
}

static void both_ways_tell_the_same_channels(void **state)
{
	_cleanup_ethtool struct ethtool e = {0};
	struct ethtool_values family, ioctl;

	(void)state;
	need_root();
	assert_int_equal(ethtool_open(&e), 0);
	assert_non_null(e.sock);
	assert_int_equal(ethtool_get(&e, &ethtool_channels, "v0", &family, NULL), 0);
	assert_int_equal(ethtool_ioctl_get(&ethtool_channels, "v0", &ioctl), 0);
	for (size_t i = 0; ethtool_channels.fields[i].name; i++) {
		assert_int_equal(family.v[i].present, ioctl.v[i].present);
		if (family.v[i].present) {
			assert_int_equal(family.v[i].value, ioctl.v[i].value);
			assert_int_equal(family.v[i].max, ioctl.v[i].max);
		}
	}
	assert_int_equal(ioctl.v[0].max, 4);
}

static void the_ioctl_sets_channels(void **state)
{
	struct ethtool_values v = {.v = {{.present = true, .value = 3}}};
	struct ethtool_values now;

	(void)state;
	need_root();
	assert_int_equal(ethtool_ioctl_set(&ethtool_channels, "v0", &v), 0);
	assert_int_equal(ethtool_ioctl_get(&ethtool_channels, "v0", &now), 0);
	assert_int_equal(now.v[0].value, 3);
	assert_int_equal(now.v[1].value, 4); /* tx: what was not asked for stays */
	v.v[0].value = 99;
	assert_int_equal(ethtool_ioctl_set(&ethtool_channels, "v0", &v), -EINVAL);
}

static void what_a_driver_lacks_is_not_supported_either_way(void **state)
{
	_cleanup_ethtool struct ethtool e = {0};
	struct ethtool_values v;

	(void)state;
	need_root();
	assert_int_equal(ethtool_open(&e), 0);
	assert_int_equal(ethtool_get(&e, &ethtool_rings, "v0", &v, NULL), -EOPNOTSUPP);
	assert_int_equal(ethtool_ioctl_get(&ethtool_rings, "v0", &v), -EOPNOTSUPP);
	assert_int_equal(ethtool_get(&e, &ethtool_rings, "none0", &v, NULL), -ENODEV);
	assert_int_equal(ethtool_ioctl_get(&ethtool_rings, "none0", &v), -ENODEV);
}

static const struct ethtool_feature *find(const struct ethtool_features *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].name, name) == 0)
			return &f->v[i];
	return NULL;
}

static void both_ways_tell_the_same_features(void **state)
{
	_cleanup_ethtool struct ethtool e = {0};
	_cleanup_features struct ethtool_features family = {0}, ioctl = {0};

	(void)state;
	need_root();
	assert_int_equal(ethtool_open(&e), 0);
	assert_int_equal(ethtool_features(&e, "v0", &family, NULL), 0);
	assert_int_equal(ethtool_ioctl_features("v0", &ioctl), 0);
	assert_true(ioctl.n > 20);
	assert_int_equal(family.n, ioctl.n);
	for (size_t i = 0; i < ioctl.n; i++) {
		const struct ethtool_feature *other = find(&family, ioctl.v[i].name);

		assert_non_null(other);
		assert_int_equal(other->active, ioctl.v[i].active);
		assert_int_equal(other->changeable, ioctl.v[i].changeable);
	}
}

static void the_ioctl_sets_a_feature(void **state)
{
	_cleanup_features struct ethtool_features f = {0};

	(void)state;
	need_root();
	assert_int_equal(ethtool_ioctl_feature_set("v0", "rx-gro", true), 0);
	assert_int_equal(ethtool_ioctl_features("v0", &f), 0);
	assert_true(find(&f, "rx-gro")->active);
	assert_int_equal(ethtool_ioctl_feature_set("v0", "warp-drive", true), -EOPNOTSUPP);
}

static void the_kernel_says_why_it_refuses(void **state)
{
	struct refusal words;
	struct sys sys;
	struct link l;

	(void)state;
	need_root();
	assert_int_equal(sys_init(&sys, NULL), 0);
	assert_int_equal(link_read(&sys, "v0", &l), 0);
	assert_string_equal(l.kind, "veth");
	assert_int_equal(link_set(l.index, LINK_MTU, 99999, &words), -EINVAL);
	assert_string_equal(words.text, "mtu greater than device maximum");
	assert_int_equal(link_read(&sys, "none0", &l), -ENODEV);
	sys_done(&sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_tell_the_same_channels),
		cmocka_unit_test(the_ioctl_sets_channels),
		cmocka_unit_test(what_a_driver_lacks_is_not_supported_either_way),
		cmocka_unit_test(both_ways_tell_the_same_features),
		cmocka_unit_test(the_ioctl_sets_a_feature),
		cmocka_unit_test(the_kernel_says_why_it_refuses),
	};

	return cmocka_run_group_tests(tests, make_links, NULL);
}
