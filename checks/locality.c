/* SPDX-License-Identifier: Apache-2.0 */
/* Is the node where its data may be? */
#include "locality.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "findings.h"

struct locality_params {
	double interval;
	char regions[TEXT_PARAM_MAX], zones[TEXT_PARAM_MAX];
};

static const struct param params[] = {
	CHECK_INTERVAL("1h"),
	{.name = "regions",
	 .type = PARAM_GLOBS,
	 .offset = offsetof(struct locality_params, regions),
	 .fallback = "",
	 .help = "the regions that the node may be in: patterns with blanks between, such as "
		 "eu-* !eu-west-2"},
	{.name = "zones",
	 .type = PARAM_GLOBS,
	 .offset = offsetof(struct locality_params, zones),
	 .fallback = "",
	 .help = "the same of availability zones"},
	{0}};

/* One who tells where the node is. */
struct witness {
	const char *name;
	bool told;
	struct instance is;
};

static void judge_place(const struct witness *w, const char *kind, const char *place,
			const char *allowed, struct findings *findings)
{
	if (*allowed && *place && !globs_match(allowed, place))
		finding_advise(
			finding_add(findings, VERDICT_FAIL,
				    strcmp(kind, "region") == 0 ? "WrongRegion" : "WrongZone",
				    "%s says that the node is in %s %s", w->name, kind, place),
			"allowed are %ss=%.200s: drain it and make another one there", kind,
			allowed);
}

/* Do the two that were told differ? */
static void compare(const char *kind, const char *a, const char *b, struct findings *findings)
{
	if (*a && *b && strcmp(a, b) != 0)
		finding_advise(finding_add(findings, VERDICT_WARN, "PlacesDiffer",
					   "cloud-init says %s %s, kubelet's labels say %s", kind,
					   a, b),
			       "mend kubelet's --node-labels: the scheduler spreads pods by them");
}

static void judge_missing(const struct locality_params *p, const struct witness *w, size_t n,
			  int error, struct findings *findings)
{
	bool region = false, zone = false;

	for (size_t i = 0; i < n; i++) {
		region = region || *w[i].is.region;
		zone = zone || *w[i].is.zone;
	}
	if ((!*p->regions || region) && (!*p->zones || zone))
		return;
	finding_advise(
		finding_add(findings, VERDICT_UNKNOWN, "PlaceUnknown",
			    "nothing tells the node's %s",
			    *p->regions && !region ? "region" : "zone"),
		error == -ENOEXEC
			? "install nodefit-net beside nodefit: it reads cloud-init's "
			  "instance data"
			: "have kubelet register it with --node-labels="
			  "topology.kubernetes.io/region=...,topology.kubernetes.io/zone=...");
}

static void tell(struct result *r, const struct witness *w)
{
	char name[24], value[2 * INSTANCE_WORD_MAX + 16];

	if (!w->told || (!*w->is.region && !*w->is.zone))
		return;
	snprintf(name, sizeof(name), "%s", strcmp(w->name, "cloud-init") == 0 ? w->name : "labels");
	snprintf(value, sizeof(value), "%s%s%s%s%s", *w->is.region ? "region " : "", w->is.region,
		 *w->is.region && *w->is.zone ? ", " : "", *w->is.zone ? "zone " : "", w->is.zone);
	result_fact(r, name, value);
}

static void judge(const struct locality_params *p, const struct witness w[2], int error,
		  struct findings *findings, struct result *r)
{
	for (size_t i = 0; i < 2; i++) {
		tell(r, &w[i]);
		judge_place(&w[i], "region", w[i].is.region, p->regions, findings);
		judge_place(&w[i], "zone", w[i].is.zone, p->zones, findings);
	}
	compare("region", w[0].is.region, w[1].is.region, findings);
	compare("zone", w[0].is.zone, w[1].is.zone, findings);
	judge_missing(p, w, 2, error, findings);
	finding_add(findings, VERDICT_PASS, "PlaceAllowed", "the node is where it may be: %s%s%s",
		    *w[0].is.region ? w[0].is.region : w[1].is.region,
		    *w[0].is.zone || *w[1].is.zone ? " " : "",
		    *w[0].is.zone ? w[0].is.zone : w[1].is.zone);
	findings_tell(findings, r);
}

static void run(const struct check_run *run, struct result *r)
{
	const struct locality_params *p = run->params;
	struct witness w[2] = {{.name = "cloud-init"}, {.name = "kubelet's label"}};
	_cleanup_free struct findings *findings = calloc(1, sizeof(*findings));
	int error;

	if (!*p->regions && !*p->zones) {
		result_judge(r, VERDICT_SKIPPED, "AnyPlace",
			     "no regions= or zones= to be in ([check.locality])");
		return;
	}
	if (!findings) {
		result_judge(r, VERDICT_UNKNOWN, "OutOfMemory", "%s", strerror(ENOMEM));
		return;
	}
	error = instance_read(run->sys, &w[0].is);
	w[0].told = error == 0;
	w[1].told = labels_read(run->sys, &w[1].is);
	if (*w[0].is.cloud)
		result_fact(r, "cloud", w[0].is.cloud);
	judge(p, w, error, findings, r);
}

const struct check locality_check = {
	.name = "locality",
	.summary = "the node is in a region where its data may be",
	.about =
		"Compares the region and the zone that the machine is in with the patterns of "
		"regions= and zones=; without any it is skipped. Two are asked: cloud-init, whose "
		"instance data has what the cloud's metadata service says "
		"(/run/cloud-init/instance-data.json, v1.region and v1.availability_zone; it comes "
		"from the network, so nodefit-net parses it, without privileges), and the labels "
		"that kubelet registers the node with (topology.kubernetes.io/region and zone, by "
		"its command line or its files). Either one outside of the patterns fails, and "
		"that they differ warns. Where neither tells, it is unknown: not proven is not "
		"allowed, and not forbidden. The danger: it takes the word of both. It proves no "
		"distance (see rtt for that), and says nothing of where volumes and backups lie. "
		"Sources: cloud-init: \"Instance metadata\"; Kubernetes: \"Well-Known Labels, "
		"Annotations and Taints\".",
	.params = params,
	.params_size = sizeof(struct locality_params),
	.deadline_s = 30,
	.run = run,
};
