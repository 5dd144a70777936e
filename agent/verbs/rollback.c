/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent.h"
#include "apply.h"
#include "linkfile.h"
#include "log.h"
#include "persist.h"
#include "render.h"
#include "verbs.h"

/* What will undo the rollback at the next boot. */
static void tell_files(const struct sys *sys)
{
	struct strings files = {0};

	(void)persist_list(sys, &files);
	for (size_t i = 0; i < files.n; i++)
		printf("%s stays and sets its values at the next boot: `nodefit rollback "
		       "--persist` removes it\n",
		       files.v[i]);
	strings_clear(&files);
}

/* Which of the files that were there are gone? Their number. */
static size_t tell_removed(const struct sys *sys, const struct strings *files)
{
	size_t n = 0;
	struct stat st;

	for (size_t i = 0; i < files->n; i++) {
		if (sys_stat(sys, files->v[i], &st) != -ENOENT)
			continue;
		printf("%s is removed\n", files->v[i]);
		n++;
	}
	return n;
}

/* initramfs-tools and dracut copy .link files, and udev obeys the copies before it sees that the
 * files are gone. */
static void tell_initramfs(const struct sys *sys, const struct strings *files)
{
	static const struct {
		const char *there, *command;
	} makers[] = {{"/usr/sbin/update-initramfs", "update-initramfs -u"},
		      {"/usr/bin/dracut", "dracut --force"}};
	struct stat st;

	for (size_t i = 0; i < files->n; i++) {
		if (strncmp(files->v[i], LINKFILE_DIR "/", strlen(LINKFILE_DIR "/")) != 0)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(makers); k++)
			if (sys_stat(sys, makers[k].there, &st) == 0)
				printf("an initramfs made meanwhile has a copy of %s: %s\n",
				       files->v[i], makers[k].command);
	}
}

/* Who holds the agent's lock: while it lives, and its drift= is enforce, nothing stays put back. */
static void tell_agent(const struct sys *sys)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_fd int fd = sys_open(sys, RUN_DIR "/" LOCK_FILE, O_RDONLY, 0);

	if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		log_warning("the agent runs, and sets this again unless its drift= is report: stop "
			    "it first (systemctl stop nodefit-agent), or set drift=report");
}

static int run(const struct command *c)
{
	struct rollback_options options = {.persist = c->flags & FLAG_PERSIST,
					   .force = c->flags & FLAG_FORCE};
	struct profile none = {.name = (char *)"rollback"};
	_cleanup_free char *why = NULL;
	struct strings files = {0};
	struct report report;
	struct terminal t;
	uint64_t start;
	int r, code = verb_begin(c, &none, &report, &start);

	if (code)
		return code;
	if (options.persist)
		(void)persist_list(&c->sys, &files);
	r = rollback(&c->sys, options, &report.changes, &why);
	verb_end(c, &none, &report, start);
	if (r < 0 && why) {
		log_error("%s", why);
		code = 1;
	} else if (r < 0) {
		code = verb_failed("roll back", r);
	} else if (c->flags & FLAG_JSON) {
		code = render_json(&report, stdout) < 0 ? EXIT_UNSURE : 0;
	} else {
		terminal_init(&t, stdout);
		/* A boot since leaves nothing to put back, but the files. */
		if (tell_removed(&c->sys, &files) == 0 || report.changes.n > 0)
			terminal_changes(&t, &report, true);
		if (!options.persist)
			tell_files(&c->sys);
		tell_initramfs(&c->sys, &files);
		tell_agent(&c->sys);
	}
	strings_clear(&files);
	if (code == 0)
		code = report_exit_code(&report, false);
	report_clear(&report);
	return verb_flush(code);
}

const struct verb rollback_verb = {
	.name = "rollback",
	.summary = "put back what apply found",
	.about =
		"Writes the journalled values back, byte for byte. A key that somebody else has "
		"changed since is left alone and told (exit code 1) unless --force is given. After "
		"a reboot only what --persist set at boot is left to put back.",
	.flags = FLAG_JSON | FLAG_PERSIST | FLAG_FORCE,
	.run = run,
};
