/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that only root may read, such as kubelet's: systemd hands them over in
 * $CREDENTIALS_DIRECTORY (LoadCredential=, systemd.exec(5)); a nodefit-net that is started as root
 * takes them into memory before it gives root up. Both are copies; what becomes of an old one is in
 * publish.c. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "credentials.h"
#include "log.h"
#include "reporter.h"

#define LARGEST 65536

/* As that user will see it; no other thread exists yet. */
static int open_as(const char *path, uid_t uid)
{
	bool root = geteuid() == 0;
	int fd, error;

	if (root) {
		/* They go with the rest later: what they may read does not count. */
		if (setgroups(0, NULL) < 0)
			return -1;
		setfsgid(uid);
		setfsuid(uid);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	error = errno;
	if (root) {
		setfsuid(0);
		setfsgid(0);
	}
	errno = error;
	return fd;
}

int handover_open(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY"), *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = negative_errno();
	_cleanup_free char *handed = NULL;

	if (fd >= 0)
		return fd;
	/* A unit may not even see the folder of what it is handed. */
	if ((error != -EACCES && error != -ENOENT) || !folder)
		return error;
	if (format(&handed, "%s/%s", folder, slash ? slash + 1 : path) < 0)
		return -ENOMEM;
	fd = open(handed, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 ? fd : error;
}

static int copy(const char *path, char **out)
{
	_cleanup_fd int fd = handover_open(path);
	char *text;
	ssize_t n;

	if (fd < 0)
		return fd;
	text = calloc(1, LARGEST + 1);
	if (!text)
		return -ENOMEM;
	n = read(fd, text, LARGEST + 1);
	if (n < 0 || n > LARGEST) {
		explicit_bzero(text, LARGEST + 1);
		free(text);
		return n < 0 ? negative_errno() : -EFBIG;
	}
	*out = text;
	return 0;
}

/* One of them: the file stays when the later user can read it. 0, -EINVAL (noted) or -ENOMEM. */
static int take(struct credentials *c, char **file, char **text, struct problems *problems)
{
	_cleanup_fd int fd = *file ? open_as(*file, PRIVILEGES_NOBODY) : -1;
	const char *slash;
	int error;

	if (!*file || fd >= 0)
		return 0;
	error = copy(*file, text);
	if (error < 0) {
		slash = strrchr(*file, '/');
		problem_error(problems, *file, 0,
			      "cannot be read: %s; a unit hands it over by LoadCredential=%s:%s",
			      strerror(-error), slash ? slash + 1 : *file, *file);
		return error == -ENOMEM || error == -ENOENT ? error : -EINVAL;
	}
	log_info("%s is not readable without privileges: taken over once, at the start", *file);
	free(TAKE(*file));
	c->copied = true;
	return 0;
}

int handover_take(struct credentials *c, struct problems *problems)
{
	int error = take(c, &c->ca_file, &c->ca_pem, problems);

	if (error == 0)
		error = take(c, &c->token_file, &c->token, problems);
	if (error == 0)
		error = take(c, &c->cert_file, &c->cert_pem, problems);
	return error < 0 ? error : take(c, &c->key_file, &c->key_pem, problems);
}
