/* SPDX-License-Identifier: Apache-2.0 */
/* The profile reader: any bytes either give sound settings, one for each line that sets something,
 * or at least one error; and a profile without errors can be planned. */
#include "tree.h"

#include "check.h"
#include "key.h"
#include "profile.h"
#include "ranges.h"
#include "text.h"
#include "tuner.h"
#include "value.h"

#define SYS "/proc/sys/"

/* Line `number` as its meaning goes: without line end, inline comment and blanks behind. */
static char *line_at(const char *text, size_t size, unsigned number)
{
	const char *end = text + size, *next;
	size_t len;
	char *line;

	for (unsigned i = 1; i < number; i++) {
		text = memchr(text, '\n', (size_t)(end - text));
		assert(text++);
	}
	next = memchr(text, '\n', (size_t)(end - text));
	len = (size_t)((next ? next : end) - text);
	if (number == 1 && len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	line = strndup(text, len);
	assert(line);
	for (char *c = line; *c; c++)
		if (*c == '#' && (c == line || c[-1] == ' ' || c[-1] == '\t'))
			*c-- = '\0';
	text_strip(line);
	return line;
}

static bool holds_settings(const char *header)
{
	static const char *const whole[] = {"[main]", "[sysctl]", "[net]", "[verdict]"};

	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (strcmp(header, whole[i]) == 0)
			return true;
	return strncmp(header, "[check.", 7) == 0 || strncmp(header, "[net.", 5) == 0;
}

/* An independent and simple-minded count of what a file without errors sets: nothing may be lost
 * on the way through inih. */
static size_t count_settings(const char *text, size_t size)
{
	size_t n = 0;
	unsigned lines = 1;
	bool counts = false;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	for (unsigned i = 1; i <= lines; i++) {
		_cleanup_free char *line = line_at(text, size, i);

		const char *begin = text_strip(line); /* a line of blanks is empty */

		if (*begin == '[')
			counts = holds_settings(begin);
		else if (*begin && *begin != ';' && counts)
			n++;
	}
	return n;
}

static void check_sysctl(const struct setting *s)
{
	_cleanup_free char *path = NULL, *name = NULL;
	struct ranges set = {{0}};
	wide numbers[NUMBERS_MAX];

	assert(key_path(s->key, &path) == 0 && !strstr(path, "//") && *path != '/');
	assert(key_name(path, &name) == 0 && strcmp(name, s->key) == 0);
	assert(!key_is_glob(path));
	if (s->op == OP_AT_LEAST || s->op == OP_AT_MOST)
		assert(numbers_parse(s->value, numbers) > 0);
	if (s->op == OP_MERGE)
		assert(ranges_add(&set, s->value) == 0);
}

static void check_setting(const struct setting *s, const char *text, size_t size)
{
	_cleanup_free char *line = line_at(text, size, s->line);
	size_t len = strlen(line), tail = strlen(s->value);
	bool sysctl = strcmp(s->section, "sysctl") == 0;

	assert(*s->key && !strstr(s->value, "${"));
	assert(len >= tail && strcmp(line + len - tail, s->value) == 0);
	assert(sysctl || (s->op == OP_SET && !s->optional));
	assert(sysctl || strncmp(line, s->key, strlen(s->key)) == 0);
	if (sysctl)
		check_sysctl(s);
}

static int read_alone(const char *text, size_t size)
{
	struct problems problems = {0};
	struct profile p = {0};
	int r = ini_read(&profile_form, "fuzz.ini", text, size, &p.settings, &p.n, &problems);

	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (problems.errors == 0));
	for (size_t i = 0; i < p.n; i++) {
		const struct setting *s = &p.settings[i];

		assert(s->section && *s->section && s->key && s->value);
		assert(s->line >= 1 && strcmp(s->file, "fuzz.ini") == 0);
		assert(i == 0 || p.settings[i - 1].line < s->line);
		if (r == 0)
			check_setting(s, text, size);
	}
	if (r == 0)
		assert(p.n == count_settings(text, size));
	for (size_t i = 0; i < problems.n; i++)
		assert(problems.v[i].text && strcmp(problems.v[i].file, "fuzz.ini") == 0);
	settings_free(p.settings, p.n);
	problems_clear(&problems);
	return r;
}

/* Of two settings of one name only "=+" leaves the older one standing. */
static void check_merged(const struct profile *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct setting *s = &p->settings[i];
		const struct setting *last = profile_find(p, s->section, s->key);

		assert(strings_contains(&p->files, s->file) && s->line >= 1);
		assert(last && !last->overridden);
		assert(s->overridden || s == last || last->op == OP_MERGE);
	}
}

static void check_plan(const struct profile *p)
{
	struct changes plan;

	assert(changes_plan(tree(), p, &plan) == 0);
	for (size_t i = 0; i < plan.n; i++) {
		const struct change *c = &plan.v[i];

		assert(c->tuner && c->key && c->wish && c->origin_file && c->origin_line);
		assert(c->outcome != OUTCOME_CHANGED && c->outcome != OUTCOME_FAILED);
		assert(c->wanted || c->outcome == OUTCOME_REFUSED);
		if (c->outcome == OUTCOME_UNCHANGED || c->outcome == OUTCOME_WOULD_CHANGE)
			assert(value_satisfies(c->op, c->wish + strlen(op_text(c->op)) + 1,
					       c->wanted));
		if (c->outcome == OUTCOME_WOULD_CHANGE)
			assert(!value_equal(c->before, c->wanted));
	}
	changes_clear(&plan);
}

static void read_whole(const char *text, size_t size, int alone)
{
	struct problems problems = {0};
	struct profile p = {0};
	int r;

	tree_write("/fuzz.ini", text, size);
	r = profile_load(tree(), "/fuzz.ini", &p, &problems);
	assert(r == 0 || r == -EINVAL);
	assert(alone == 0 || r < 0);
	assert((r == 0) == (problems.errors == 0));
	if (r == 0) {
		assert(strcmp(p.name, "fuzz") == 0 && strcmp(p.files.v[0], "/fuzz.ini") == 0);
		checks_validate(&p, &problems);
		check_merged(&p);
		if (!problems.errors)
			check_plan(&p);
	}
	profile_clear(&p);
	problems_clear(&problems);
}

static void set_up(void)
{
	static const char *const keys[][2] = {
		{SYS "fs/file-max", "9223372036854775807\n"},
		{SYS "kernel/core_pattern", "|/bin/x %p\n"},
		{SYS "net/core/somaxconn", "4096\n"},
		{SYS "net/ipv4/ip_local_port_range", "32768\t60999\n"},
		{SYS "net/ipv4/ip_local_reserved_ports", "\n"},
		{SYS "net/ipv4/tcp_rmem", "4096\t131072\t6291456\n"},
	};

	tree_mkdir(SYS "fs");
	tree_mkdir(SYS "kernel");
	tree_mkdir(SYS "net/core");
	tree_mkdir(SYS "net/ipv4");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		tree_write(keys[i][0], keys[i][1], strlen(keys[i][1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;

	if (!ready)
		set_up();
	ready = true;
	read_whole((const char *)data, size, read_alone((const char *)data, size));
	return 0;
}
