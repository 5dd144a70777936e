/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API server is, how it proves who it is, and how we do. */
#pragma once

#include "problems.h"

/* Each is owned, or NULL. Files are read again at every request: they rotate. */
struct credentials {
	char *server;               /* "https://10.0.0.1:6443", without a slash at the end */
	char *ca_file, *ca_pem;     /* one of them; neither: the system's */
	char *token_file, *token;   /* one of them, or … */
	char *cert_file, *cert_pem; /* … a client certificate and its key; */
	char *key_file, *key_pem;   /* both may be one file */
	char *server_name;          /* the name in the server's certificate, if another */
	/* Some were taken over from files that we can't read (any more), or that are read at the
	 * start only. */
	bool copied;
};

/* What a pod is given: below `folder` (NULL: /var/run/secrets/kubernetes.io/serviceaccount) token
 * and ca.crt, and unless a `server` is named ("": none) in the environment KUBERNETES_SERVICE_HOST
 * and _PORT. 0, -EINVAL (noted) or -ENOMEM. */
int credentials_of_pod(const char *folder, const char *server, struct credentials *out,
		       struct problems *problems);

/* The current context of a kubeconfig. Paths in it are relative to its folder. What is not done,
 * such as exec plugins, is refused in words. 0, -EINVAL or -ENOENT (noted), or -ENOMEM. */
int credentials_of_kubeconfig(const char *path, struct credentials *out, struct problems *problems);

/* Opens a file to read it, or where it may not be read or seen the one of that name that systemd
 * has handed over (LoadCredential=, systemd.exec(5)). A descriptor or -errno. */
int handover_open(const char *path);
/* Takes into memory what of the files the later user, nobody where this one is root, can't read. 0,
 * -EINVAL or -ENOENT (noted), or -ENOMEM. */
int handover_take(struct credentials *c, struct problems *problems);

void credentials_clear(struct credentials *c);
