/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "agent.h"
#include "idle.h"
#include "log.h"
#include "render.h"

#define REPORT_LARGEST ((size_t)4 << 20)
/* An update or a restart takes seconds; what is older says nothing of the node as it is. */
#define RESTORE_MOST_S 300

/* FNV-1a (Fowler, Noll, Vo): it need not resist anybody, only notice. */
static void mix(uint64_t *hash, const char *text)
{
	for (const char *c = text ? text : "\1"; *c; c++)
		*hash = (*hash ^ (unsigned char)*c) * 0x100000001b3;
	*hash = (*hash ^ 0xff) * 0x100000001b3;
}

/* All that is no measured number. */
static uint64_t words_of(const struct report *report)
{
	uint64_t hash = 0xcbf29ce484222325;

	mix(&hash, report->profile);
	mix(&hash, fitness_text(report->fitness));
	mix(&hash, report->reason);
	mix(&hash, report->message);
	for (size_t i = 0; i < report->n_results; i++) {
		const struct result *r = report->results[i];

		mix(&hash, r->name);
		mix(&hash, verdict_text(r->verdict));
		mix(&hash, r->reason);
		mix(&hash, r->message);
		mix(&hash, r->advice);
	}
	for (size_t i = 0; i < report->changes.n; i++) {
		const struct change *c = &report->changes.v[i];

		mix(&hash, c->key);
		mix(&hash, outcome_text(c->outcome));
		mix(&hash, c->wanted);
		mix(&hash, c->before);
		mix(&hash, c->error);
	}
	return hash;
}

/* The rounds' answers, and what follows from them. */
static int assemble(struct agent *a)
{
	const struct setting *tolerate = profile_find(&a->profile, "verdict", "tolerate_unknown");
	struct report *report = &a->report;
	const char *missing = NULL;

	for (size_t i = 0; i < a->n_rounds; i++) {
		struct result **slot;

		if (a->rounds[i].interval <= 0 && !a->rounds[i].check->of_plan)
			continue;
		if (!a->rounds[i].steady.known) {
			missing = missing ? missing : a->rounds[i].check->name;
			continue;
		}
		slot = array_add(&report->results, &report->n_results, sizeof(struct result *));
		if (!slot)
			return -ENOMEM;
		*slot = &a->rounds[i].steady.told;
	}
	report_judge(report, tolerate ? tolerate->value : "");
	/* Half an answer is none, unless it is bad enough already. */
	if (missing && report->fitness != FITNESS_UNFIT) {
		report->fitness = FITNESS_UNKNOWN;
		snprintf(report->reason, sizeof(report->reason), "Measuring");
		snprintf(report->message, sizeof(report->message),
			 "not all checks have an answer yet");
	}
	return 0;
}

int report_save(const struct sys *sys, const struct report *report)
{
	/* Made again where somebody has taken it away. */
	_cleanup_fd int folder = sys_open_dir(sys, RUN_DIR, 0755);
	_cleanup_free char *text = NULL;
	size_t len;
	FILE *f;
	int r;

	if (folder < 0)
		return folder;
	f = open_memstream(&text, &len);
	if (!f)
		return -ENOMEM;
	r = render_json(report, f);
	if (fclose(f) != 0 && r == 0)
		r = -ENOMEM;
	return r < 0 ? r : sys_replace_fleeting(sys, RUN_DIR, REPORT_FILE, text, len, 0644);
}

/* Once for each new error, and once when it is over. */
static void tell_save(struct agent *a, int error)
{
	if (error < 0 && error != a->save_error)
		log_error("cannot write " RUN_DIR "/" REPORT_FILE ": %s", strerror(-error));
	if (error == 0 && a->save_error < 0)
		log_info(RUN_DIR "/" REPORT_FILE ": it works again");
	a->save_error = error;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *context)
{
	struct agent *a = context;

	(void)s;
	(void)usec;
	a->written = false;
	report_news(a);
	idle();
	return 0;
}

static int write_news(struct agent *a)
{
	int r = assemble(a);
	uint64_t words = r < 0 ? 0 : words_of(&a->report);

	if (r == 0 && a->written && words == a->written_words)
		return 0;
	a->report.started = a->sys->wall(a->sys);
	if (r == 0)
		r = report_save(a->sys, &a->report);
	tell_save(a, r);
	if (words != a->written_words)
		sd_notifyf(false, "STATUS=%s: %s", fitness_text(a->report.fitness),
			   a->report.message);
	a->written = r == 0;
	a->written_words = words;
	return timer_set(a->event, &a->report_timer, a->config.report_interval, on_timer, a);
}

int report_news(struct agent *a)
{
	int r;

	/* Before there is a plan, what an earlier agent told still holds. */
	if (a->stopping || !a->planned)
		return 0;
	r = write_news(a);
	/* The results themselves are the rounds'. */
	free(TAKE(a->report.results));
	a->report.n_results = 0;
	return r;
}

static void copy(const json_t *from, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(from, key));

	snprintf(to, size, "%s", text ? text : "");
}

static bool parse_verdict(const char *text, enum verdict *out)
{
	for (enum verdict v = VERDICT_PASS; v <= VERDICT_SKIPPED; v++) {
		if (strcmp(verdict_text(v), text) != 0)
			continue;
		*out = v;
		return true;
	}
	return false;
}

static void restore_check(struct agent *a, const json_t *check)
{
	const char *name = json_string_value(json_object_get(check, "name"));
	const char *verdict = json_string_value(json_object_get(check, "verdict"));

	for (size_t i = 0; i < a->n_rounds && name && verdict; i++) {
		struct steady *steady = &a->rounds[i].steady;
		struct result *told = &steady->told;

		if (strcmp(a->rounds[i].check->name, name) != 0 ||
		    !parse_verdict(verdict, &told->verdict))
			continue;
		copy(check, "name", told->name, sizeof(told->name));
		copy(check, "reason", told->reason, sizeof(told->reason));
		copy(check, "message", told->message, sizeof(told->message));
		copy(check, "advice", told->advice, sizeof(told->advice));
		steady->known = true;
	}
}

void report_restore(struct agent *a)
{
	_cleanup_free char *text = NULL;
	json_t *root, *check;
	const char *boot, *profile;
	size_t len, index;
	struct stat st;
	int64_t age;

	if (sys_stat(a->sys, RUN_DIR "/" REPORT_FILE, &st) < 0)
		return;
	age = a->sys->wall(a->sys) - st.st_mtime;
	if (age < -RESTORE_MOST_S || age > RESTORE_MOST_S ||
	    sys_read(a->sys, RUN_DIR "/" REPORT_FILE, REPORT_LARGEST, &text, &len) < 0)
		return;
	root = json_loadb(text, len, 0, NULL);
	boot = json_string_value(json_object_get(json_object_get(root, "node"), "boot_id"));
	profile = json_string_value(json_object_get(root, "profile"));
	/* /run may outlive a boot in a container. */
	if (boot && profile && *a->report.node.boot_id &&
	    strcmp(boot, a->report.node.boot_id) == 0 && strcmp(profile, a->report.profile) == 0) {
		json_array_foreach(json_object_get(root, "checks"), index, check)
		{
			restore_check(a, check);
		}
	}
	json_decref(root);
}
