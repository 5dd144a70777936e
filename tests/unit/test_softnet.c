/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/net/softnet_stat in the forms that kernels print, and what two readings say. */
#include "softnet.h"

#include "helpers.h"

#define WORD         ((size_t)9) /* digits and what follows them */
#define ZEROS6       " 00000000 00000000 00000000 00000000 00000000 00000000"
#define OLD(a, b, c) a " " b " " c ZEROS6 "\n"
#define RPS(a, b, c) a " " b " " c ZEROS6 " 0000000f 00000001\n"
#define NEW(a, b, c, cpu)                                                                          \
	a " " b " " c ZEROS6 " 00000000 00000000 00000002 " cpu " 00000001 00000001\n"

static void parse(const char *text, struct softnet *out)
{
	*out = (struct softnet){0};
	assert_int_equal(softnet_parse(text, out), 0);
}

static void the_kernels_forms_are_read(void **state)
{
	static const struct {
		const char *text;
		bool numbered;
		unsigned second;
	} rows[] = {
		{OLD("0000000a", "00000001", "00000002") OLD("ffffffff", "deadbeef", "00000009"),
		 false, 1},
		{RPS("0000000a", "00000001", "00000002") RPS("ffffffff", "deadbeef", "00000009"),
		 false, 1},
		{NEW("0000000a", "00000001", "00000002", "00000000")
			 NEW("ffffffff", "deadbeef", "00000009", "0000000b"),
		 true, 11},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_softnet struct softnet s;

		parse(rows[i].text, &s);
		assert_int_equal(s.n, 2);
		assert_int_equal(s.numbered, rows[i].numbered);
		assert_int_equal(s.v[0].cpu, 0);
		assert_int_equal(s.v[0].processed, 10);
		assert_int_equal(s.v[0].dropped, 1);
		assert_int_equal(s.v[0].squeezed, 2);
		assert_int_equal(s.v[1].cpu, rows[i].second);
		assert_int_equal(s.v[1].processed, UINT32_MAX);
		assert_int_equal(s.v[1].dropped, 0xdeadbeef);
		assert_int_equal(s.v[1].squeezed, 9);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"nonsense\n",
		"00000001 00000002 00000003\n",
		"0000000a 00000001 00000002" ZEROS6,
		"0000000a 00000001 00000002" ZEROS6 " \n",
		"0000000a  00000001 0000002" ZEROS6 "\n",
		"000000a 00000001 00000002" ZEROS6 "\n",
		"00000000a 00000001 00000002" ZEROS6 "\n",
		"0000000A 00000001 00000002" ZEROS6 "\n",
		"0x00000a 00000001 00000002" ZEROS6 "\n",
		OLD("0000000a", "00000001", "00000002") "\n",
		OLD("0000000a", "00000001", "00000002") RPS("0000000a", "00000001", "00000002"),
		NEW("0000000a", "00000001", "00000002", "00000001")
			NEW("0000000a", "00000001", "00000002", "00000001"),
		NEW("0000000a", "00000001", "00000002", "00000003")
			NEW("0000000a", "00000001", "00000002", "00000001"),
		NEW("0000000a", "00000001", "00000002", "ffffffff"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct softnet s = {.n = 7};

		assert_int_equal(softnet_parse(texts[i], &s), -EBADMSG);
		assert_int_equal(s.n, 7);
	}
}

static void a_line_without_end_is_refused(void **state)
{
	char text[WORD * (SOFTNET_COLUMNS_MOST + 2)];
	struct softnet s = {0};

	(void)state;
	for (size_t i = 0; i < SOFTNET_COLUMNS_MOST + 1; i++)
		memcpy(text + WORD * i, "00000000 ", 10);
	assert_int_equal(softnet_parse(text, &s), -EBADMSG);
	text[WORD * SOFTNET_COLUMNS_MOST - 1] = '\n';
	text[WORD * SOFTNET_COLUMNS_MOST] = '\0';
	assert_int_equal(softnet_parse(text, &s), 0);
	softnet_clear(&s);
}

static bool compare(const char *before, const char *after, struct softnet_delta *d)
{
	_cleanup_softnet struct softnet a, b;

	parse(before, &a);
	parse(after, &b);
	return softnet_compare(&a, &b, d);
}

static void counters_are_summed_and_the_worst_cpu_named(void **state)
{
	struct softnet_delta d;

	(void)state;
	assert_true(compare(NEW("00000000", "00000000", "00000000", "00000000")
				    NEW("00000000", "00000005", "00000001", "00000001"),
			    NEW("00000010", "00000001", "00000064", "00000000")
				    NEW("00000001", "0000000a", "00000002", "00000001"),
			    &d));
	assert_int_equal(d.processed, 17);
	assert_int_equal(d.dropped, 6);
	assert_int_equal(d.squeezed, 101);
	assert_int_equal(d.worst_cpu, 1);
	assert_int_equal(d.cpus, 2);
}

static void a_counter_that_wraps_around_is_counted(void **state)
{
	struct softnet_delta d;

	(void)state;
	assert_true(compare(OLD("fffffff0", "ffffffff", "00000000"),
			    OLD("00000010", "00000001", "00000000"), &d));
	assert_int_equal(d.processed, 32);
	assert_int_equal(d.dropped, 2);
}

static void a_counter_that_runs_backwards_is_no_reading(void **state)
{
	struct softnet_delta d = {.cpus = 99};

	(void)state;
	assert_false(compare(OLD("00000010", "00000005", "00000000"),
			     OLD("00000020", "00000001", "00000000"), &d));
	assert_int_equal(d.cpus, 99);
	assert_true(compare(
		OLD("00000010", "00000005", "00000000") OLD("00000010", "00000005", "00000000"),
		OLD("00000020", "00000001", "00000000") OLD("00000011", "00000005", "00000000"),
		&d));
	assert_int_equal(d.cpus, 1);
	assert_int_equal(d.processed, 1);
}

static void cpus_that_come_or_go_are_passed_over(void **state)
{
	struct softnet_delta d;

	(void)state;
	assert_true(compare(NEW("00000001", "00000000", "00000000", "00000001")
				    NEW("00000007", "00000000", "00000000", "00000002"),
			    NEW("00000005", "00000000", "00000000", "00000000")
				    NEW("00000009", "00000000", "00000000", "00000002"),
			    &d));
	assert_int_equal(d.cpus, 1);
	assert_int_equal(d.processed, 2);
	assert_int_equal(d.worst_cpu, 2);
	/* Without numbers nobody knows which one it was. */
	assert_false(compare(OLD("00000001", "00000000", "00000000"),
			     OLD("00000001", "00000000", "00000000")
				     OLD("00000001", "00000000", "00000000"),
			     &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernels_forms_are_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(counters_are_summed_and_the_worst_cpu_named),
		cmocka_unit_test(a_counter_that_wraps_around_is_counted),
		cmocka_unit_test(a_counter_that_runs_backwards_is_no_reading),
		cmocka_unit_test(cpus_that_come_or_go_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
