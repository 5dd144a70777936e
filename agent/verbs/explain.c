/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "facts.h"
#include "key.h"
#include "log.h"
#include "sysctl.h"
#include "verbs.h"

/* Prints text in lines of at most 78 columns under a heading. */
static void paragraph(const char *heading, const char *text)
{
	int column = 78;

	if (!text || !*text)
		return;
	printf("%s:", heading);
	while (*text) {
		int word = (int)strcspn(text, " ");

		if (column + 1 + word > 78) {
			fputs("\n  ", stdout);
			column = 2;
		} else {
			fputc(' ', stdout);
			column++;
		}
		printf("%.*s", word, text);
		column += word;
		text += word + (text[word] == ' ');
	}
	puts("");
}

static int explain_here(const struct command *c, const struct check *check)
{
	_cleanup_free void *params = NULL;
	struct profile p;
	int code = verb_load_profile(c, &p), r;

	if (code)
		return code;
	r = check_params(&p, check, &params);
	if (r == 0)
		check->explain(&c->sys, params);
	profile_clear(&p);
	return r < 0 ? verb_failed("read the parameters", r) : 0;
}

static int explain_check(const struct command *c, const struct check *check)
{
	printf("check %s: %s\n", check->name, check->summary);
	paragraph("What it does", check->about);
	printf("Parameters of [check.%s]:\n", check->name);
	for (const struct param *row = check->params; row->name; row++) {
		printf("  %-12s %s (%s", row->name, row->help, row->fallback);
		if (row->type == PARAM_CHOICE)
			printf("; one of: %s", row->choices);
		puts(")");
	}
	return verb_flush(check->explain ? explain_here(c, check) : 0);
}

static bool is_about(const struct change *change, const struct tuner *tuner, const char *key)
{
	_cleanup_free char *path = NULL;

	if (change->tuner != tuner)
		return false;
	return strcmp(change->key, key) == 0 ||
	       (tuner == &sysctl_tuner && key_path(change->key, &path) == 0 &&
		strcmp(path, key) == 0);
}

/* What the profile wants of the key (of a sysctl: its path), if anything. */
static void print_wish(const struct command *c, const struct tuner *tuner, const char *key)
{
	struct changes changes = {0};
	struct profile p;

	if (verb_load_profile(c, &p) != 0)
		return;
	if (changes_plan(&c->sys, &p, &changes) == 0) {
		for (size_t i = 0; i < changes.n; i++) {
			const struct change *change = &changes.v[i];

			if (is_about(change, tuner, key))
				printf("Wanted by %s: %s (%s:%u), %s\n", p.name, change->wish,
				       change->origin_file, change->origin_line,
				       outcome_text(change->outcome));
		}
		changes_clear(&changes);
	}
	profile_clear(&p);
}

static void print_files(const struct command *c, const char *path)
{
	struct sysctld files;

	if (sysctld_read(&c->sys, &files) < 0)
		return;
	for (size_t i = 0; i < files.n; i++) {
		const struct sysctld_entry *e = &files.v[i];

		if (sysctld_matches(e, path))
			printf("Set in: %s:%u to %s%s\n", e->file, e->line,
			       e->value ? e->value : "(excluded from patterns)",
			       e == sysctld_winner(&files, path, NULL) ? ", wins at boot" : "");
	}
	sysctld_clear(&files);
}

static int explain_key(const struct command *c, const char *name)
{
	_cleanup_free char *path = NULL, *key = NULL, *live = NULL;
	const struct sysctl_fact *fact;
	int r;

	if (key_path(name, &path) < 0 || key_is_glob(path) || key_name(path, &key) < 0) {
		log_error(
			"\"%s\" is neither a check nor the name of a sysctl, nor a link's setting "
			"such as eth0/mtu; `nodefit check --help` lists the checks",
			name);
		return EXIT_USAGE;
	}
	fact = fact_find(path);
	r = sysctl_read(&c->sys, path, &live);
	if (!fact && r == -ENOENT) {
		log_error("%s: this kernel has no such key, and nodefit knows nothing about it",
			  key);
		return EXIT_USAGE;
	}
	printf("%s\n", key);
	printf("Now: %s\n", r < 0 ? strerror(-r) : *live ? live : "(empty)");
	print_wish(c, &sysctl_tuner, path);
	print_files(c, path);
	if (!fact) {
		puts("nodefit knows nothing more about this key.");
		return verb_flush(0);
	}
	paragraph("What", fact->what);
	paragraph("Danger", fact->danger);
	paragraph("Kernel's default", fact->fallback);
	if (fact->flags & FACT_NETNS)
		puts("Scope: each network namespace has its own; pods do not inherit it.");
	else if (fact->flags & FACT_HOST_NET)
		puts("Scope: the host's network namespace only.");
	else
		puts("Scope: the whole machine.");
	if (fact->module)
		printf("Appears with the module: %s\n", fact->module);
	if (fact->writers)
		printf("At run time written by: %s\n", fact->writers);
	if (fact->flips)
		printf("Changes along with it: %s\n", fact->flips);
	printf("Source: %s\n", fact->source);
	return verb_flush(0);
}

static int explain_link(const struct command *c, const struct link_fact *fact, const char *key)
{
	_cleanup_free char *live = NULL;
	int r = net_tuner.read(&c->sys, key, &live);

	printf("%s\n", key);
	printf("Now: %s\n", r == 0 ? live : net_tuner.explain(key, r));
	print_wish(c, &net_tuner, key);
	paragraph("What", fact->what);
	paragraph("Danger", fact->danger);
	printf("Source: %s\n", fact->source);
	return verb_flush(0);
}

static int run(const struct command *c)
{
	const struct link_fact *fact;
	const struct check *check;

	if (c->n_words != 1) {
		log_error("usage: nodefit explain KEY|CHECK");
		return EXIT_USAGE;
	}
	check = check_find(c->words[0]);
	if (check)
		return explain_check(c, check);
	fact = link_fact_find(c->words[0]);
	return fact ? explain_link(c, fact, c->words[0]) : explain_key(c, c->words[0]);
}

const struct verb explain_verb = {
	.name = "explain",
	.words = "KEY|CHECK",
	.summary = "what it is, why, the danger, the source",
	.about =
		"KEY is a sysctl's name, or a link's setting as `nodefit diff` shows it (eth0/mtu, "
		"eth0/channels); its value now and what the profile wants are told too, and of a "
		"sysctl the files that set it.",
	.flags = FLAG_PROFILE | FLAG_CILIUM,
	.takes_words = true,
	.run = run,
};
