/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig (kubernetes.io, "kubeconfig v1"): what kubelet's and kubeadm's files use of it. */
#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "credentials.h"

#define FILE_LARGEST ((size_t)1 << 20)

struct reading {
	const char *path;
	yaml_document_t *doc;
	struct problems *problems;
};

static int refuse(const struct reading *rd, const yaml_node_t *at, const char *text)
{
	problem_error(rd->problems, rd->path, at ? (unsigned)at->start_mark.line + 1 : 0, "%s",
		      text);
	return -EINVAL;
}

static const char *text_of(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

static yaml_node_t *get(const struct reading *rd, const yaml_node_t *map, const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top; p++) {
		const char *name = text_of(yaml_document_get_node(rd->doc, p->key));

		if (name && strcmp(name, key) == 0)
			return yaml_document_get_node(rd->doc, p->value);
	}
	return NULL;
}

static const char *get_text(const struct reading *rd, const yaml_node_t *map, const char *key)
{
	const char *text = text_of(get(rd, map, key));

	return text && *text ? text : NULL;
}

/* The element of that name in the list `list`, and of it what is called `what`. */
static yaml_node_t *named(const struct reading *rd, const char *list, const char *name,
			  const char *what)
{
	const yaml_node_t *all = get(rd, yaml_document_get_root_node(rd->doc), list);

	if (!all || all->type != YAML_SEQUENCE_NODE || !name)
		return NULL;
	for (const yaml_node_item_t *i = all->data.sequence.items.start;
	     i < all->data.sequence.items.top; i++) {
		const yaml_node_t *element = yaml_document_get_node(rd->doc, *i);
		const char *its = get_text(rd, element, "name");

		if (its && strcmp(its, name) == 0)
			return get(rd, element, what);
	}
	return NULL;
}

/* RFC 4648, 4. White space may be anywhere. NULL when it is not that, or holds a NUL. */
static char *decode(const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	_cleanup_free char *out = malloc(strlen(text) / 4 * 3 + 4);
	unsigned bits = 0, held = 0;
	size_t len = 0;

	for (; out && *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		if (strchr(" \t\r\n", *text))
			continue;
		if (!digit)
			return NULL;
		bits = bits << 6 | (unsigned)(digit - digits);
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		out[len] = (char)(bits >> held & 0xff);
		if (out[len++] == '\0')
			return NULL;
	}
	if (!out || len == 0 || text[strspn(text, "= \t\r\n")])
		return NULL;
	out[len] = '\0';
	return TAKE(out);
}

/* KEY-data inline, or KEY as a path. 0 or -errno; neither is no error. */
static int take(const struct reading *rd, const yaml_node_t *map, const char *key, char **file,
		char **pem)
{
	const char *slash = strrchr(rd->path, '/'), *text;
	char data[64];

	snprintf(data, sizeof(data), "%s-data", key);
	text = get_text(rd, map, data);
	if (text) {
		*pem = decode(text);
		return *pem ? 0 : refuse(rd, get(rd, map, data), "the data is no base64 of text");
	}
	text = get_text(rd, map, key);
	if (!text)
		return 0;
	if (*text == '/' || !slash)
		return format(file, "%s", text);
	return format(file, "%.*s/%s", (int)(slash - rd->path), rd->path, text);
}

/* https://HOST:PORT, perhaps with a path and slashes behind it. */
static bool is_server(const char *text)
{
	const char *host = text + strlen("https://");

	if (strncmp(text, "https://", strlen("https://")) != 0 || !*host || *host == '/')
		return false;
	for (const char *c = host; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("?#@", *c))
			return false;
	return true;
}

static int take_cluster(const struct reading *rd, const yaml_node_t *cluster, struct credentials *c)
{
	const char *server = get_text(rd, cluster, "server");
	const char *skip = get_text(rd, cluster, "insecure-skip-tls-verify");
	const char *name = get_text(rd, cluster, "tls-server-name");
	size_t len;
	int r;

	if (!server || !is_server(server))
		return refuse(rd, get(rd, cluster, "server"),
			      "the cluster's server: is not of the form https://HOST:PORT");
	if (skip && strcmp(skip, "true") == 0)
		return refuse(rd, get(rd, cluster, "insecure-skip-tls-verify"),
			      "insecure-skip-tls-verify is not done: name the server's CA");
	if (get(rd, cluster, "proxy-url"))
		return refuse(rd, get(rd, cluster, "proxy-url"), "proxy-url is not supported");
	len = strlen(server);
	while (server[len - 1] == '/')
		len--;
	r = format(&c->server, "%.*s", (int)len, server);
	if (r == 0 && name)
		r = format(&c->server_name, "%s", name);
	return r < 0 ? r : take(rd, cluster, "certificate-authority", &c->ca_file, &c->ca_pem);
}

static int take_user(const struct reading *rd, const yaml_node_t *user, struct credentials *c)
{
	static const struct {
		const char *key, *words;
	} refused[] = {
		{"exec",
		 "an exec plugin is a program that nodefit-net does not run: give it a token "
		 "file or a client certificate"},
		{"auth-provider", "auth-provider is not supported: give a token file or a client "
				  "certificate"},
		{"username", "basic authentication is not supported: API servers don't have it any "
			     "more"},
		{"as", "impersonation is not supported"},
	};
	const char *token = get_text(rd, user, "token");
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (get(rd, user, refused[i].key))
			return refuse(rd, get(rd, user, refused[i].key), refused[i].words);
	r = take(rd, user, "client-certificate", &c->cert_file, &c->cert_pem);
	if (r == 0)
		r = take(rd, user, "client-key", &c->key_file, &c->key_pem);
	if (r == 0)
		r = take(rd, user, "tokenFile", &c->token_file, &c->token);
	if (r == 0 && token && !c->token_file) /* the file has precedence, as in kubectl */
		r = format(&c->token, "%s", token);
	c->copied = c->token || c->cert_pem || c->key_pem;
	if (r == 0 && !c->token && !c->token_file && !c->cert_file && !c->cert_pem)
		return refuse(rd, user, "the user has no token and no client certificate");
	if (r == 0 && (c->cert_file || c->cert_pem) && !c->key_file && !c->key_pem)
		return refuse(rd, user, "the user has a client certificate without its key");
	return r;
}

static int read_document(const struct reading *rd, struct credentials *c)
{
	const yaml_node_t *root = yaml_document_get_root_node(rd->doc), *context, *cluster, *user;
	const char *current = get_text(rd, root, "current-context");
	int r;

	if (!current)
		return refuse(rd, root, "there is no current-context");
	context = named(rd, "contexts", current, "context");
	cluster = named(rd, "clusters", get_text(rd, context, "cluster"), "cluster");
	user = named(rd, "users", get_text(rd, context, "user"), "user");
	if (!context || !cluster || !user)
		return refuse(rd, get(rd, root, "current-context"),
			      "the current context, or its cluster or user, is not in the file");
	r = take_cluster(rd, cluster, c);
	return r < 0 ? r : take_user(rd, user, c);
}

static int read_text(const char *path, char **text, size_t *len, struct problems *problems)
{
	int fd = handover_open(path);
	_cleanup_file FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	_cleanup_free char *all = f ? malloc(FILE_LARGEST + 1) : NULL;

	if (!f) {
		const char *slash = strrchr(path, '/');

		if (fd >= 0)
			close(fd);
		problem_error(problems, path, 0,
			      "cannot be read: %s; a unit hands it over by LoadCredential=%s:%s",
			      strerror(fd < 0 ? -fd : errno), slash ? slash + 1 : path, path);
		return fd == -ENOENT ? fd : -EINVAL;
	}
	if (!all)
		return -ENOMEM;
	*len = fread(all, 1, FILE_LARGEST + 1, f);
	if (ferror(f) || *len > FILE_LARGEST) {
		problem_error(problems, path, 0, "cannot be read, or is larger than 1 MiB");
		return -EINVAL;
	}
	*text = TAKE(all);
	return 0;
}

int credentials_of_kubeconfig(const char *path, struct credentials *out, struct problems *problems)
{
	_cleanup_free char *text = NULL;
	struct credentials c = {0};
	yaml_parser_t parser;
	yaml_document_t doc;
	struct reading rd = {path, &doc, problems};
	size_t len;
	int r = read_text(path, &text, &len, problems);

	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (yaml_parser_load(&parser, &doc)) {
		r = read_document(&rd, &c);
		yaml_document_delete(&doc);
	} else {
		problem_error(problems, path, (unsigned)parser.problem_mark.line + 1,
			      "is no YAML: %s", parser.problem ? parser.problem : "out of memory");
		r = -EINVAL;
	}
	yaml_parser_delete(&parser);
	explicit_bzero(text, len);
	if (r < 0) {
		credentials_clear(&c);
		return r;
	}
	*out = c;
	return 0;
}
