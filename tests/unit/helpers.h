/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: fixture trees, writable copies of them, and profiles from text. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <string.h>

#include "profile.h"
#include "sys.h"

#define FIXTURES TEST_ROOT "/tests/fixtures/"

/* A function that not every test program uses. */
#define HELPER static __attribute__((unused))

HELPER void open_fixture(struct sys *sys, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), FIXTURES "%s", name);
	assert_int_equal(sys_init(sys, path), 0);
}

HELPER void assert_contains(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* --- problems --- */

/* The index-th problem stands at that place and says this. */
HELPER void assert_problem(const struct problems *p, size_t index, const char *file, unsigned line,
			   const char *part)
{
	assert_true(index < p->n);
	assert_contains(p->v[index].text, part);
	if (file)
		assert_string_equal(p->v[index].file, file);
	else
		assert_null(p->v[index].file);
	assert_int_equal(p->v[index].line, line);
}

/* --- profiles --- */

/* The profile "test" with these settings, which must be without fault. */
HELPER void profile_of(struct profile *p, const char *text)
{
	struct problems problems = {0};

	*p = (struct profile){.name = strdup("test")};
	assert_int_equal(ini_read(&profile_form, "test.ini", text, strlen(text), &p->settings,
				  &p->n, &problems),
			 0);
	assert_int_equal(problems.n, 0);
	problems_clear(&problems);
}

/* --- another processor --- */

#define CPUID_HYPERVISOR (1u << 31) /* of leaf 1's ECX */

struct leaf {
	uint32_t leaf;    /* 0 ends a list */
	const char *mark; /* a hypervisor's signature in EBX, ECX and EDX, or NULL */
	uint32_t eax, ecx;
};

/* What fake_cpuid() answers; zeros for leaves that are not listed. */
static const struct leaf *fake_leaves __attribute__((unused));

HELPER bool fake_cpuid(const struct sys *sys, uint32_t leaf, uint32_t regs[4])
{
	(void)sys;
	memset(regs, 0, 4 * sizeof(*regs));
	for (const struct leaf *l = fake_leaves; l->leaf; l++) {
		if (l->leaf != leaf)
			continue;
		regs[0] = l->eax;
		regs[2] = l->ecx;
		if (l->mark)
			memcpy(&regs[1], l->mark, strnlen(l->mark, 12));
	}
	return true;
}

/* --- a writable tree in /tmp --- */

struct tree {
	char dir[64];
	struct sys sys;
};

/* nftw() takes no context: the copy's source and target. */
static char copy_from[256], copy_to[256];

HELPER void write_at(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

HELPER char *read_at(const char *path)
{
	struct sys real;
	char *text = NULL;

	assert_int_equal(sys_init(&real, NULL), 0);
	assert_int_equal(sys_read(&real, path, 1 << 20, &text, NULL), 0);
	return text;
}

HELPER int copy_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char to[1024], link[256];

	(void)st;
	(void)ftw;
	snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from));
	if (kind == FTW_D) {
		mkdir(to, 0755);
	} else if (kind == FTW_SL || kind == FTW_SLN) {
		ssize_t n = readlink(path, link, sizeof(link) - 1);

		assert_true(n > 0);
		link[n] = '\0';
		assert_int_equal(symlink(link, to), 0);
	} else {
		_cleanup_free char *text = read_at(path);

		write_at(to, text);
	}
	return 0;
}

HELPER int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* Of this build; its own tests lie two folders below. */
HELPER const char *built_program(const char *name)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);

	assert_true(n > 0);
	path[n] = '\0';
	for (int up = 0; up < 3; up++)
		*strrchr(path, '/') = '\0';
	snprintf(path + strlen(path), 64, "/%s", name);
	return path;
}

/* A copy of the fixture, or an empty tree for NULL. */
HELPER void tree_open(struct tree *t, const char *fixture)
{
	snprintf(t->dir, sizeof(t->dir), "/tmp/nodefit-unit.XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	if (fixture) {
		snprintf(copy_from, sizeof(copy_from), FIXTURES "%s", fixture);
		snprintf(copy_to, sizeof(copy_to), "%s", t->dir);
		assert_int_equal(nftw(copy_from, copy_one, 16, FTW_PHYS), 0);
	}
	assert_int_equal(sys_init(&t->sys, t->dir), 0);
}

HELPER void tree_close(struct tree *t)
{
	sys_done(&t->sys);
	nftw(t->dir, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

/* Where a path of the tree is outside of it; one answer at a time. */
HELPER const char *tree_path(const struct tree *t, const char *path)
{
	static char full[512];

	snprintf(full, sizeof(full), "%s%s", t->dir, path);
	return full;
}

HELPER void tree_mkdir(const struct tree *t, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", t->dir, path);
	for (char *c = full + strlen(t->dir) + 1; (c = strchr(c, '/')); *c++ = '/') {
		*c = '\0';
		mkdir(full, 0755);
	}
	mkdir(full, 0755);
}

/* Makes or replaces a file, with the folders above it. */
HELPER void tree_write(const struct tree *t, const char *path, const char *text)
{
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	tree_mkdir(t, folder);
	write_at(tree_path(t, path), text);
}

/* A file whose words end with NUL, as a process's command line; in `words` they end with a blank.
 */
HELPER void tree_write_words(const struct tree *t, const char *path, const char *words)
{
	FILE *f;

	tree_write(t, path, "");
	f = fopen(tree_path(t, path), "we");
	assert_non_null(f);
	for (; *words; words++)
		fputc(*words == ' ' ? '\0' : *words, f);
	fclose(f);
}

HELPER void assert_tree_holds(const struct tree *t, const char *path, const char *text)
{
	_cleanup_free char *found = read_at(tree_path(t, path));

	assert_string_equal(found, text);
}

HELPER bool tree_has(const struct tree *t, const char *path)
{
	struct stat st;

	return lstat(tree_path(t, path), &st) == 0;
}

/* --- an empty tree for each test, by cmocka's set-up and tear-down --- */

static struct tree tree __attribute__((unused));

HELPER int tree_set_up(void **state)
{
	(void)state;
	tree_open(&tree, NULL);
	return 0;
}

/* With nodefit-net, which reads what is not nodefit's to parse. */
HELPER int tree_set_up_helped(void **state)
{
	tree_set_up(state);
	tree.sys.helper = built_program("nodefit-net");
	return 0;
}

HELPER int tree_tear_down(void **state)
{
	(void)state;
	tree_close(&tree);
	return 0;
}
