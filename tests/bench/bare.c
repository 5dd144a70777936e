/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries alone cost in memory: a program that opens what nodefit's agent (or, with NET,
 * nodefit-net) opens of each, and then waits. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#ifdef NET
#include <curl/curl.h>
#include <microhttpd.h>
#include <yaml.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *len, void **own)
{
	(void)context, (void)c, (void)url, (void)method, (void)version, (void)data, (void)len;
	(void)own;
	return MHD_NO;
}

static int open_libraries(void)
{
	yaml_parser_t parser;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !curl_multi_init() ||
	    !curl_easy_init() || !yaml_parser_initialize(&parser))
		return -1;
	yaml_parser_delete(&parser);
	return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, NULL,
				MHD_OPTION_CONNECTION_LIMIT, 8U, MHD_OPTION_END)
		       ? 0
		       : -1;
}
#else
#include <ini.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

static int on_setting(void *context, const char *section, const char *name, const char *value)
{
	(void)context, (void)section, (void)name, (void)value;
	return 1;
}

static int open_libraries(void)
{
	struct nl_sock *socket = nl_socket_alloc();

	return socket && genl_connect(socket) == 0 && genl_ctrl_resolve(socket, "ethtool") >= 0 &&
			       ini_parse("/dev/null", on_setting, NULL) == 0
		       ? 0
		       : -1;
}
#endif

int main(void)
{
	sd_event *event;
	json_t *root = json_pack("{s:i}", "one", 1);
	char *text = root ? json_dumps(root, 0) : NULL;

	if (!text || open_libraries() < 0 || sd_event_default(&event) < 0)
		return 1;
	json_decref(root);
	puts(text);
	fflush(stdout);
	sd_notify(false, "READY=1");
	return sd_event_loop(event);
}
