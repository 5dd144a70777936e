/* SPDX-License-Identifier: Apache-2.0 */
/* A table of iptables' legacy backend has the rules that iptables-save would print, whatever the
 * parts that it comes in, and is never read past its end. */
#include "xtable.h"

#include "helpers.h"

struct told {
	char text[512];
	unsigned chains, rules;
};

static int note(const char *chain, uint32_t rules, void *context)
{
	struct told *told = context;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s %u, ", chain, rules);
	told->chains++;
	told->rules += rules;
	return 0;
}

/* nat with two chains of Services. */
static void make(struct xtable *t, bool six, struct told *told)
{
	memset(t, 0, sizeof(*t));
	memset(told, 0, sizeof(*told));
	t->walk.six = six;
	t->walk.take = note;
	t->walk.context = told;
	xtable_hook(t, NF_INET_PRE_ROUTING, 1);
	xtable_hook(t, NF_INET_LOCAL_IN, 0);
	xtable_hook(t, NF_INET_LOCAL_OUT, 2);
	xtable_hook(t, NF_INET_POST_ROUTING, 0);
	xtable_chain(t, "KUBE-SERVICES", 5);
	xtable_chain(t, "KUBE-KUBELET-CANARY", 0);
	xtable_end(t);
}

static const char expected[] = "PREROUTING 1, INPUT 0, OUTPUT 2, POSTROUTING 0, KUBE-SERVICES 5, "
			       "KUBE-KUBELET-CANARY 0, ";
static struct xtable table;

static void policies_and_ends_are_no_rules(void **state)
{
	struct told told;

	(void)state;
	for (int six = 0; six < 2; six++) {
		make(&table, six, &told);
		assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size), 0);
		assert_int_equal(xtables_walk_end(&table.walk), 0);
		assert_string_equal(told.text, expected);
	}
}

static void an_empty_table_has_its_hooks_chains(void **state)
{
	struct told told = {.text = ""};

	(void)state;
	memset(&table, 0, sizeof(table));
	table.walk.take = note;
	table.walk.context = &told;
	xtable_hook(&table, NF_INET_LOCAL_IN, 0);
	xtable_hook(&table, NF_INET_FORWARD, 0);
	xtable_hook(&table, NF_INET_LOCAL_OUT, 0);
	xtable_end(&table);
	assert_int_equal(table.walk.entries, 4);
	assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size), 0);
	assert_int_equal(xtables_walk_end(&table.walk), 0);
	assert_string_equal(told.text, "INPUT 0, FORWARD 0, OUTPUT 0, ");
}

static void a_table_may_come_in_parts_of_any_size(void **state)
{
	struct told told;

	(void)state;
	for (uint32_t part = 512; part < 2048; part += 7) {
		uint32_t from = 0;

		make(&table, part % 2, &told);
		while (table.walk.at < table.walk.size) {
			uint32_t left = table.walk.size - from;
			uint32_t len = left < part ? left : part, before = table.walk.at;
			unsigned char *copy = malloc(len);

			assert_non_null(copy);
			memcpy(copy, table.bytes + from, len);
			assert_int_equal(xtables_walk(&table.walk, copy, from, len), 0);
			free(copy);
			assert_true(table.walk.at > before);
			/* Each part begins before the entry that the last one cut. */
			from = table.walk.at - table.walk.at % 8;
		}
		assert_int_equal(xtables_walk_end(&table.walk), 0);
		assert_string_equal(told.text, expected);
	}
}

static void a_table_that_is_cut_is_not_whole(void **state)
{
	struct told told;

	(void)state;
	make(&table, false, &told);
	for (uint32_t len = 0; len < table.walk.size; len++) {
		unsigned char *copy = malloc(len ? len : 1);

		make(&table, false, &told);
		assert_non_null(copy);
		memcpy(copy, table.bytes, len);
		assert_int_equal(xtables_walk(&table.walk, copy, 0, len), 0);
		assert_int_equal(xtables_walk_end(&table.walk), -EBADMSG);
		free(copy);
	}
}

/* Another table came in place of the one that was announced. */
static void lengths_that_lead_astray_are_refused(void **state)
{
	static const uint16_t wrong[][2] = {{0, 152},     {112, 0},     {112, 140},
					    {65535, 152}, {112, 65535}, {200, 152}};
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		make(&table, false, &told);
		memcpy(table.bytes + offsetof(struct ipt_entry, target_offset), &wrong[i][0], 2);
		memcpy(table.bytes + offsetof(struct ipt_entry, next_offset), &wrong[i][1], 2);
		assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size),
				 -EBADMSG);
	}
	/* Rules before any chain. */
	make(&table, false, &told);
	table.walk.hooks = 0;
	assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size), -EBADMSG);
	/* As many entries as the kernel says, or it is another table. */
	make(&table, false, &told);
	table.walk.entries++;
	assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size), 0);
	assert_int_equal(xtables_walk_end(&table.walk), -EBADMSG);
}

static int refuse(const char *chain, uint32_t rules, void *context)
{
	(void)chain;
	(void)rules;
	(void)context;
	return -ENOMEM;
}

static void what_the_handler_answers_ends_the_walk(void **state)
{
	struct told told;

	(void)state;
	make(&table, false, &told);
	table.walk.take = refuse;
	assert_int_equal(xtables_walk(&table.walk, table.bytes, 0, table.walk.size), -ENOMEM);
}

static void names_come_from_proc_alone(void **state)
{
	char names[XTABLES_MOST][XTABLES_NAME];

	(void)state;
	tree_open(&tree, NULL);
	assert_int_equal(xtables_names(&tree.sys, AF_INET, names), 0);
	tree_write(&tree, "/proc/net/ip_tables_names",
		   "nat\nfilter\n\nthis-name-is-longer-than-any-table-s\nraw");
	tree_write(&tree, "/proc/net/ip6_tables_names", "");
	assert_int_equal(xtables_names(&tree.sys, AF_INET, names), 3);
	assert_string_equal(names[0], "nat");
	assert_string_equal(names[1], "filter");
	assert_string_equal(names[2], "raw");
	assert_int_equal(xtables_names(&tree.sys, AF_INET6, names), 0);
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_and_ends_are_no_rules),
		cmocka_unit_test(an_empty_table_has_its_hooks_chains),
		cmocka_unit_test(a_table_may_come_in_parts_of_any_size),
		cmocka_unit_test(a_table_that_is_cut_is_not_whole),
		cmocka_unit_test(lengths_that_lead_astray_are_refused),
		cmocka_unit_test(what_the_handler_answers_ends_the_walk),
		cmocka_unit_test(names_come_from_proc_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
