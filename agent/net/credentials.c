/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <string.h>

#include "ip.h"
#include "text.h"

#define POD_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"

static bool is_port(const char *text)
{
	wide port;

	return number_parse(text, &port) == 0 && port > 0 && port <= 65535;
}

/* Letters, digits, "-" and "." of a name, or an address. */
static bool is_host(const char *text)
{
	struct ip ip;

	if (ip_parse(text, &ip))
		return true;
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-.") == strlen(text);
}

/* 0, -EINVAL (noted) or -ENOMEM. */
static int server_of_pod(char **server, struct problems *problems)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	bool six;

	if (!host || !port) {
		problem_error(
			problems, NULL, 0,
			"not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
			"not set; name a kubeconfig= or a server=");
		return -EINVAL;
	}
	if (!is_host(host) || !is_port(port)) {
		problem_error(problems, NULL, 0,
			      "KUBERNETES_SERVICE_HOST=%.64s, KUBERNETES_SERVICE_PORT=%.16s are no "
			      "address and port",
			      host, port);
		return -EINVAL;
	}
	six = strchr(host, ':') != NULL;
	return format(server, "https://%s%s%s:%s", six ? "[" : "", host, six ? "]" : "", port);
}

int credentials_of_pod(const char *folder, const char *server, struct credentials *out,
		       struct problems *problems)
{
	struct credentials c = {0};
	int r = *server ? format(&c.server, "%s", server) : server_of_pod(&c.server, problems);

	if (r < 0)
		return r;
	if (format(&c.ca_file, "%s/ca.crt", folder ? folder : POD_FOLDER) < 0 ||
	    format(&c.token_file, "%s/token", folder ? folder : POD_FOLDER) < 0) {
		credentials_clear(&c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

static void forget(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void credentials_clear(struct credentials *c)
{
	free(c->server);
	free(c->server_name);
	free(c->ca_file);
	free(c->ca_pem);
	free(c->token_file);
	free(c->cert_file);
	free(c->cert_pem);
	free(c->key_file);
	forget(&c->token);
	forget(&c->key_pem);
	*c = (struct credentials){0};
}
