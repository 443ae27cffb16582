# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal and presses Ctrl-C once its progress bar shows a percentage.

usage: interrupt.py COMMAND...    exits as the command does; 99: it ended before it could be stopped
"""
import os
import pty
import re
import signal
import subprocess
import sys

master, terminal = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=terminal)
os.close(terminal)
shown, sent = b'', False
while True:
    try:
        piece = os.read(master, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not sent and re.search(rb'\[[#.]+\] +\d+ %, \d+:\d\d left', shown):
        child.send_signal(signal.SIGINT)
        sent = True
code = child.wait()
sys.exit(code if sent else 99)
