#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The changes that HACKING.md shows are whole: applied to a copy of the tree they build, and the commands
below them print what is shown (words between `...`, in this order). None has more than 20 added lines.

usage: hacking.py SOURCE-ROOT GUEST-DIR
"""

import os
import re
import subprocess
import sys
import tempfile


def blocks(page):
    """Yields (language, text) of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.M | re.S)


def apply(diff, tree):
    """Applies a diff whose hunks are found by their lines alone. Returns how many lines it adds."""
    added = 0
    for name, hunks in re.findall(r"^\+\+\+ b/(.*?)\n(.*?)(?=^--- |\Z)", diff, flags=re.M | re.S):
        path = os.path.join(tree, name)
        text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        for hunk in re.split(r"^@@\n", hunks, flags=re.M)[1:]:
            lines = hunk.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            added += sum(line[0] == "+" for line in lines)
            if old and text.count(old) != 1:
                sys.exit(f"not ok: {name} has {text.count(old)} places for:\n{hunk}")
            text = text.replace(old, new) if old else new
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return added


def run(command, tree):
    environment = dict(os.environ, PATH=f"{tree}/build/cli:{os.environ['PATH']}")
    done = subprocess.run(command, shell=True, cwd=tree, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def shows(said, shown):
    """Whether what is shown stands in what was said; `...` is anything."""
    pattern = ".*".join(re.escape(part.strip()) for part in shown.split("..."))
    return re.search(re.sub(r"(\\ |\\\n)+", r"\\s+", pattern), said, flags=re.S)


root, guest = sys.argv[1:]
failed = 0
with tempfile.TemporaryDirectory() as tree:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["cpio", "-0pdm", "--quiet", tree], cwd=root, check=True, input=files)
    page = blocks(open(os.path.join(root, "docs/HACKING.md"), encoding="utf-8").read())
    for language, text in page:
        if language == "diff" and apply(text, tree) > 20:
            print(f"not ok: more than 20 lines:\n{text}")
            failed = 1
    said = run(f"meson setup build -Dguest_dir={guest} && ninja -C build", tree)
    if not os.path.exists(f"{tree}/build/cli/vgpulab"):
        sys.exit(said[-3000:])
    for language, text in page:
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, flags=re.M):
            if language:
                continue
            said = run(command, tree)
            good = shows(said, shown)
            print(f"{'ok' if good else 'not ok'}: {command}")
            if not good:
                print(f"  shown: {shown}  said: {said[-1500:]}")
                failed = 1
sys.exit(failed)
