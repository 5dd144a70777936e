/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl tuner: reads, compares, and writes single keys below /proc/sys. */
#include "sysctl.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "facts.h"
#include "key.h"
#include "ranges.h"
#include "value.h"

#define VALUE_LARGEST 65536

int sysctl_read(const struct sys *sys, const char *path, char **value)
{
	_cleanup_free char *file = NULL;
	size_t len;
	int r = format(&file, "/proc/sys/%s", path);

	if (r == 0)
		r = sys_read(sys, file, VALUE_LARGEST, value, &len);
	if (r == 0 && len && (*value)[len - 1] == '\n')
		(*value)[len - 1] = '\0';
	return r;
}

static int read_key(const struct sys *sys, const char *key, char **value)
{
	_cleanup_free char *path = NULL;
	int r = key_path(key, &path);

	return r < 0 ? r : sysctl_read(sys, path, value);
}

static int write_key(const struct sys *sys, const char *key, const char *value, char **words)
{
	_cleanup_free char *path = NULL, *file = NULL, *line = malloc(strlen(value) + 2);
	int r = key_path(key, &path);

	(void)words;
	if (r == 0)
		r = format(&file, "/proc/sys/%s", path);
	if (!line)
		return -ENOMEM;
	sprintf(line, "%s\n", value);
	return r < 0 ? r : sys_write(sys, file, line, strlen(line));
}

/* Does the key belong to one interface (net/ipv4/conf/eth0/…)? */
static bool of_interface(const char *path)
{
	return fnmatch("net/ipv[46]/conf/*/*", path, FNM_PATHNAME) == 0 ||
	       fnmatch("net/ipv[46]/neigh/*/*", path, FNM_PATHNAME) == 0;
}

static const char *explain(const char *key, int error)
{
	switch (-error) {
	case EINVAL:
		return strcmp(key, "net.ipv4.ip_local_port_range") == 0
			       ? "the kernel refuses the value (EINVAL): the lower end must not be "
				 "below net.ipv4.ip_unprivileged_port_start, nor above the upper"
			       : "the kernel refuses the value (EINVAL): out of range, or not in "
				 "the key's form";
	case EROFS:
		return "/proc/sys is read-only here (EROFS): run on the host, or in a privileged "
		       "container";
	case EPERM:
	case EACCES:
		return "not permitted: it takes root in the host's namespaces, or the key can't "
		       "be read or written at all";
	case ENOENT:
		return "this kernel has no such key";
	case ENXIO:
	case ENODEV:
		return "the device behind the key is gone";
	default:
		return strerror(-error);
	}
}

/* The key is not there: why, and what that means. */
static int plan_absent(struct change *c, const char *path, const struct sysctl_fact *fact)
{
	if (fact && fact->module) {
		c->outcome = OUTCOME_PENDING;
		return format(&c->error, "appears when the module %s is loaded", fact->module);
	}
	if (of_interface(path) && !strstr(path, "/default/") && !strstr(path, "/all/")) {
		c->outcome = OUTCOME_PENDING;
		return format(&c->error, "appears with its interface");
	}
	c->outcome = OUTCOME_ABSENT;
	if (fact && fact->flags & FACT_HOST_NET)
		return format(&c->error, "this network namespace does not have it: the host's "
					 "does (hostNetwork)");
	return format(&c->error, "%s", explain(c->key, -ENOENT));
}

/* The key was read: what has to happen. */
static int plan_present(struct change *c, enum op op, const char *value, bool limit)
{
	int r;

	if (value_satisfies(op, value, c->before)) {
		c->outcome = OUTCOME_UNCHANGED;
		return format(&c->wanted, "%s", op == OP_SET ? value : c->before);
	}
	r = value_resolve(op, value, c->before, &c->wanted);
	if (r == -EINVAL) {
		c->outcome = OUTCOME_REFUSED;
		return format(&c->error, "\"%s\" can't be applied to what it holds: \"%s\"",
			      op_text(op), c->before);
	}
	if (r < 0)
		return r;
	c->outcome = OUTCOME_WOULD_CHANGE;
	c->lowers = limit && op == OP_SET && value_lowers(c->before, c->wanted);
	return c->lowers ? strings_addf(&c->notes,
					"lowers the limit from %s to %s: write \"=> %s\" in the "
					"profile to keep the greater one",
					c->before, c->wanted, c->wanted)
			 : 0;
}

/* One wish from all settings of a key: the first, and what "=+" adds to it. */
static int fold(const struct profile *p, size_t first, enum op *op, char **value)
{
	_cleanup_free char *sum = strdup(p->settings[first].value);
	const char *key = p->settings[first].key;

	if (!sum)
		return -ENOMEM;
	*op = p->settings[first].op;
	for (size_t i = first + 1; i < p->n; i++) {
		const struct setting *s = &p->settings[i];
		struct ranges set = {{0}};
		char *text;

		if (s->overridden || strcmp(s->section, "sysctl") != 0 || strcmp(s->key, key) != 0)
			continue;
		if ((*op != OP_MERGE && *op != OP_SET) || ranges_add(&set, sum) < 0 ||
		    ranges_add(&set, s->value) < 0)
			return -EINVAL;
		if (ranges_print(&set, &text) < 0)
			return -ENOMEM;
		free(sum);
		sum = text;
	}
	*value = TAKE(sum);
	return 0;
}

static int plan_key(const struct sys *sys, const struct profile *p, size_t index,
		    const struct sysctld *files, struct change *c)
{
	const struct setting *s = &p->settings[index];
	_cleanup_free char *path = NULL, *value = NULL;
	const struct sysctl_fact *fact;
	enum op op = s->op;
	bool limit;
	int r = key_path(s->key, &path);

	c->key = strdup(s->key);
	if (!c->key)
		return -ENOMEM;
	c->origin_file = s->file;
	c->origin_line = s->line;
	c->optional = s->optional;
	if (r == 0)
		r = fold(p, index, &op, &value);
	if (r == -EINVAL) {
		c->outcome = OUTCOME_REFUSED;
		r = format(&c->error, "\"=+\" can only add to a set of numbers");
		return r < 0 ? r : format(&c->wish, "%s %s", op_text(op), s->value);
	}
	c->op = op;
	if (r < 0 || (r = format(&c->wish, "%s %s", op_text(op), value)) < 0)
		return r;
	fact = fact_find(path);
	limit = fact ? (fact->flags & FACT_LIMIT) != 0 : strstr(path, "max") != NULL;
	c->per_netns = fact && fact->flags & FACT_NETNS;
	c->writers = fact ? fact->writers : NULL;
	r = sysctl_read(sys, path, &c->before);
	if (r == 0) {
		r = plan_present(c, op, value, limit);
	} else if (r == -ENOENT) {
		r = plan_absent(c, path, fact);
	} else if (r != -ENOMEM) {
		c->outcome = OUTCOME_REFUSED;
		r = format(&c->error, "cannot be read: %s", explain(c->key, r));
	}
	if (r == 0 && !c->wanted)
		r = value_resolve(op == OP_ONE_OF ? OP_ONE_OF : OP_SET, value, "", &c->wanted);
	return r < 0 ? r : contests_find(files, path, op, value, c);
}

static bool planned(const struct changes *out, const char *key)
{
	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].tuner == &sysctl_tuner && strcmp(out->v[i].key, key) == 0)
			return true;
	return false;
}

static int plan(const struct sys *sys, const struct profile *p, struct changes *out)
{
	struct sysctld files = {0};
	int r = sysctld_read(sys, &files);

	for (size_t i = 0; i < p->n && r == 0; i++) {
		const struct setting *s = &p->settings[i];
		struct change *c;

		if (s->overridden || strcmp(s->section, "sysctl") != 0 || planned(out, s->key))
			continue;
		c = array_add(&out->v, &out->n, sizeof(*c));
		if (!c) {
			r = -ENOMEM;
			break;
		}
		c->tuner = &sysctl_tuner;
		r = plan_key(sys, p, i, &files, c);
	}
	sysctld_clear(&files);
	return r < 0 ? r : ports_judge(sys, out);
}

/* Appends the existing keys that match a pattern with at most one part to expand. */
static int expand(const struct sys *sys, const char *pattern, size_t len, const char *except,
		  struct strings *keys)
{
	_cleanup_free char *path = strndup(pattern, len);
	char *star = path ? strchr(path, '*') : NULL;
	struct strings names = {0};
	int r = 0;

	if (!path)
		return -ENOMEM;
	if (star) {
		_cleanup_free char *dir = NULL;

		if (format(&dir, "/proc/sys/%.*s", (int)(star - path), path) < 0)
			return -ENOMEM;
		r = sys_list(sys, dir, &names);
	} else {
		r = strings_addf(&names, "%s", "");
	}
	for (size_t i = 0; i < names.n && r == 0; i++) {
		_cleanup_free char *one = NULL, *name = NULL;

		r = star ? format(&one, "%.*s%s%s", (int)(star - path), path, names.v[i], star + 1)
			 : format(&one, "%s", path);
		if (r == 0)
			r = key_name(one, &name);
		if (r == 0 && strcmp(name, except) != 0)
			r = strings_addf(keys, "%s", name);
	}
	strings_clear(&names);
	return r == -ENOENT ? 0 : r;
}

static int flips(const struct sys *sys, const char *key, struct strings *keys)
{
	_cleanup_free char *path = NULL;
	const struct sysctl_fact *fact;
	int r = key_path(key, &path);

	if (r < 0)
		return r;
	fact = fact_find(path);
	for (const char *list = fact ? fact->flips : NULL; list && *list && r == 0;) {
		size_t len = strcspn(list, " ");

		r = expand(sys, list, len, key, keys);
		list += len + strspn(list + len, " ");
	}
	return r;
}

const struct tuner sysctl_tuner = {.name = "sysctl",
				   .plan = plan,
				   .read = read_key,
				   .write = write_key,
				   .explain = explain,
				   .flips = flips};
