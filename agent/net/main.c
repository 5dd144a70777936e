/* SPDX-License-Identifier: Apache-2.0 */
/* nodefit-net: what of nodefit speaks HTTP. It has no privileges. */
#include <getopt.h>
#include <string.h>

#include "instance.h"
#include "log.h"
#include "reporter.h"
#include "resolve.h"
#include "scraper.h"
#include "yamllines.h"

#ifndef NODEFIT_VERSION
#define NODEFIT_VERSION "unknown"
#endif

static const char usage[] =
	"usage: nodefit-net report [--config F]\n"
	"       nodefit-net yaml\n"
	"       nodefit-net resolve\n"
	"       nodefit-net instance\n"
	"       nodefit-net scrape etcd|kube-proxy|cilium|kernel-config\n\n"
	"Publishes what `nodefit agent` has found: watches /run/nodefit/report.json and tells the\n"
	"cluster by the Node condition NodeFit. It needs no privileges, and gives up those that "
	"it\n"
	"has. Exit codes: 0 stopped, 2 wrong usage or configuration, 3 could not go on.\n\n"
	"For nodefit, from standard input to standard output:\n"
	"yaml: the scalars of YAML, as lines.\n"
	"resolve: the addresses of host names.\n"
	"instance: region and zone of cloud-init's instance data.\n"
	"scrape: asks what runs on this node by HTTP, and prints what it says of itself as lines\n"
	"key=value. Standard input may name other addresses than the usual ones, as lines\n"
	"address=HOST:PORT; cilium's is a connected socket, descriptor 3; kernel-config's is\n"
	"/proc/config.gz, opened.\n\n"
	"  --config F     another file than /etc/nodefit/agent.conf\n"
	"  --version\n";

/* What reads standard input and writes standard output. */
static const struct {
	const char *name;
	int (*run)(void);
} filters[] = {{"yaml", yaml_run}, {"resolve", resolve_run}, {"instance", instance_run}};

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'v'},
						{0}};
	const char *config = NULL;
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return fflush(stdout) == 0 ? 0 : REPORTER_FAILED;
		case 'v':
			puts("nodefit-net " NODEFIT_VERSION);
			return fflush(stdout) == 0 ? 0 : REPORTER_FAILED;
		default:
			log_error(
				"\"%s\" is no option, or lacks its value; see: nodefit-net --help",
				argv[optind - 1]);
			return REPORTER_MISCONFIGURED;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(filters) && argc - optind == 1; i++)
		if (strcmp(argv[optind], filters[i].name) == 0)
			return filters[i].run();
	if (argc - optind == 2 && strcmp(argv[optind], "scrape") == 0)
		return scraper_run(argv[optind + 1]);
	if (argc - optind != 1 || strcmp(argv[optind], "report") != 0) {
		log_error("see: nodefit-net --help");
		return REPORTER_MISCONFIGURED;
	}
	return reporter_run(config);
}
