/* SPDX-License-Identifier: Apache-2.0 */
#include "nodeapi.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "text.h"

void nodeapi_stamp(int64_t when, char out[NODEAPI_STAMP])
{
	time_t t = (time_t)when;
	struct tm tm;

	*out = '\0';
	if (gmtime_r(&t, &tm))
		strftime(out, NODEAPI_STAMP, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int wrap(json_t *condition, char **body)
{
	json_t *root = json_pack("{s:{s:[o]}}", "status", "conditions", condition);
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	if (!text)
		return -ENOMEM;
	*body = text;
	return 0;
}

int nodeapi_patch(const struct condition *c, int64_t heartbeat, int64_t transition, char **body)
{
	char beat[NODEAPI_STAMP], since[NODEAPI_STAMP];

	nodeapi_stamp(heartbeat, beat);
	nodeapi_stamp(transition, since);
	return wrap(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", CONDITION_TYPE, "status",
			      condition_text(c->status), "reason", c->reason, "message", c->message,
			      "lastHeartbeatTime", beat, "lastTransitionTime", since),
		    body);
}

int nodeapi_delete_patch(char **body)
{
	return wrap(json_pack("{s:s,s:s}", "$patch", "delete", "type", CONDITION_TYPE), body);
}

int nodeapi_lease(const char *node, const char *uid, int64_t renewed, double seconds, bool whole,
		  char **body)
{
	char stamp[NODEAPI_STAMP], micro[NODEAPI_STAMP + 8];
	json_t *root;

	/* A MicroTime has six places behind the point. */
	nodeapi_stamp(renewed, stamp);
	snprintf(micro, sizeof(micro), "%.19s.000000Z", stamp);
	root = json_pack("{s:{s:s,s:i,s:s}}", "spec", "holderIdentity", node,
			 "leaseDurationSeconds", (int)seconds, "renewTime", micro);
	if (root && whole)
		json_object_update_new(root, json_pack("{s:s,s:s,s:{s:s}}", "apiVersion",
						       "coordination.k8s.io/v1", "kind", "Lease",
						       "metadata", "name", node));
	/* It goes with its node. */
	if (root && whole && *uid)
		json_object_set_new(json_object_get(root, "metadata"), "ownerReferences",
				    json_pack("[{s:s,s:s,s:s,s:s}]", "apiVersion", "v1", "kind",
					      "Node", "name", node, "uid", uid));
	*body = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	return *body ? 0 : -ENOMEM;
}

void nodeapi_uid(const struct api_reply *node, char *uid, size_t size)
{
	json_t *root = json_loadb(node->body, node->len, 0, NULL);
	const char *text =
		json_string_value(json_object_get(json_object_get(root, "metadata"), "uid"));

	snprintf(uid, size, "%s", text && strlen(text) < size ? text : "");
	json_decref(root);
}

static bool read_condition(const json_t *from, struct condition *out, int64_t *transition)
{
	const char *status = json_string_value(json_object_get(from, "status"));
	const char *reason = json_string_value(json_object_get(from, "reason"));
	const char *message = json_string_value(json_object_get(from, "message"));
	const char *since = json_string_value(json_object_get(from, "lastTransitionTime"));
	struct tm tm = {0};
	const char *end = since ? strptime(since, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;

	if (!status || !condition_parse(status, &out->status) || !end || *end)
		return false;
	text_cut(out->reason, sizeof(out->reason), reason ? reason : "");
	text_cut(out->message, sizeof(out->message), message ? message : "");
	*transition = timegm(&tm);
	return true;
}

bool nodeapi_find(const struct api_reply *node, const char *type, struct condition *out,
		  int64_t *transition)
{
	json_t *root = json_loadb(node->body, node->len, 0, NULL);
	const json_t *conditions = json_object_get(json_object_get(root, "status"), "conditions");
	struct condition found = {0};
	bool read = false;
	size_t index;
	json_t *c;

	json_array_foreach(conditions, index, c)
	{
		const char *its = json_string_value(json_object_get(c, "type"));

		if (its && strcmp(its, type) == 0)
			read = read_condition(c, &found, transition);
	}
	json_decref(root);
	if (read)
		*out = found;
	return read;
}

/* The last ones first, so that places do not move. What has no effect on a pod is a taint as well.
 */
static int add_removals(const json_t *taints, const char *key, json_t *patch)
{
	for (size_t i = json_array_size(taints); i-- > 0;) {
		json_t *taint = json_array_get(taints, i);
		const char *its = json_string_value(json_object_get(taint, "key"));
		char path[40];

		if (!its || strcmp(its, key) != 0)
			continue;
		snprintf(path, sizeof(path), "/spec/taints/%zu", i);
		if (json_array_append_new(patch, json_pack("{s:s,s:s,s:O}", "op", "test", "path",
							   path, "value", taint)) < 0 ||
		    json_array_append_new(patch,
					  json_pack("{s:s,s:s}", "op", "remove", "path", path)) < 0)
			return -ENOMEM;
	}
	return 0;
}

int nodeapi_untaint(const struct api_reply *node, const char *key, char **body)
{
	json_t *root = json_loadb(node->body, node->len, 0, NULL);
	const json_t *taints = json_object_get(json_object_get(root, "spec"), "taints");
	json_t *patch = json_array();
	int r = !root ? -EBADMSG : patch ? add_removals(taints, key, patch) : -ENOMEM;
	bool any = r == 0 && json_array_size(patch) > 0;
	char *text = any ? json_dumps(patch, JSON_COMPACT) : NULL;

	json_decref(patch);
	json_decref(root);
	if (any && !text)
		r = -ENOMEM;
	if (text)
		*body = text;
	return r < 0 ? r : any;
}

char *nodeapi_explain(const struct api_reply *reply, const struct nodeapi_right *right,
		      const char *node)
{
	char *text = NULL;

	if (reply->status == 0)
		(void)format(&text, "the API server can't be reached: %s", reply->error);
	else if (reply->status == 401)
		(void)format(&text, "the API server does not accept the credentials (401): the "
				    "token or certificate is read again at the next send");
	else if (reply->status == 403)
		(void)format(&text,
			     "not allowed (403): a role needs apiGroups: [\"%s\"], resources: "
			     "[\"%s\"], verbs: [%s]; kubelet's own credentials may for their node "
			     "only",
			     right->group, right->resource, right->verbs);
	else if (reply->status == 404 && right->missing)
		(void)format(&text, "%s (404)", right->missing);
	else if (reply->status == 404)
		(void)format(&text,
			     "there is no node \"%s\" (404): [reporter] node= names it as the "
			     "cluster does",
			     node);
	else if (reply->status == 429)
		(void)format(&text, "the API server asks to wait (429)");
	else
		(void)format(&text, "the API server answers %ld", reply->status);
	return text;
}
