/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and removing the .link files and drop-ins that nodefit has written. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "linkfile.h"
#include "unitfile.h"

#define LARGEST ((size_t)1024 * 1024)

int linkfile_is_ours(const struct sys *sys, const char *path)
{
	_cleanup_free char *text = NULL;
	int r = sys_read(sys, path, LARGEST, &text, NULL);

	if (r < 0)
		return r;
	return strncmp(text, LINKFILE_SIGNATURE, strlen(LINKFILE_SIGNATURE)) == 0;
}

int linkfile_list(const struct sys *sys, struct strings *paths)
{
	struct strings names = {0};
	struct stat st;
	int r = 0;

	if (sys_list(sys, LINKFILE_DIR, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n && r == 0; i++) {
		_cleanup_free char *dropin = NULL;

		if (fnmatch("*-nodefit-*.link", names.v[i], 0) == 0) {
			r = strings_addf(paths, LINKFILE_DIR "/%s", names.v[i]);
		} else if (fnmatch("*.link.d", names.v[i], 0) == 0) {
			r = format(&dropin, LINKFILE_DIR "/%s/" LINKFILE_DROPIN, names.v[i]);
			if (r == 0 && sys_stat(sys, dropin, &st) == 0)
				r = strings_addf(paths, "%s", dropin);
		}
	}
	strings_clear(&names);
	return r;
}

int linkfile_remove(const struct sys *sys, const char *path)
{
	const char *base = unitfile_base(path);
	_cleanup_free char *dir = strndup(path, (size_t)(base - path - 1));
	_cleanup_fd int fd = -1;
	int r = dir ? sys_remove(sys, dir, base) : -ENOMEM;

	if ((r < 0 && r != -ENOENT) || strcmp(dir, LINKFILE_DIR) == 0)
		return r;
	fd = sys_open_dir(sys, LINKFILE_DIR, 0);
	if (fd >= 0)
		(void)unlinkat(fd, unitfile_base(dir), AT_REMOVEDIR); /* it may hold others */
	return r;
}

static bool has_draft(const struct sys *sys, const char *path)
{
	const char *base = unitfile_base(path);
	_cleanup_free char *draft = NULL;
	struct stat st;

	return format(&draft, "%.*s.%s.new", (int)(base - path), path, base) == 0 &&
	       sys_stat(sys, draft, &st) == 0;
}

/* What a killed run left behind: not whole, so that its first line proves nothing. */
static void remove_drafts(const struct sys *sys)
{
	struct strings names = {0};

	if (sys_list(sys, LINKFILE_DIR, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		size_t len = strlen(names.v[i]);
		_cleanup_free char *path = NULL;

		if (fnmatch(".*-nodefit-*.link.new", names.v[i], 0) == 0)
			(void)format(&path, LINKFILE_DIR "/%.*s", (int)(len - 5), names.v[i] + 1);
		else if (fnmatch("*.link.d", names.v[i], 0) == 0)
			(void)format(&path, LINKFILE_DIR "/%s/" LINKFILE_DROPIN, names.v[i]);
		if (path && has_draft(sys, path))
			(void)linkfile_remove(sys, path);
	}
	strings_clear(&names);
}

static int check_all(const struct sys *sys, const struct strings *paths, char **why)
{
	for (size_t i = 0; i < paths->n; i++) {
		int r = linkfile_is_ours(sys, paths->v[i]);

		if (r > 0)
			continue;
		if (r < 0)
			return format(why, "cannot read %s: %s", paths->v[i], strerror(-r)) < 0
				       ? -ENOMEM
				       : r;
		return format(why,
			      "%s was not written by nodefit: it is left alone; move it away first",
			      paths->v[i]) < 0
			       ? -ENOMEM
			       : -EEXIST;
	}
	return 0;
}

int linkfile_remove_all(const struct sys *sys, bool force, struct strings *removed, char **why)
{
	struct strings paths = {0};
	int r = linkfile_list(sys, &paths);

	if (r == 0 && !force)
		r = check_all(sys, &paths, why);
	for (size_t i = 0; i < paths.n && r == 0; i++) {
		r = linkfile_remove(sys, paths.v[i]);
		if (r == 0)
			r = strings_addf(removed, "%s", paths.v[i]);
		else if (format(why, "cannot remove %s: %s", paths.v[i], strerror(-r)) < 0)
			r = -ENOMEM;
	}
	strings_clear(&paths);
	if (r == 0)
		remove_drafts(sys);
	return r;
}

int linkfile_ours(const struct sys *sys, struct strings *paths)
{
	struct strings all = {0};
	int r = linkfile_list(sys, &all);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (linkfile_is_ours(sys, all.v[i]) > 0)
			r = strings_addf(paths, "%s", all.v[i]);
	strings_clear(&all);
	return r;
}
