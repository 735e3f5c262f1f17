"""Runs a program on a pseudo-terminal: on-pty.py <columns> <rows> <program> [argument ...].

What the program prints goes to standard output. Lines of standard input say what happens to the terminal:
`resize <columns> <rows>`, or `type <text as hexadecimal bytes>`. Ends with the program, with its exit code, or with 128 and
the number of the signal that ended it. The first line that is printed is the process id of the program.
"""

import fcntl
import os
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(line, terminal, child):
    verb, *rest = line.split()
    if verb == "resize":
        resize(terminal, int(rest[0]), int(rest[1]))
        os.kill(child, signal.SIGWINCH)
    elif verb == "type":
        os.write(terminal, bytes.fromhex(rest[0]))


def relay(terminal, child):
    commands = b""
    sources = [terminal, 0]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if terminal in ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b""
            if not data:
                return
            os.write(1, data)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                sources.remove(0)
            commands += data
            *lines, commands = commands.split(b"\n")
            for line in lines:
                obey(line.decode(), terminal, child)


def main():
    columns, rows, *program = sys.argv[1:]
    # The size is there before the program is.
    terminal, other = os.openpty()
    resize(terminal, int(columns), int(rows))
    child = os.fork()
    if child == 0:
        os.close(terminal)
        os.login_tty(other) if hasattr(os, "login_tty") else login(other)
        os.execvp(program[0], program)
    os.close(other)
    os.write(1, f"{child}\n".encode())
    relay(terminal, child)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def login(terminal):
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for stream in (0, 1, 2):
        os.dup2(terminal, stream)
    if terminal > 2:
        os.close(terminal)


if __name__ == "__main__":
    main()
