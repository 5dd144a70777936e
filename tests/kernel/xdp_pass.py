# SPDX-License-Identifier: Apache-2.0
"""Loads the XDP program that lets every packet pass ("r0 = XDP_PASS; exit") and pins it in a bpf
file system, for `ip link set LINK xdp pinned FILE`. usage: xdp_pass.py FILE"""
import ctypes
import os
import struct
import sys

BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_PROG_TYPE_XDP, XDP_PASS = 5, 6, 6, 2
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, max(128, len(attributes)))
    result = libc.syscall(SYS_BPF, command, buffer, len(buffer))
    if result < 0:
        sys.exit(f"bpf: {os.strerror(ctypes.get_errno())}")
    return result


def address(buffer):
    return ctypes.addressof(buffer)


code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, XDP_PASS, 0x95, 0, 0, 0))
license_text = ctypes.create_string_buffer(b"Apache-2.0")
program = bpf(BPF_PROG_LOAD, struct.pack("<IIQQ", BPF_PROG_TYPE_XDP, 2, address(code),
                                         address(license_text)))
path = ctypes.create_string_buffer(sys.argv[1].encode())
bpf(BPF_OBJ_PIN, struct.pack("<QI", address(path), program))
