/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

#include <errno.h>
#include <string.h>

#define FILE_MOST (1 << 20)

/* A number of decimal digits up to the line's end. */
static bool scan(const char *c, uint64_t *out)
{
	uint64_t value = 0;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return false;
	*out = value;
	return *c == '\n' || *c == '\0';
}

int throttle_parse(const char *text, uint64_t *ns)
{
	static const struct {
		const char *key;
		uint64_t unit;
	} keys[] = {{"throttled_time ", 1}, {"throttled_usec ", 1000}};

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			uint64_t value;

			if (strncmp(text, keys[i].key, strlen(keys[i].key)) != 0)
				continue;
			if (!scan(text + strlen(keys[i].key), &value) ||
			    __builtin_mul_overflow(value, keys[i].unit, &value))
				return -EBADMSG;
			*ns = value;
			return 0;
		}
	}
	return -ENODATA;
}

/* A part of a text. */
struct span {
	const char *at;
	size_t len;
};

/* The n-th word (from 0) of a line; empty when there are fewer. */
static struct span word(const char *line, int n)
{
	for (;;) {
		size_t len = strcspn(line, " \n");

		if (n-- == 0)
			return (struct span){line, len};
		if (line[len] != ' ')
			return (struct span){line, 0};
		line += len + 1;
	}
}

static bool is(struct span s, const char *text)
{
	return s.len == strlen(text) && strncmp(s.at, text, s.len) == 0;
}

/* Is `name` in a list with commas between? */
static bool listed(struct span list, const char *name)
{
	while (list.len) {
		const char *comma = memchr(list.at, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.at) : list.len;

		if (is((struct span){list.at, len}, name))
			return true;
		len += comma != NULL;
		list.at += len;
		list.len -= len;
	}
	return false;
}

/* The group's path in the hierarchy that has the cpu controller: version 1 where there is one. */
static struct span find_group(const char *text, bool *old)
{
	struct span found = {text, 0};

	*old = false;
	for (; *text && !*old; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *end = text + strcspn(text, "\n"), *names, *path;

		names = memchr(text, ':', (size_t)(end - text));
		path = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
		if (!path)
			continue;
		*old = listed((struct span){names + 1, (size_t)(path - names - 1)}, "cpu");
		if (*old || path == names + 1)
			found = (struct span){path + 1, (size_t)(end - path - 1)};
	}
	return found;
}

/* Does a line of mountinfo (proc_pid_mountinfo(5)) show that hierarchy? */
static bool is_mount(const char *line, bool old)
{
	int n = 6;

	/* Optional words end with a "-". */
	while (word(line, n).len && !is(word(line, n), "-"))
		n++;
	return old ? is(word(line, n + 1), "cgroup") && listed(word(line, n + 3), "cpu")
		   : is(word(line, n + 1), "cgroup2");
}

/* Does it name a folder, and none outside of this namespace's root ("/../other")? */
static bool is_inside(struct span s)
{
	return s.len && *s.at == '/' && !memmem(s.at, s.len, "/..", 3);
}

/* mountinfo writes blanks and the like as \040; a folder that is named so is not looked for. */
static bool is_plain(struct span s)
{
	return is_inside(s) && !memchr(s.at, '\\', s.len);
}

int throttle_folder(const char *cgroup, const char *mountinfo, char folder[THROTTLE_PATH],
		    size_t *top)
{
	bool old;
	struct span path = find_group(cgroup, &old);

	for (; *mountinfo; mountinfo += strcspn(mountinfo, "\n"), mountinfo += *mountinfo == '\n') {
		struct span root = word(mountinfo, 3), at = word(mountinfo, 4), below = path;

		if (!is_inside(path) || !is_mount(mountinfo, old) || !is_plain(root) ||
		    !is_plain(at))
			continue;
		/* A container may see its own group alone. */
		if (root.len > 1) {
			if (path.len < root.len || strncmp(path.at, root.at, root.len) != 0 ||
			    (path.len > root.len && path.at[root.len] != '/'))
				continue;
			below.at += root.len;
			below.len -= root.len;
		}
		if (below.len == 1)
			below.len = 0; /* "/" */
		if (at.len + below.len >= THROTTLE_PATH)
			return -ENOENT;
		memcpy(folder, at.at, at.len);
		memcpy(folder + at.len, below.at, below.len);
		folder[at.len + below.len] = '\0';
		*top = at.len;
		return 0;
	}
	return -ENOENT;
}

int throttle_read(const struct sys *sys, struct throttle *out)
{
	_cleanup_free char *cgroup = NULL, *mounts = NULL;
	struct throttle t = {0};
	char folder[THROTTLE_PATH];
	size_t top = 0;
	int r = sys_read(sys, "/proc/self/cgroup", FILE_MOST, &cgroup, NULL);

	if (r == 0)
		r = sys_read(sys, "/proc/self/mountinfo", FILE_MOST, &mounts, NULL);
	if (r == 0)
		r = throttle_folder(cgroup, mounts, folder, &top);
	if (r < 0)
		return r;
	while (t.n < THROTTLE_LEVELS) {
		_cleanup_free char *text = NULL;
		char file[THROTTLE_PATH + 16], *slash;

		snprintf(file, sizeof(file), "%s/cpu.stat", folder);
		if (sys_read(sys, file, FILE_MOST, &text, NULL) == 0 &&
		    throttle_parse(text, &t.v[t.n].ns) == 0)
			memcpy(t.v[t.n++].path, folder, sizeof(folder));
		slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < top)
			break;
		*slash = '\0';
	}
	*out = t;
	return 0;
}

uint64_t throttle_between(const struct throttle *before, const struct throttle *after,
			  const char **where)
{
	uint64_t sum = 0, most = 0;

	*where = NULL;
	for (size_t a = 0; a < after->n; a++) {
		for (size_t b = 0; b < before->n; b++) {
			uint64_t more = after->v[a].ns - before->v[b].ns;

			if (after->v[a].ns < before->v[b].ns ||
			    strcmp(after->v[a].path, before->v[b].path) != 0)
				continue;
			if (more > most) {
				most = more;
				*where = after->v[a].path;
			}
			if (__builtin_add_overflow(sum, more, &sum))
				sum = UINT64_MAX;
		}
	}
	return sum;
}
