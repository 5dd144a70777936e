/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own configuration, packed or plain. */
#include "ebpf.h"

#include <fcntl.h>
#include <zlib.h>

#include "helpers.h"
#include "scraper.h"

#define CONFIG                                                                                     \
	"#\n# Automatically generated file; DO NOT "                                               \
	"EDIT.\nCONFIG_BPF_JIT=y\nCONFIG_NET_CLS_BPF=m\n"                                          \
	"# CONFIG_GENEVE is not set\nCONFIG_LOCALVERSION=\"\"\n"

static enum kconfig_value value_of(const struct kconfig *k, const char *name)
{
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++)
		if (strcmp(kconfig_options[i].name, name) == 0)
			return k->v[i];
	fail_msg("no option %s", name);
	return KCONFIG_NO;
}

static void a_packed_configuration_is_the_running_kernels(void **state)
{
	struct kconfig k;
	gzFile f;

	(void)state;
	tree_write(&tree, "/proc/config.gz", "");
	tree_write(&tree, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	tree_write(&tree, "/boot/config-6.1.0-1", "CONFIG_BPF=y\n");
	f = gzopen(tree_path(&tree, "/proc/config.gz"), "wb");
	assert_non_null(f);
	assert_true(gzputs(f, CONFIG) > 0);
	gzclose(f);
	kconfig_read(&tree.sys, &k);
	assert_true(k.known);
	assert_string_equal(k.source, "/proc/config.gz");
	assert_int_equal(value_of(&k, "BPF_JIT"), KCONFIG_YES);
	assert_int_equal(value_of(&k, "NET_CLS_BPF"), KCONFIG_MODULE);
	assert_int_equal(value_of(&k, "GENEVE"), KCONFIG_NO);
}

static void without_one_it_lies_beside_the_kernel(void **state)
{
	struct kconfig k;

	(void)state;
	tree_write(&tree, "/proc/sys/kernel/osrelease", "6.1.0-1\n");
	kconfig_read(&tree.sys, &k);
	assert_false(k.known);
	tree_write(&tree, "/boot/config-6.1.0-0", CONFIG); /* another kernel's */
	tree_write(&tree, "/proc/config.gz", "no gzip");
	kconfig_read(&tree.sys, &k);
	assert_false(k.known);
	tree_write(&tree, "/lib/modules/6.1.0-1/config", "not a configuration\n");
	kconfig_read(&tree.sys, &k);
	assert_false(k.known);
	tree_write(&tree, "/lib/modules/6.1.0-1/config", CONFIG);
	kconfig_read(&tree.sys, &k);
	assert_true(k.known);
	assert_string_equal(k.source, "/lib/modules/6.1.0-1/config");
	tree_write(&tree, "/boot/config-6.1.0-1", CONFIG);
	kconfig_read(&tree.sys, &k);
	assert_string_equal(k.source, "/boot/config-6.1.0-1");
}

static void only_whole_lines_with_y_or_m_count(void **state)
{
	struct kconfig k = {.known = false};

	(void)state;
	kconfig_take_line(&k, "CONFIG_BPF=n");
	kconfig_take_line(&k, "CONFIG_BPF_JIT_X=y");
	kconfig_take_line(&k, " CONFIG_CGROUPS=y");
	kconfig_take_line(&k, "CONFIG_CGROUP_BPF");
	kconfig_take_line(&k, "CONFIG_VXLAN=yes");
	for (size_t i = 0; i < KCONFIG_OPTIONS; i++)
		assert_int_equal(k.v[i], KCONFIG_NO);
	kconfig_take_line(&k, "CONFIG_VXLAN=m");
	assert_int_equal(value_of(&k, "VXLAN"), KCONFIG_MODULE);
}

/* A small file that unpacks to gigabytes. */
static void a_bomb_is_given_up(void **state)
{
	static char zeros[1 << 20];
	struct kconfig k = {.known = true};
	gzFile f;
	int fd;

	(void)state;
	tree_write(&tree, "/bomb", "");
	f = gzopen(tree_path(&tree, "/bomb"), "wb9");
	assert_non_null(f);
	assert_true(gzputs(f, CONFIG) > 0);
	for (int i = 0; i < 16; i++)
		assert_true(gzwrite(f, zeros, sizeof(zeros)) > 0);
	gzclose(f);
	fd = open(tree_path(&tree, "/bomb"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(kconfig_unpack(fd, &k), -EBADMSG);
	assert_true(k.known); /* untouched */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_set_up_helped, tree_tear_down)
		TEST(a_packed_configuration_is_the_running_kernels),
		TEST(without_one_it_lies_beside_the_kernel),
		TEST(only_whole_lines_with_y_or_m_count),
		TEST(a_bomb_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
