/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a profile: its sections, and the operators of [sysctl]. */
#include "profile.h"

#include <string.h>

#include "key.h"
#include "netwish.h"
#include "ranges.h"
#include "text.h"

const char *op_text(enum op op)
{
	static const char *const texts[] = {[OP_SET] = "=",
					    [OP_AT_LEAST] = "=>",
					    [OP_AT_MOST] = "=<",
					    [OP_ONE_OF] = "=",
					    [OP_MERGE] = "=+"};

	return texts[op];
}

/* "-key" and the name's canonical form. False when it is no sysctl's name. */
static bool read_key(struct setting *s, struct problems *problems)
{
	_cleanup_free char *path = NULL;
	char *name = s->key;

	if (*name == '-') {
		s->optional = true;
		name = text_strip(name + 1);
	}
	if (word_in("replace enabled type devices priority drop", name)) {
		problem_error(problems, s->file, s->line,
			      "TuneD's option \"%s\" is not supported in [sysctl]: a child profile "
			      "overrides its parent key by key",
			      name);
		return false;
	}
	if (key_path(name, &path) < 0) {
		problem_error(problems, s->file, s->line,
			      "\"%s\" is not a sysctl's name: write e.g. net.core.somaxconn", name);
		return false;
	}
	if (key_is_glob(path)) {
		problem_error(problems, s->file, s->line,
			      "%s: no patterns here: name each key that the node needs", name);
		return false;
	}
	free(s->key);
	s->key = NULL;
	return key_name(path, &s->key) == 0;
}

static enum op split_operator(char *value)
{
	static const struct {
		char sign;
		enum op op;
	} operators[] = {{'>', OP_AT_LEAST}, {'<', OP_AT_MOST}, {'+', OP_MERGE}};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (*value == operators[i].sign) {
			const char *rest = text_strip(value + 1);

			memmove(value, rest, strlen(rest) + 1);
			return operators[i].op;
		}
	}
	/* A leading "|" is a value of its own: kernel.core_pattern's pipe. */
	return *value != '|' && strchr(value, '|') ? OP_ONE_OF : OP_SET;
}

/* "a|b": none of the alternatives may be empty. */
static bool alternatives_are_sound(const char *value)
{
	while (true) {
		size_t len = strcspn(value, "|");

		if (strspn(value, " \t") >= len)
			return false;
		if (value[len] == '\0')
			return true;
		value += len + 1;
	}
}

void setting_read_sysctl(struct setting *s, struct problems *problems)
{
	wide numbers[NUMBERS_MAX];
	struct ranges set = {{0}};

	if (!read_key(s, problems)) {
		if (!s->key)
			s->key = strdup("");
		return;
	}
	s->op = split_operator(s->value);
	if (!*s->value) {
		problem_error(problems, s->file, s->line, "%s: no value behind \"%s\"", s->key,
			      op_text(s->op));
	} else if ((s->op == OP_AT_LEAST || s->op == OP_AT_MOST) &&
		   numbers_parse(s->value, numbers) < 0) {
		problem_error(problems, s->file, s->line,
			      "%s: \"%s\" compares whole numbers, \"%s\" is none; write \"=\" or "
			      "e.g. %s 4096",
			      s->key, op_text(s->op), s->value, op_text(s->op));
	} else if (s->op == OP_MERGE && ranges_add(&set, s->value) < 0) {
		problem_error(problems, s->file, s->line,
			      "%s: \"=+\" adds port numbers and ranges from 0 to 65535, such as "
			      "2379-2381,6443; \"%s\" is none",
			      s->key, s->value);
	} else if (s->op == OP_ONE_OF && !alternatives_are_sound(s->value)) {
		problem_error(problems, s->file, s->line, "%s: an empty alternative in \"%s\"",
			      s->key, s->value);
	}
}

static enum section_kind section_kind(const char *name)
{
	if (word_in("main sysctl verdict", name) || strncmp(name, "check.", 6) == 0 ||
	    net_is_section(name))
		return SECTION_SETTINGS;
	/* TuneD's plugins that touch nothing of ours: their loss changes no meaning. */
	if (word_in("acpi audio bootloader cpu disk eeepc_she irqbalance modules mounts rtentsk "
		    "scheduler scsi_host selinux service sysfs systemd uncore usb video vm",
		    name))
		return SECTION_IGNORED;
	return word_in("variables script", name) ? SECTION_REFUSED : SECTION_UNKNOWN;
}

static void check(struct setting *s, struct problems *problems)
{
	if (strcmp(s->section, "sysctl") == 0)
		setting_read_sysctl(s, problems);
	else if (net_is_section(s->section))
		setting_read_net(s, problems);
}

const struct ini_form profile_form = {
	.sections = "main, sysctl, net, net.NAME, check.NAME, verdict",
	.kind = section_kind,
	.check = check,
};
