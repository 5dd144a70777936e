/* SPDX-License-Identifier: Apache-2.0 */
/* Which .link file governs a device, by udev's word. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "linkplan.h"

#define UDEV_LARGEST ((size_t)64 * 1024)
#define HEAD_LINES   8

/* --- udev's database --- */

/* The value of an "E:KEY=value" line (systemd's src/libsystemd/sd-device writes one a property), or
 * NULL. 0 or -ENOMEM. */
static int property(const char *data, const char *key, char **value)
{
	size_t len = strlen(key);

	for (const char *l = data; l; l = strchr(l, '\n')) {
		l += *l == '\n';
		if (strncmp(l, "E:", 2) != 0 || strncmp(l + 2, key, len) != 0 || l[2 + len] != '=')
			continue;
		*value = strndup(l + len + 3, strcspn(l + len + 3, "\n"));
		return *value ? 0 : -ENOMEM;
	}
	return 0;
}

int linkfile_property(const struct sys *sys, unsigned ifindex, const char *key, char **value)
{
	_cleanup_free char *path = NULL, *data = NULL;
	int r = format(&path, LINKPLAN_UDEV "/n%u", ifindex);

	if (r == 0)
		r = sys_read(sys, path, UDEV_LARGEST, &data, NULL);
	return r < 0 ? r : property(data, key, value);
}

static int read_database(const struct link_request *rq, struct link_plan *p)
{
	int r = linkfile_property(rq->sys, rq->ifindex, "ID_NET_LINK_FILE", &p->file);

	if (r == 0)
		r = linkfile_property(rq->sys, rq->ifindex, "ID_PATH", &p->id_path);
	if (r == 0)
		r = linkfile_property(rq->sys, rq->ifindex, "ID_NET_DRIVER", &p->driver);
	if (r == -ENOMEM)
		return r;
	if (!p->file)
		return linkplan_refuse(rq, -ENOENT,
				       "udev's database (" LINKPLAN_UDEV
				       "/n%u) does not say which .link file governs %s",
				       rq->ifindex, rq->ifname);
	return 0;
}

/* Another device with the same property, by the database: its name there, or NULL. 0 or -ENOMEM. */
int linkplan_twin(const struct link_request *rq, const char *key, const char *value, char **twin)
{
	struct strings names = {0};
	unsigned index = 0;
	int r = 0;

	if (sys_list(rq->sys, LINKPLAN_UDEV, &names) < 0)
		return 0;
	for (size_t i = 0; i < names.n && r == 0 && !*twin; i++) {
		_cleanup_free char *other = NULL;

		if (sscanf(names.v[i], "n%u", &index) != 1 || index == rq->ifindex)
			continue;
		if (linkfile_property(rq->sys, index, key, &other) == -ENOMEM)
			r = -ENOMEM;
		if (r == 0 && other && strcmp(other, value) == 0)
			*twin = TAKE(names.v[i]);
	}
	strings_clear(&names);
	return r;
}

/* --- the governing file --- */

/* Our own file governs: what does it stand for? */
static int look_behind(const struct link_request *rq, const char *ours, struct link_plan *p)
{
	_cleanup_free char *text = NULL;
	const char *line;
	int r = sys_read(rq->sys, ours, UNIT_FILE_MAX, &text, NULL);

	if (r < 0)
		return linkplan_refuse(rq, r == -ENOENT ? -ESTALE : r, "cannot read %s: %s", ours,
				       strerror(-r));
	line = text;
	for (int i = 0; i < HEAD_LINES && line; i++) {
		size_t mark = strlen(LINKPLAN_IN_PLACE_OF);

		if (strncmp(line, LINKPLAN_IN_PLACE_OF, mark) == 0) {
			p->base = strndup(line + mark, strcspn(line + mark, "\n"));
			return p->base ? 0 : -ENOMEM;
		}
		line = strchr(line, '\n');
		line += line ? 1 : 0;
	}
	return linkplan_refuse(rq, -EEXIST, "%s governs %s and does not say what it stands for",
			       ours, rq->ifname);
}

/* Our file governed at boot and has been removed since: the next file in order governs if it takes
 * every device, for none before ours fits (else it would have governed). */
static int look_after(const struct link_request *rq, const struct strings *files,
		      struct link_plan *p)
{
	const char *gone = unitfile_base(p->file);

	for (size_t i = 0; i < files->n; i++) {
		struct unitfile u = {0};
		size_t others = 0;
		bool all;
		int r;

		if (strcmp(unitfile_base(files->v[i]), gone) <= 0)
			continue;
		r = unitfile_read(rq->sys, files->v[i], LINKFILE_DROPIN, &u, rq->why);
		if (r < 0)
			return r;
		for (size_t k = 0; k < u.n; k++)
			others += strcmp(u.v[k].section, "Match") == 0;
		all = others == 1 && unitfile_last(&u, "Match", "OriginalName") &&
		      strcmp(unitfile_last(&u, "Match", "OriginalName")->value, "*") == 0;
		unitfile_clear(&u);
		if (!all)
			break;
		p->base = strdup(unitfile_base(files->v[i]));
		return p->base ? 0 : -ENOMEM;
	}
	return linkplan_refuse(rq, -ESTALE, "%s governed %s and is gone: reboot first", p->file,
			       rq->ifname);
}

/* "/lib" and "/usr/lib" are one where /usr is merged. */
static const char *without_usr(const char *path)
{
	return strncmp(path, "/usr/lib/", 9) == 0 ? path + 4 : path;
}

static int find_governing(const struct link_request *rq, const struct strings *files,
			  struct link_plan *p)
{
	const char *path = NULL;
	int r;

	p->ours = fnmatch(LINKFILE_DIR "/*-nodefit-*.link", p->file, 0) == 0;
	if (!p->ours)
		p->base = strdup(unitfile_base(p->file));
	for (size_t i = 0; i < files->n && p->ours && !p->base; i++) {
		r = strcmp(files->v[i], p->file) == 0 ? look_behind(rq, p->file, p) : 0;
		if (r < 0)
			return r;
	}
	r = p->base ? 0 : p->ours ? look_after(rq, files, p) : -ENOMEM;
	if (r < 0)
		return r;
	for (size_t i = 0; i < files->n; i++)
		if (p->base && strcmp(unitfile_base(files->v[i]), p->base) == 0)
			path = files->v[i];
	if (!path && p->ours)
		return linkplan_refuse(rq, -ESTALE,
				       "%s, which %s stands for, is gone: run `nodefit rollback "
				       "--persist` and reboot",
				       p->base, p->file);
	if (!path || (!p->ours && strcmp(without_usr(path), without_usr(p->file)) != 0))
		return linkplan_refuse(rq, -ESTALE,
				       "%s governed %s at boot and has been %s%s: reboot first",
				       p->file, rq->ifname, path ? "replaced by " : "taken away",
				       path ? path : "");
	p->base_path = strdup(path);
	return p->base_path ? unitfile_read(rq->sys, path, LINKFILE_DROPIN, &p->unit, rq->why)
			    : -ENOMEM;
}

/* Is there a condition that the device certainly does not meet? */
static bool certainly_not(const struct link_request *rq, const struct link_plan *p,
			  const struct unitfile *u)
{
	const struct {
		const char *key, *value;
	} known[] = {{"PermanentMACAddress", rq->mac}, {"Path", p->id_path}, {"Driver", p->driver}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct unit_line *l = unitfile_last(u, "Match", known[i].key);

		/* Several words, or a negated one: it may. */
		if (l && known[i].value && *l->value && !strpbrk(l->value, " \t!\"'\\") &&
		    fnmatch(l->value, known[i].value, FNM_CASEFOLD) != 0)
			return true;
	}
	return false;
}

static bool is_newer(const struct stat *a, const struct stat *b)
{
	return a->st_ctim.tv_sec > b->st_ctim.tv_sec ||
	       (a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec > b->st_ctim.tv_nsec);
}

int linkplan_check_new(const struct link_request *rq, const char *first, const struct link_plan *p)
{
	_cleanup_free char *database = NULL;
	struct strings files = {0};
	struct stat udev, st;
	int r = format(&database, LINKPLAN_UDEV "/n%u", rq->ifindex);

	if (r == 0)
		r = sys_stat(rq->sys, database, &udev);
	if (r == 0)
		r = unitfile_list(rq->sys, "", ".link", &files);
	for (size_t i = 0; i < files.n && r == 0; i++) {
		struct unitfile u = {0};

		/* What was there when udev looked did not fit, or it would govern. */
		if (strcmp(unitfile_base(files.v[i]), first) >= 0 ||
		    sys_stat(rq->sys, files.v[i], &st) < 0 || !is_newer(&st, &udev) ||
		    linkfile_is_ours(rq->sys, files.v[i]) > 0)
			continue;
		r = unitfile_read(rq->sys, files.v[i], NULL, &u, NULL);
		if (r == 0 && !certainly_not(rq, p, &u))
			r = linkplan_refuse(rq, -ESTALE,
					    "%s is new and may govern %s from the next boot on: "
					    "reboot first",
					    files.v[i], rq->ifname);
		unitfile_clear(&u);
	}
	strings_clear(&files);
	return r;
}

int linkplan_governing(const struct link_request *rq, struct link_plan *p)
{
	struct strings files = {0};
	int r = read_database(rq, p);

	if (r == 0)
		r = unitfile_list(rq->sys, "", ".link", &files);
	if (r == 0)
		r = find_governing(rq, &files, p);
	strings_clear(&files);
	return r;
}
