/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>

#define SCHEMA  "nodefit-journal/v1"
#define LARGEST ((size_t)4 * 1024 * 1024)

static void clear_entry(struct journal_entry *e)
{
	free(e->tuner);
	free(e->key);
	free(e->original);
	free(e->flip_of);
	free(e->unconfirmed);
	strings_clear(&e->ours);
}

void journal_close(struct journal *j)
{
	for (size_t i = 0; i < j->n; i++)
		clear_entry(&j->v[i]);
	free(j->v);
	free(j->boot_id);
	free(j->netns);
	closep(&j->lock);
	*j = (struct journal){.lock = -1};
}

struct journal_entry *journal_find(const struct journal *j, const char *tuner, const char *key)
{
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->v[i].tuner, tuner) == 0 && strcmp(j->v[i].key, key) == 0)
			return &j->v[i];
	return NULL;
}

static int add(struct journal *j, const char *tuner, const char *key, const char *original,
	       const char *flip_of, struct journal_entry **out)
{
	struct journal_entry *e = array_add(&j->v, &j->n, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->tuner = strdup(tuner);
	e->key = strdup(key);
	e->original = strdup(original);
	e->flip_of = flip_of ? strdup(flip_of) : NULL;
	e->fresh = true;
	*out = e;
	return e->tuner && e->key && e->original && (e->flip_of || !flip_of) ? 0 : -ENOMEM;
}

int journal_note(struct journal *j, const char *tuner, const char *key, const char *before,
		 const char *value, bool *news)
{
	struct journal_entry *e = journal_find(j, tuner, key);

	if (!e) {
		int r = add(j, tuner, key, before, NULL, &e);

		if (r < 0)
			return r;
	}
	if (e->flip_of) { /* from now on it is our own doing */
		free(TAKE(e->flip_of));
		*news = true;
	}
	if (strings_contains(&e->ours, value))
		return 0;
	*news = true;
	return strings_addf(&e->ours, "%s", value);
}

int journal_note_flip(struct journal *j, const char *tuner, const char *key, const char *before,
		      const char *flip_of, bool *news)
{
	struct journal_entry *e;

	if (journal_find(j, tuner, key))
		return 0;
	*news = true;
	return add(j, tuner, key, before, flip_of, &e);
}

int journal_mark(struct journal *j, const char *tuner, const char *key, const char *before)
{
	struct journal_entry *e = journal_find(j, tuner, key);

	if (!e || e->unconfirmed)
		return 0;
	e->unconfirmed = strdup(before);
	return e->unconfirmed ? 0 : -ENOMEM;
}

bool journal_unmark(struct journal *j)
{
	bool any = false;

	for (size_t i = 0; i < j->n; i++) {
		any = any || j->v[i].unconfirmed;
		free(TAKE(j->v[i].unconfirmed));
	}
	return any;
}

void journal_drop(struct journal *j, const bool *drop)
{
	struct journal_entry *kept = NULL;
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++) {
		struct journal_entry *e = drop[i] ? NULL : array_add(&kept, &n, sizeof(*e));

		if (e)
			*e = j->v[i];
		else
			clear_entry(&j->v[i]);
	}
	free(j->v);
	j->v = kept;
	j->n = n;
}

static int read_entry(struct journal *j, json_t *item, bool same_boot)
{
	const char *tuner, *key, *original, *flip_of = NULL, *unconfirmed = NULL;
	struct journal_entry *e;
	json_t *ours, *value;
	int persisted = 0, r;
	size_t i;

	if (json_unpack(item, "{s:s,s:s,s:s,s:o,s?s,s?s,s?b}", "tuner", &tuner, "key", &key,
			"original", &original, "ours", &ours, "flip_of", &flip_of, "unconfirmed",
			&unconfirmed, "persisted", &persisted) < 0 ||
	    !json_is_array(ours) || !tuner_find(tuner) || journal_find(j, tuner, key))
		return -EBADMSG;
	if (!same_boot && !persisted)
		return 0;
	r = add(j, tuner, key, original, flip_of, &e);
	if (r < 0)
		return r;
	e->persisted = persisted;
	e->fresh = false;
	/* A reboot has put it back. */
	if (unconfirmed && same_boot) {
		e->unconfirmed = strdup(unconfirmed);
		if (!e->unconfirmed)
			return -ENOMEM;
	}
	json_array_foreach(ours, i, value)
	{
		if (!json_is_string(value))
			return -EBADMSG;
		r = strings_addf(&e->ours, "%s", json_string_value(value));
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse(struct journal *j, const char *text, char **why)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error), *entries, *item;
	const char *schema, *boot_id, *netns;
	bool same_boot;
	size_t i;
	int r = 0;

	if (!root || json_unpack_ex(root, &error, 0, "{s:s,s:s,s:s,s:o}", "schema", &schema,
				    "boot_id", &boot_id, "netns", &netns, "entries", &entries) < 0)
		goto bad;
	if (strcmp(schema, SCHEMA) != 0 || !json_is_array(entries)) {
		snprintf(error.text, sizeof(error.text), "not a " SCHEMA);
		goto bad;
	}
	same_boot = *boot_id && strcmp(boot_id, j->boot_id) == 0;
	if (same_boot && strcmp(netns, j->netns) != 0) {
		json_decref(root);
		return format(why,
			      "the journal " JOURNAL_DIR "/" JOURNAL_FILE
			      " was written in another network namespace: run nodefit there, or "
			      "remove the file to forget what was there") < 0
			       ? -ENOMEM
			       : -EXDEV;
	}
	json_array_foreach(entries, i, item)
	{
		r = read_entry(j, item, same_boot);
		if (r == -EBADMSG)
			snprintf(error.text, sizeof(error.text), "entry %zu is not understood",
				 i + 1);
		if (r == -EBADMSG)
			goto bad;
		if (r < 0)
			break;
	}
	json_decref(root);
	return r;
bad:
	json_decref(root);
	return format(why,
		      JOURNAL_DIR "/" JOURNAL_FILE " is damaged (%s): move it away to go on; it "
				  "held the values from before nodefit's changes",
		      error.text) < 0
		       ? -ENOMEM
		       : -EBADMSG;
}

static int read_identity(const struct sys *sys, struct journal *j)
{
	char netns[64] = "";

	if (sys_read_line(sys, "/proc/sys/kernel/random/boot_id", &j->boot_id) < 0)
		j->boot_id = strdup("");
	sys_readlink(sys, "/proc/self/ns/net", netns, sizeof(netns));
	j->netns = strdup(netns);
	return j->boot_id && j->netns ? 0 : -ENOMEM;
}

/* Opens and locks the folder; -ENOENT when it is not there and shall not be made. */
static int lock_folder(const struct sys *sys, bool create, char **why)
{
	_cleanup_fd int fd = sys_open_dir(sys, JOURNAL_DIR, create ? 0700 : 0);

	if (fd == -ENOENT && !create)
		return fd;
	if (fd < 0) {
		int r = fd;

		return format(why, "cannot open " JOURNAL_DIR ": %s%s", strerror(-r),
			      r == -EACCES ? ": run as root" : "") < 0
			       ? -ENOMEM
			       : r;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return format(why, "another nodefit is at work (" JOURNAL_DIR " is locked)") < 0
			       ? -ENOMEM
			       : -EBUSY;
	return TAKE_FD(fd);
}

int journal_open(const struct sys *sys, bool create, struct journal *out, char **why)
{
	struct journal j = {.lock = -1};
	_cleanup_free char *text = NULL;
	int r = read_identity(sys, &j);

	if (r == 0) {
		r = lock_folder(sys, create, why);
		j.lock = r < 0 ? -1 : r;
		if (r > 0 || (r == -ENOENT && !create))
			r = 0;
	}
	if (r == 0 && j.lock >= 0) {
		r = sys_read(sys, JOURNAL_DIR "/" JOURNAL_FILE, LARGEST, &text, NULL);
		if (r == 0)
			r = parse(&j, text, why);
		else if (r == -ENOENT)
			r = 0;
		else if (format(why, "cannot read " JOURNAL_DIR "/" JOURNAL_FILE ": %s",
				strerror(-r)) < 0)
			r = -ENOMEM;
	}
	if (r < 0) {
		journal_close(&j);
		return r;
	}
	*out = j;
	return 0;
}

static json_t *entry_json(const struct journal_entry *e)
{
	json_t *ours = json_array();
	json_t *item =
		json_pack("{s:s,s:s,s:s,s:s*,s:s*,s:b,s:O}", "tuner", e->tuner, "key", e->key,
			  "original", e->original, "flip_of", e->flip_of, "unconfirmed",
			  e->unconfirmed, "persisted", e->persisted, "ours", ours);

	for (size_t i = 0; i < e->ours.n && item; i++) {
		if (json_array_append_new(ours, json_string(e->ours.v[i])) < 0) {
			json_decref(item);
			item = NULL;
		}
	}
	json_decref(ours);
	return item;
}

int journal_save(const struct sys *sys, const struct journal *j)
{
	_cleanup_free char *text = NULL;
	json_t *root, *entries;
	bool sound = true;

	if (j->n == 0) {
		int r = sys_remove(sys, JOURNAL_DIR, JOURNAL_FILE);

		return r == -ENOENT ? 0 : r;
	}
	entries = json_array();
	root = json_pack("{s:s,s:s,s:s,s:O}", "schema", SCHEMA, "boot_id", j->boot_id, "netns",
			 j->netns, "entries", entries);
	for (size_t i = 0; i < j->n && sound; i++)
		sound = json_array_append_new(entries, entry_json(&j->v[i])) == 0;
	if (root && sound)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(entries);
	json_decref(root);
	if (!text) /* memory, or a value that is not UTF-8 and so no JSON */
		return -EILSEQ;
	return sys_replace(sys, JOURNAL_DIR, JOURNAL_FILE, text, strlen(text), 0600);
}
