/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc as the kernel writes them. */
#pragma once

#define SWAPS "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define LIMITS                                                                                     \
	"Limit                     Soft Limit           Hard Limit           Units     \n"         \
	"Max cpu time              unlimited            unlimited            seconds   \n"
#define TCP                                                                                        \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "      \
	"timeout inode\n"
/* Port 10250 listens, socket 4711. */
#define KUBELET_LISTENS                                                                            \
	"   0: 00000000:280A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0       " \
	" 0 "                                                                                      \
	"4711 1 0000000000000000 100 0 0 10 0\n"
#define CONNECTED                                                                                  \
	"   1: 0100007F:280A 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0       " \
	" 0 "                                                                                      \
	"4712 1 0000000000000000 20 4 30 10 -1\n"
