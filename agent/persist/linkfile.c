/* SPDX-License-Identifier: Apache-2.0 */
#include "linkfile.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "linkplan.h"
#include "text.h"

/* What a .link file's [Link] knows of what nodefit tunes (systemd.link(5) of 252). */
static const char known[] =
	"MTUBytes TransmitQueueLength RxChannels TxChannels OtherChannels CombinedChannels "
	"RxBufferSize RxMiniBufferSize RxJumboBufferSize TxBufferSize "
	"ReceiveChecksumOffload TransmitChecksumOffload TCPSegmentationOffload "
	"TCP6SegmentationOffload GenericSegmentationOffload GenericReceiveOffload "
	"GenericReceiveOffloadHardware LargeReceiveOffload ReceiveVLANCTAGHardwareAcceleration "
	"TransmitVLANCTAGHardwareAcceleration ReceiveVLANCTAGFilter "
	"TransmitVLANSTAGHardwareAcceleration NTupleFilter "
	"RxCoalesceSec RxCoalesceIrqSec RxCoalesceLowSec RxCoalesceHighSec "
	"TxCoalesceSec TxCoalesceIrqSec TxCoalesceLowSec TxCoalesceHighSec "
	"RxMaxCoalescedFrames RxMaxCoalescedIrqFrames RxMaxCoalescedLowFrames "
	"RxMaxCoalescedHighFrames TxMaxCoalescedFrames TxMaxCoalescedIrqFrames "
	"TxMaxCoalescedLowFrames TxMaxCoalescedHighFrames UseAdaptiveRxCoalesce "
	"UseAdaptiveTxCoalesce CoalescePacketRateLow CoalescePacketRateHigh "
	"CoalescePacketRateSampleIntervalSec StatisticsBlockCoalesceSec";

static void plan_clear(struct link_plan *p)
{
	free(p->file);
	free(p->base);
	free(p->base_path);
	free(p->id_path);
	free(p->driver);
	unitfile_clear(&p->unit);
	free(p->path);
	free(p->text);
}

int linkplan_refuse(const struct link_request *rq, int code, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (r < 0)
		return -ENOMEM;
	*rq->why = text;
	return code;
}

/* --- what may stand in a file --- */

static bool only(const char *text, const char *also)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    *text) &&
		    !strchr(also, *text))
			return false;
	return true;
}

static int check_request(const struct link_request *rq)
{
	if (!only(rq->ifname, "-_.:@+") || *rq->ifname == '.')
		return linkplan_refuse(rq, -EINVAL, "\"%s\" can't stand in a file's name",
				       rq->ifname);
	if (rq->mac && strspn(rq->mac, "0:") == strlen(rq->mac))
		return linkplan_refuse(rq, -EINVAL, "an address of zeros names nothing");
	if (rq->mac && fnmatch("[0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F]"
			       "[0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F]:"
			       "[0-9a-fA-F][0-9a-fA-F]",
			       rq->mac, 0) != 0)
		return linkplan_refuse(rq, -EINVAL, "\"%s\" is no Ethernet address", rq->mac);
	if (!only(rq->profile, "-_.:@+/ "))
		return linkplan_refuse(rq, -EINVAL, "the profile's name can't stand in a comment");
	if (rq->n == 0)
		return linkplan_refuse(rq, -EINVAL, "%s: there is nothing to set", rq->ifname);
	for (size_t i = 0; i < rq->n; i++) {
		const struct link_setting *s = &rq->settings[i];

		if (!word_in(known, s->name))
			return linkplan_refuse(rq, -EINVAL, "a .link file has no setting \"%s\"",
					       s->name);
		if (!only(s->value, "-_. "))
			return linkplan_refuse(rq, -EINVAL, "\"%s\" is no value for %s=", s->value,
					       s->name);
	}
	return 0;
}

/* --- the two forms --- */

/* The [Match] key's one literal word, or NULL: none, several, a glob, negated, quoted. An empty
 * assignment resets the list (systemd.link(5)). */
static const char *literal(const struct unitfile *u, const char *key)
{
	const char *value = NULL;
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (strcmp(u->v[i].section, "Match") != 0 || strcmp(u->v[i].key, key) != 0)
			continue;
		value = u->v[i].value;
		n = *value ? n + 1 : 0;
	}
	return n == 1 && !strpbrk(value, " \t*?[!\"'\\") ? value : NULL;
}

/* Does [Match] name one device? A MACAddress= alone does not: VLANs and macvlans on the NIC share
 * it. None of them has the ID_PATH of its own that Path= asks for, nor a permanent address. */
static bool is_specific(const struct unitfile *u)
{
	return literal(u, "PermanentMACAddress") || literal(u, "Path") ||
	       literal(u, "OriginalName") ||
	       (literal(u, "MACAddress") &&
		(literal(u, "Driver") || literal(u, "Type") || literal(u, "Kind")));
}

/* A name that sorts before the governing one, byte by byte as systemd sorts: the number below its
 * own where it has one, so that files which come much earlier still win. */
static int own_path(const struct link_request *rq, struct link_plan *p)
{
	size_t width = strspn(p->base, "0123456789");
	unsigned long number = width && width <= 6 ? strtoul(p->base, NULL, 10) : 0;
	static const char *const fallback[] = {"99", "00", "0"};
	_cleanup_free char *name = NULL;
	int r = 0;

	if (number)
		r = format(&name, "%0*lu-nodefit-%s.link", (int)width, number - 1, rq->ifname);
	for (size_t i = 0; i < ARRAY_LEN(fallback) && r == 0; i++) {
		if (name && strcmp(name, p->base) < 0)
			break;
		free(TAKE(name));
		r = format(&name, "%s-nodefit-%s.link", fallback[i], rq->ifname);
	}
	if (r < 0)
		return r;
	if (strcmp(name, p->base) >= 0)
		return linkplan_refuse(rq, -ENOTSUP, "no file name of nodefit's sorts before %s",
				       p->base);
	return format(&p->path, LINKFILE_DIR "/%s", name);
}

/* What names this device only. ID_PATH is the bus's word, so nothing stacked on the NIC has it; two
 * ports of one PCI function do. */
static int check_names(const struct link_request *rq, struct link_plan *p)
{
	_cleanup_free char *twin = NULL;
	int r;

	if (p->id_path && !only(p->id_path, "-_.:@+"))
		free(TAKE(p->id_path));
	if (p->driver && !only(p->driver, "-_.:@+"))
		free(TAKE(p->driver));
	if (rq->mac && (p->id_path || p->driver))
		return 0;
	if (!p->id_path)
		return linkplan_refuse(rq, -ENOTUNIQ,
				       "%s has no %s: no [Match] would name it and not what is "
				       "stacked on it",
				       rq->ifname,
				       rq->mac ? "ID_PATH and no ID_NET_DRIVER in udev's database"
					       : "permanent address and no ID_PATH");
	r = linkplan_twin(rq, "ID_PATH", p->id_path, &twin);
	if (r < 0 || !twin)
		return r;
	return linkplan_refuse(rq, -ENOTUNIQ,
			       "%s has no permanent address, and another device (" LINKPLAN_UDEV
			       "/%s) has the "
			       "same ID_PATH %s",
			       rq->ifname, twin, p->id_path);
}

static void print_settings(const struct link_request *rq, FILE *f)
{
	for (size_t i = 0; i < rq->n; i++)
		fprintf(f, "%s=%s\n", rq->settings[i].name, rq->settings[i].value);
}

static void print_head(const struct link_request *rq, FILE *f)
{
	fprintf(f,
		LINKFILE_SIGNATURE " from the profile %s: edits are lost at the next\n"
				   "# `nodefit apply --persist`; `nodefit rollback --persist` "
				   "removes it.\n",
		rq->profile);
}

/* The governing [Match] and one more condition match no device that it did not match. A key that
 * lists (two lines are merged) is replaced, not added to. */
static void print_match(const struct link_request *rq, const struct link_plan *p, FILE *f)
{
	bool by_driver = !p->id_path;

	fprintf(f, "[Match]\n");
	for (size_t i = 0; i < p->unit.n; i++) {
		const struct unit_line *l = &p->unit.v[i];

		if (strcmp(l->section, "Match") != 0 ||
		    (rq->mac && strcmp(l->key, "PermanentMACAddress") == 0) ||
		    (by_driver ? strcmp(l->key, "Driver") == 0 : strcmp(l->key, "Path") == 0))
			continue;
		fprintf(f, "%s=%s\n", l->key, l->value);
	}
	if (rq->mac)
		fprintf(f, "PermanentMACAddress=%s\n", rq->mac);
	if (by_driver)
		fprintf(f, "Driver=%s\n", p->driver);
	else
		fprintf(f, "Path=%s\n", p->id_path);
}

static void print_own(const struct link_request *rq, const struct link_plan *p, FILE *f)
{
	unsigned block = 0;

	print_head(rq, f);
	fprintf(f,
		LINKPLAN_IN_PLACE_OF
		"%s\n# The same [Match], narrowed to this device; the rest is a copy "
		"with what nodefit\n# sets at the end.\n",
		p->base);
	print_match(rq, p, f);
	for (size_t i = 0; i < p->unit.n; i++) {
		const struct unit_line *l = &p->unit.v[i];

		if (strcmp(l->section, "Match") == 0)
			continue;
		if (l->block != block)
			fprintf(f, "\n[%s]\n", l->section);
		block = l->block;
		fprintf(f, "%s=%s\n", l->key, l->value);
	}
	fprintf(f, "\n[Link]\n");
	print_settings(rq, f);
}

/* Drop-ins are read in the order of their names: a later one would have the last word. */
static int check_later(const struct link_request *rq, const struct link_plan *p)
{
	for (size_t i = 0; i < p->unit.n; i++) {
		const struct unit_line *l = &p->unit.v[i];
		const char *base = unitfile_base(l->file);

		if (strcmp(base, p->base) == 0 || strcmp(base, LINKFILE_DROPIN) < 0 ||
		    strcmp(l->section, "Link") != 0)
			continue;
		for (size_t k = 0; k < rq->n; k++)
			if (strcmp(rq->settings[k].name, l->key) == 0 &&
			    strcmp(rq->settings[k].value, l->value) != 0)
				return linkplan_refuse(rq, -EBUSY,
						       "%s:%u sets %s=%s after our drop-in",
						       l->file, l->line, l->key, l->value);
	}
	return 0;
}

static int make_plan(const struct link_request *rq, struct link_plan *p)
{
	_cleanup_free char *twin = NULL;
	bool dropin = false;
	FILE *f;
	int r = check_request(rq);

	if (r == 0)
		r = linkplan_governing(rq, p);
	/* Whatever [Match] looks like: does it govern another device today? A device that has a
	 * file of our own keeps it. */
	if (r == 0 && !p->ours && is_specific(&p->unit)) {
		r = linkplan_twin(rq, "ID_NET_LINK_FILE", p->file, &twin);
		dropin = !twin;
	}
	/* What is made anew at every boot may be made otherwise: a copy would outlive it, and keep
	 * a name that nobody wants any more. */
	if (r == 0 && !dropin && strncmp(p->base_path, "/run/", 5) == 0)
		return linkplan_refuse(
			rq, -ENOTSUP,
			"%s is made anew at every boot and governs more than %s: set "
			"it where that file comes from (netplan)",
			p->base_path, rq->ifname);
	if (r == 0)
		r = dropin ? check_later(rq, p) : check_names(rq, p);
	if (r == 0)
		r = dropin ? format(&p->path, LINKFILE_DIR "/%s.d/" LINKFILE_DROPIN, p->base)
			   : own_path(rq, p);
	if (r == 0)
		r = linkplan_check_new(rq, dropin ? p->base : unitfile_base(p->path), p);
	if (r < 0)
		return r;
	if (linkfile_is_ours(rq->sys, p->path) == 0)
		return linkplan_refuse(
			rq, -EEXIST,
			"%s was not written by nodefit: it is left alone; move it away first",
			p->path);
	f = open_memstream(&p->text, &p->len);
	if (!f)
		return -ENOMEM;
	if (dropin) {
		print_head(rq, f);
		fprintf(f, "[Link]\n");
		print_settings(rq, f);
	} else {
		print_own(rq, p, f);
	}
	return ferror(f) | fclose(f) ? -ENOMEM : 0;
}

/* Does that file of ours name this very device, by another of its names? */
static bool names_device(const struct link_request *rq, const struct link_plan *p, const char *path)
{
	struct unitfile u = {0};
	const char *mac, *id_path;
	bool same = false;

	if (unitfile_read(rq->sys, path, NULL, &u, NULL) == 0) {
		mac = literal(&u, "PermanentMACAddress");
		id_path = literal(&u, "Path");
		same = rq->mac ? mac && strcasecmp(mac, rq->mac) == 0
			       : id_path && p->id_path && strcmp(id_path, p->id_path) == 0;
	}
	unitfile_clear(&u);
	return same;
}

/* What an earlier run wrote for this device under another name would go on to govern it, or be left
 * behind for ever. */
static int remove_others(const struct link_request *rq, const struct link_plan *p)
{
	_cleanup_free char *pattern = NULL;
	struct strings paths = {0};
	int r = format(&pattern, "*/*-nodefit-%s.link", rq->ifname);

	if (r == 0)
		r = linkfile_list(rq->sys, &paths);
	for (size_t i = 0; i < paths.n && r == 0; i++) {
		const char *path = paths.v[i];

		if (strcmp(path, p->path) == 0 ||
		    (fnmatch(pattern, path, 0) != 0 && strcmp(path, p->file) != 0 &&
		     !names_device(rq, p, path)) ||
		    linkfile_is_ours(rq->sys, path) <= 0)
			continue;
		r = linkfile_remove(rq->sys, path);
		if (r < 0)
			r = linkplan_refuse(rq, r, "cannot remove %s: %s", path, strerror(-r));
	}
	strings_clear(&paths);
	return r;
}

static int put_down(const struct link_request *rq, const struct link_plan *p)
{
	const char *base = unitfile_base(p->path);
	_cleanup_free char *present = NULL, *dir = NULL;
	int r;

	if (!p->text) /* never: a plan that was made has one; analysers don't see that */
		return -ENOMEM;
	if (sys_read(rq->sys, p->path, p->len, &present, NULL) == 0 &&
	    strcmp(present, p->text) == 0)
		return 0;
	dir = strndup(p->path, (size_t)(base - p->path - 1));
	r = dir ? sys_replace(rq->sys, dir, base, p->text, p->len, 0644) : -ENOMEM;
	if (r < 0 && r != -ENOMEM)
		return linkplan_refuse(rq, r, "cannot write %s: %s", p->path, strerror(-r));
	return r;
}

int linkfile_write(const struct sys *sys, const char *ifname, unsigned ifindex,
		   const char *permanent_mac, const struct link_setting *settings, size_t n,
		   const char *profile_name, char **path, char **why)
{
	const struct link_request rq = {sys,      ifname, ifindex,      permanent_mac,
					settings, n,      profile_name, why};
	struct link_plan p = {0};
	int r = make_plan(&rq, &p);

	if (r == 0)
		r = put_down(&rq, &p);
	if (r == 0)
		r = remove_others(&rq, &p);
	if (r == 0)
		*path = TAKE(p.path);
	plan_clear(&p);
	return r;
}

int linkfile_check(const struct sys *sys, const char *ifname, unsigned ifindex,
		   const char *permanent_mac, const struct link_setting *settings, size_t n,
		   char **path, char **why)
{
	const struct link_request rq = {sys, ifname, ifindex, permanent_mac, settings, n, "x", why};
	struct link_plan p = {0};
	int r = make_plan(&rq, &p);

	if (r == 0)
		*path = TAKE(p.path);
	plan_clear(&p);
	return r;
}
