#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A distance for kernels without netem: a tun device whose far end is this machine itself.

usage: delay.py DEVICE SECONDS [LOSE]

Every packet comes back after SECONDS with its two addresses exchanged, so that a connection to the
peer's address arrives here as one from it; the checksums stay right. A round trip takes twice
SECONDS. The first LOSE packets that begin a TCP connection are lost.
"""
import fcntl
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
SYN, ACK = 2, 16


def swapped(packet):
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


def begins_connection(packet):
    header = (packet[0] & 15) * 4
    return packet[9] == 6 and packet[header + 13] & (SYN | ACK) == SYN


def main():
    device, delay = sys.argv[1], float(sys.argv[2])
    lose = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
    print("ready", flush=True)
    waiting = []
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        if select.select([tun], [], [], timeout)[0]:
            packet = os.read(tun, 2048)
            now = time.monotonic()
            if packet[0] >> 4 == 4:
                if lose and begins_connection(packet):
                    lose -= 1
                else:
                    heapq.heappush(waiting, (now + delay, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            os.write(tun, swapped(heapq.heappop(waiting)[1]))


main()
