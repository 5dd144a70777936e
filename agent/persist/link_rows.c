/* SPDX-License-Identifier: Apache-2.0 */
/* From the net tuner's rows to one .link file for each link. */
#include <string.h>

#include "link.h"
#include "persist.h"

/* The link that a row is about; false for other tuners' rows. */
static bool link_of(const struct change *c, char name[IF_NAMESIZE])
{
	size_t len = strcspn(c->key, "/");

	if (c->tuner != &net_tuner || len >= IF_NAMESIZE)
		return false;
	memcpy(name, c->key, len);
	name[len] = '\0';
	return true;
}

static bool is_about(const struct change *c, const char *link)
{
	char name[IF_NAMESIZE];

	return link_of(c, name) && strcmp(name, link) == 0;
}

/* Is it, or will it be, as the profile wants it? */
static bool holds(const struct change *c)
{
	return c->outcome == OUTCOME_UNCHANGED || c->outcome == OUTCOME_CHANGED ||
	       c->outcome == OUTCOME_WOULD_CHANGE;
}

static bool can_say(const struct change *c)
{
	struct link_settings s = {.n = 0};

	return link_settings_add(&s, c) == 0;
}

/* --- what will be written --- */

static int note(struct change *c, const char *why)
{
	return strings_addf(&c->notes, "not persisted: %s", why);
}

/* Where one row will be said, or why nowhere. */
static int plan_row(struct change *c, const char *path, const char *refusal)
{
	char text[128];

	if (!can_say(c)) {
		snprintf(text, sizeof(text), "systemd.link has no name for %s",
			 strchr(c->key, '/') + 1);
		return note(c, text);
	}
	return path ? format(&c->persisted_in, "%s", path) : note(c, refusal);
}

static int plan_link(const struct sys *sys, const struct links *links, const char *name,
		     struct changes *changes, char **why)
{
	const struct link *l = links_find(links, name);
	_cleanup_free char *path = NULL, *refusal = NULL;
	struct link_settings s = {.n = 0};
	char mac[LINK_MAC_TEXT];
	int r = 0;

	for (size_t i = 0; i < changes->n; i++)
		if (is_about(&changes->v[i], name) && holds(&changes->v[i]))
			(void)link_settings_add(&s, &changes->v[i]); /* plan_row() tells */
	if (l && s.n)
		r = linkfile_check(sys, name, l->index,
				   link_mac(l->permanent, l->permanent_len, mac), s.v, s.n, &path,
				   &refusal);
	if (r == -EEXIST)
		*why = TAKE(refusal);
	if (r == -EEXIST || r == -ENOMEM)
		return r;
	r = 0;
	for (size_t i = 0; i < changes->n && r == 0; i++)
		if (is_about(&changes->v[i], name) && holds(&changes->v[i]))
			r = plan_row(&changes->v[i], path, refusal ? refusal : "the link is gone");
	return r;
}

int linkrows_plan(const struct sys *sys, struct changes *changes, char **why)
{
	_cleanup_links struct links links = {0};
	char name[IF_NAMESIZE], done[IF_NAMESIZE] = "";
	int r = 0;

	for (size_t i = 0; i < changes->n && r == 0; i++) {
		struct change *c = &changes->v[i];

		if (!link_of(c, name))
			continue;
		if (c->outcome == OUTCOME_PENDING)
			r = note(c, "which .link file governs a link is known when it is there");
		if (!holds(c) || strcmp(name, done) == 0)
			continue;
		if (!links.n)
			r = links_read(sys, &links);
		/* A link's rows stand together. */
		if (r == 0)
			r = plan_link(sys, &links, name, changes, why);
		snprintf(done, sizeof(done), "%s", name);
	}
	return r;
}

/* --- writing --- */

/* What there is to say of a link goes into its file, whose path is added to `written`. */
static int write_link(const struct sys *sys, const struct profile *p, const struct link *l,
		      const struct changes *changes, struct strings *written, char **why)
{
	_cleanup_free char *path = NULL, *refusal = NULL;
	struct link_settings s = {.n = 0};
	char mac[LINK_MAC_TEXT];
	int r;

	for (size_t i = 0; i < changes->n; i++)
		if (is_about(&changes->v[i], l->name) && changes->v[i].persisted_in)
			(void)link_settings_add(&s, &changes->v[i]);
	r = linkfile_write(sys, l->name, l->index, link_mac(l->permanent, l->permanent_len, mac),
			   s.v, s.n, p->name, &path, &refusal);
	if (r == 0)
		return strings_addf(written, "%s", path);
	return refusal && format(why, "the values are set, but not for the next boots: %s",
				 refusal) < 0
		       ? -ENOMEM
		       : r;
}

/* A row that should be in a file and is not: its link is not there, or can't be had now. */
static bool is_left_out(const struct change *c)
{
	return c->tuner == &net_tuner &&
	       (c->outcome == OUTCOME_PENDING || (holds(c) && !c->persisted_in && can_say(c)));
}

static int remove_stale(const struct sys *sys, const struct strings *written, char **why)
{
	struct strings ours = {0};
	int r = linkfile_ours(sys, &ours);

	for (size_t i = 0; i < ours.n && r == 0; i++) {
		if (strings_contains(written, ours.v[i]))
			continue;
		r = linkfile_remove(sys, ours.v[i]);
		if (r < 0 && format(why, "the values are set, but %s can't be removed: %s",
				    ours.v[i], strerror(-r)) < 0)
			r = -ENOMEM;
	}
	strings_clear(&ours);
	return r;
}

int linkrows_write(const struct sys *sys, const struct profile *p, struct changes *changes,
		   char **why)
{
	_cleanup_links struct links links = {0};
	struct strings written = {0};
	char name[IF_NAMESIZE], done[IF_NAMESIZE] = "";
	bool complete = true;
	int r = 0;

	for (size_t i = 0; i < changes->n && r == 0; i++) {
		const struct change *c = &changes->v[i];
		const struct link *l;

		complete = complete && !is_left_out(c);
		if (!link_of(c, name) || !c->persisted_in || strcmp(name, done) == 0)
			continue;
		if (!links.n)
			r = links_read(sys, &links);
		l = r == 0 ? links_find(&links, name) : NULL;
		if (l)
			r = write_link(sys, p, l, changes, &written, why);
		complete = complete && l;
		snprintf(done, sizeof(done), "%s", name);
	}
	/* The file of a row that was left out is not to be told from one that no row needs. */
	if (r == 0 && complete)
		r = remove_stale(sys, &written, why);
	strings_clear(&written);
	return r;
}
