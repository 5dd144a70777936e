/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include "helpers.h"

/* A plan of one key that holds `before` and shall hold "1". */
struct plan {
	struct changes changes;
	struct strings leave;
};

static void plan_of(struct plan *p, const char *before)
{
	struct change *c;

	*p = (struct plan){0};
	c = array_add(&p->changes.v, &p->changes.n, sizeof(*c));
	assert_non_null(c);
	c->tuner = &sysctl_tuner;
	c->key = strdup("net.ipv4.ip_forward");
	c->wish = strdup("= 1");
	c->wanted = strdup("1");
	c->before = strdup(before);
	c->outcome = strcmp(before, "1") == 0 ? OUTCOME_UNCHANGED : OUTCOME_WOULD_CHANGE;
}

static void clear(struct plan *p)
{
	changes_clear(&p->changes);
	strings_clear(&p->leave);
}

/* The machine is looked at, and set where that is wanted; `outcome` becomes of it. Returns whether
 * it was to be set. */
static bool round_at(struct disputes *d, double now, const char *before, enum outcome outcome,
		     const char *error)
{
	struct plan p;
	int wanted;

	plan_of(&p, before);
	wanted = disputes_look(d, &p.changes, now, &p.leave);
	assert_true(wanted >= 0);
	if (wanted) {
		p.changes.v[0].outcome = outcome;
		p.changes.v[0].error = error ? strdup(error) : NULL;
		assert_int_equal(disputes_note(d, &p.changes, now), 0);
	}
	clear(&p);
	return wanted > 0;
}

static void who_writes_back_three_times_wins(void **state)
{
	struct disputes d = {0};
	struct plan p;

	(void)state;
	for (int i = 0; i < DISPUTE_WRITES; i++)
		assert_true(round_at(&d, i, "0", OUTCOME_CHANGED, NULL));
	plan_of(&p, "0");
	strings_addf(&p.changes.v[0].contested_by, "/etc/sysctl.d/x.conf:3");
	p.changes.v[0].writers = "kube-proxy";
	assert_int_equal(disputes_look(&d, &p.changes, DISPUTE_WRITES, &p.leave), 0);
	assert_true(p.changes.v[0].contested);
	assert_contains(p.changes.v[0].error, "suspects: /etc/sysctl.d/x.conf:3, kube-proxy");
	assert_int_equal(p.leave.n, 1);
	assert_string_equal(p.leave.v[0], "sysctl/net.ipv4.ip_forward");
	clear(&p);
	disputes_clear(&d);
}

/* A deviation seen twice before it is set is one write back, not two. */
static void only_what_we_have_set_counts(void **state)
{
	struct disputes d = {0};
	struct plan p;

	(void)state;
	assert_true(round_at(&d, 0, "0", OUTCOME_CHANGED, NULL));
	for (int i = 1; i < 20; i++) {
		plan_of(&p, "0");
		assert_int_equal(disputes_look(&d, &p.changes, i, &p.leave), 1);
		clear(&p);
	}
	disputes_clear(&d);
}

static void once_in_hours_is_no_dispute(void **state)
{
	struct disputes d = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_true(round_at(&d, i * 7200.0, "0", OUTCOME_CHANGED, NULL));
	disputes_clear(&d);
}

static void a_dispute_that_rests_for_an_hour_is_over(void **state)
{
	struct disputes d = {0};

	(void)state;
	for (int i = 0; i < DISPUTE_WRITES; i++)
		round_at(&d, i, "0", OUTCOME_CHANGED, NULL);
	assert_false(round_at(&d, 10, "0", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 20, "1", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 3000, "0", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 3010, "1", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 6500, "1", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 6520, "0", OUTCOME_CHANGED, NULL)); /* not an hour yet */
	assert_false(round_at(&d, 6530, "1", OUTCOME_CHANGED, NULL));
	assert_false(round_at(&d, 10200, "1", OUTCOME_CHANGED, NULL));
	assert_true(round_at(&d, 10210, "0", OUTCOME_CHANGED, NULL));
	disputes_clear(&d);
}

static void what_is_refused_is_tried_again_later_and_later(void **state)
{
	struct disputes d = {0};
	struct plan p;

	(void)state;
	assert_true(round_at(&d, 0, "0", OUTCOME_REFUSED, "read-only"));
	assert_false(round_at(&d, 30, "0", OUTCOME_REFUSED, NULL));
	plan_of(&p, "0");
	disputes_look(&d, &p.changes, 31, &p.leave);
	assert_int_equal(p.changes.v[0].outcome, OUTCOME_REFUSED);
	assert_string_equal(p.changes.v[0].error, "read-only");
	clear(&p);
	assert_true(round_at(&d, 61, "0", OUTCOME_REFUSED, "read-only"));
	assert_false(round_at(&d, 61 + 119, "0", OUTCOME_REFUSED, NULL));
	assert_true(round_at(&d, 61 + 120, "0", OUTCOME_REFUSED, "read-only"));
	disputes_clear(&d);
}

/* Else the node is cut off again and again, for the time of a confirmation each. */
static void what_cut_the_node_off_waits_for_a_reload(void **state)
{
	struct disputes d = {0};
	struct plan p;

	(void)state;
	plan_of(&p, "0");
	p.changes.v[0].outcome = OUTCOME_FAILED;
	p.changes.v[0].error = strdup("192.0.2.254 does not answer any more");
	p.changes.v[0].cut_off = true;
	assert_int_equal(disputes_note(&d, &p.changes, 0), 0);
	clear(&p);
	plan_of(&p, "0");
	assert_int_equal(disputes_look(&d, &p.changes, 1e6, &p.leave), 0);
	assert_contains(p.changes.v[0].error, "any more; not tried again before a reload");
	clear(&p);
	disputes_retry(&d);
	assert_true(round_at(&d, 1e6, "0", OUTCOME_CHANGED, NULL));
	disputes_clear(&d);
}

/* A network card that was replaced may take what its predecessor refused. */
static void what_was_away_is_tried_at_once(void **state)
{
	struct disputes d = {0};
	struct plan p;

	(void)state;
	assert_true(round_at(&d, 0, "0", OUTCOME_REFUSED, "not supported"));
	plan_of(&p, "0");
	p.changes.v[0].outcome = OUTCOME_PENDING;
	assert_int_equal(disputes_look(&d, &p.changes, 1, &p.leave), 0);
	clear(&p);
	assert_true(round_at(&d, 2, "0", OUTCOME_CHANGED, NULL));
	disputes_clear(&d);
}

/* A card that only a pattern names is no row while it is away. */
static void what_comes_back_as_it_is_made_was_not_written_back(void **state)
{
	struct disputes d = {0};

	(void)state;
	for (int i = 0; i < 2 * DISPUTE_WRITES; i++) {
		struct plan none = {0};

		assert_true(round_at(&d, 2 * i, "0", OUTCOME_CHANGED, NULL));
		assert_int_equal(disputes_look(&d, &none.changes, 2 * i + 1, &none.leave), 0);
		assert_int_equal(d.n, 0);
	}
	disputes_clear(&d);
}

static void another_value_or_profile_is_tried_at_once(void **state)
{
	struct disputes d = {0};

	(void)state;
	assert_true(round_at(&d, 0, "0", OUTCOME_REFUSED, "read-only"));
	assert_true(round_at(&d, 1, "2", OUTCOME_REFUSED, "read-only"));
	assert_false(round_at(&d, 2, "2", OUTCOME_REFUSED, NULL));
	disputes_retry(&d);
	assert_true(round_at(&d, 3, "2", OUTCOME_CHANGED, NULL));
	disputes_clear(&d);
}

/* From a worker to the agent, byte for byte. */
static void changes_survive_packing(void **state)
{
	struct changes back;
	struct plan p;
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	plan_of(&p, "0");
	strings_addf(&p.changes.v[0].contested_by, "/etc/sysctl.d/x.conf:3");
	strings_addf(&p.changes.v[0].notes, "a note");
	p.changes.v[0].error = strdup("");
	p.changes.v[0].contested = true;
	assert_int_equal(changes_pack(&p.changes, f), 0);
	rewind(f);
	assert_int_equal(changes_unpack(f, &back), 0);
	assert_int_equal(back.n, 1);
	assert_ptr_equal(back.v[0].tuner, &sysctl_tuner);
	assert_string_equal(back.v[0].key, "net.ipv4.ip_forward");
	assert_string_equal(back.v[0].before, "0");
	assert_null(back.v[0].after);
	assert_string_equal(back.v[0].error, "");
	assert_true(back.v[0].contested);
	assert_string_equal(back.v[0].contested_by.v[0], "/etc/sysctl.d/x.conf:3");
	assert_string_equal(back.v[0].notes.v[0], "a note");
	assert_int_equal(back.v[0].contests.n, 0);
	changes_clear(&back);
	clear(&p);
	fclose(f);
}

/* A worker that died half-way must not leave half a plan. */
static void a_cut_packing_is_refused_at_every_byte(void **state)
{
	struct changes back = {0};
	char whole[4096];
	struct plan p;
	FILE *f = tmpfile();
	size_t len;

	(void)state;
	assert_non_null(f);
	plan_of(&p, "0");
	strings_addf(&p.changes.v[0].notes, "a note");
	assert_int_equal(changes_pack(&p.changes, f), 0);
	rewind(f);
	len = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	for (size_t cut = 1; cut < len; cut++) {
		f = fmemopen(whole, cut, "r");
		assert_non_null(f);
		assert_int_equal(changes_unpack(f, &back), -EBADMSG);
		assert_int_equal(back.n, 0);
		fclose(f);
	}
	clear(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_writes_back_three_times_wins),
		cmocka_unit_test(only_what_we_have_set_counts),
		cmocka_unit_test(once_in_hours_is_no_dispute),
		cmocka_unit_test(a_dispute_that_rests_for_an_hour_is_over),
		cmocka_unit_test(what_is_refused_is_tried_again_later_and_later),
		cmocka_unit_test(what_cut_the_node_off_waits_for_a_reload),
		cmocka_unit_test(what_was_away_is_tried_at_once),
		cmocka_unit_test(what_comes_back_as_it_is_made_was_not_written_back),
		cmocka_unit_test(another_value_or_profile_is_tried_at_once),
		cmocka_unit_test(changes_survive_packing),
		cmocka_unit_test(a_cut_packing_is_refused_at_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
