/* SPDX-License-Identifier: Apache-2.0 */
/* Are a NIC's queues spread over the CPUs? The judging; checks/queues.c does the reading. */
#pragma once

#include "findings.h"
#include "ranges.h"

#define RINGS_UNTOLD (-1)

/* What is known of one NIC. */
struct nic_queues {
	const char *name, *driver; /* driver may be "" */
	bool is_virtual;           /* made in software: it has as many queues as it was given */
	int error;                 /* why the channels are not known: 0 or -errno */
	bool combined;             /* receive and transmit in one, else counted each for itself */
	unsigned now, most;        /* channels; of separate counts the smaller ones */
	unsigned rx_queues;        /* as sysfs lists them */
	unsigned rps;              /* CPUs that receive packet steering spreads to; 0: off */
	unsigned irqs, irq_cpus; /* interrupts of queues, and the CPUs that serve them; 0: untold */
	unsigned irq_cpu;        /* one of those CPUs */
	int64_t ring_rx, ring_rx_most; /* entries, or RINGS_UNTOLD */
	int64_t ring_tx, ring_tx_most;
};

struct queues_rule {
	unsigned cpus;   /* online */
	unsigned enough; /* channels; more are never asked for */
	bool bare_metal; /* there is no hypervisor to ask */
};

/* How many CPUs a mask of sysfs names ("00000000,00000003"). 0 also for one that can't be read. */
unsigned queues_mask_cpus(const char *mask);

/* Is an interrupt of that name (the last column of /proc/interrupts) one queue's, and not the
 * configuration's or the link's? Queues are numbered: "virtio0-input.0", "eth0-TxRx-3",
 * "mlx5_comp2@pci:0000:00:05.0". `link` is the NIC's name, which may end in a digit itself.
 * virtio_net has interrupts for all queues that the device has: those from `channels` on are idle
 * (kernel: drivers/net/virtio_net.c, virtnet_find_vqs); 0: not known. */
bool queues_is_queue_irq(const char *name, const char *link, unsigned channels);
/* The name of an interrupt in the text of /proc/interrupts, at most size-1 bytes of it. False when
 * that interrupt is not there. */
bool queues_irq_name(const char *interrupts, unsigned irq, char *name, size_t size);

/* Adds what there is to say of one NIC. */
void queues_judge(const struct nic_queues *q, const struct queues_rule *rule,
		  struct findings *findings);
