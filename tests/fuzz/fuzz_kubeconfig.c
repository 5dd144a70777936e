/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig: any bytes give credentials that are whole, or at least one error with its line. */
#include "tree.h"

#include <sys/mman.h>

#include "credentials.h"

static void check_files(const char *file, const char *pem)
{
	assert(!file || *file == '/');
	assert(!file || !pem);
	assert(!pem || *pem);
}

static void check(const struct credentials *c)
{
	const char *host = c->server + strlen("https://");

	assert(strncmp(c->server, "https://", strlen("https://")) == 0);
	assert(*host && *host != '/' && c->server[strlen(c->server) - 1] != '/');
	for (const char *at = host; *at; at++)
		assert((unsigned char)*at > ' ' && *at != 0x7f && !strchr("?#@", *at));
	check_files(c->ca_file, c->ca_pem);
	check_files(c->cert_file, c->cert_pem);
	check_files(c->key_file, c->key_pem);
	check_files(c->token_file, c->token);
	assert(c->token || c->token_file || c->cert_file || c->cert_pem);
	assert(!(c->cert_file || c->cert_pem) || c->key_file || c->key_pem);
	assert(!c->server_name || *c->server_name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[40];
	struct problems problems = {0};
	struct credentials c = {0};
	unsigned lines = 1;
	int r;

	if (fd < 0) {
		fd = memfd_create("kubeconfig", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	assert(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	/* YAML breaks lines at CR, and at some characters beyond ASCII, too. */
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	r = credentials_of_kubeconfig(path, &c, &problems);
	assert(r == 0 || r == -EINVAL);
	assert((r == 0) == (problems.errors == 0));
	for (size_t i = 0; i < problems.n; i++)
		assert(strcmp(problems.v[i].file, path) == 0 && problems.v[i].line <= lines + 1);
	if (r == 0)
		check(&c);
	else
		assert(!c.server && !c.token && !c.key_pem && !c.cert_pem && !c.ca_pem);
	credentials_clear(&c);
	problems_clear(&problems);
	return 0;
}
