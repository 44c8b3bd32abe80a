#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run's results in every format, read by the parsers that CI systems use; the schema of the
JSON; and that the ready-made configurations in docs/ci are what their systems can parse.
usage: test-ci-formats.py VGPULAB SOURCE"""
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import junitparser
    import yaml
except ImportError as error:
    print(f"SKIP: needs python3-parsers: {error}")
    strict = os.environ.get("VGPULAB_STRICT", "").split(",")
    sys.exit(1 if {"python3-parsers", "all"} & set(strict) else 77)

vgpulab, source = sys.argv[1:3]
ci = os.path.join(source, "docs/ci")
# one that passes, one that is known to fail, one that fails: -set too early passes as refused
expect = "fail refused-xres known bug #1 <&>\nfail refused-x-vga another\n"


def check_configurations():
    for name in ("gitlab-ci.yml", "github-workflow.yml", "lava-job.yaml", "tmt/plan.fmf", "tmt/test.fmf"):
        with open(os.path.join(ci, name), encoding="utf-8") as f:
            document = yaml.safe_load(f)
        assert isinstance(document, dict) and document, name
        # every vgpulab command in it is one that the program understands
        for command in re.findall(r"vgpulab test ([^\n\"]*(?:\"[^\"]*\"[^\n\"]*)*)", open(os.path.join(ci, name)).read()):
            words = [word.strip("\"'") for word in command.split() if word.strip()]
            done = subprocess.run([vgpulab, "test", *words, "--list"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (name, command, done.stderr)
    print("ok - docs/ci: YAML, and commands that vgpulab understands")


def read_tap(text):
    """TAP 14 and KTAP lines: number, good, directive."""
    lines = text.splitlines()
    plan = int(re.fullmatch(r"1\.\.(\d+)", lines[1])[1])
    tests = [re.match(r"(not )?ok (\d+)[^#]*(?:# (\w+))?", line) for line in lines[2:]]
    tests = [test for test in tests if test]
    assert [int(test[2]) for test in tests] == list(range(1, plan + 1))
    for block in re.findall(r"^  ---\n(.*?)^  \.\.\.$", text, re.S | re.M):
        assert "path" in yaml.safe_load(block)
    return [(not test[1], test[3]) for test in tests]


with tempfile.TemporaryDirectory(prefix="vgpulab-ci-") as out:
    formats = ["tap", "ktap", "junit", "json", "lava", "tmt", "github"]
    with open(f"{out}/expect", "w", encoding="utf-8") as f:
        f.write(expect)
    command = [vgpulab, "test", "--gpu", "kaby-lake", "--out", f"{out}/run", "--expect", f"{out}/expect"]
    command += [f"--format={name}:{out}/{name}" for name in formats]
    command += ["refused-x*", "refused-set-too-early", "dmabuf-refused-no-gl"]
    code = subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode
    if code in (12, 125):
        print("SKIP: needs userns: no fake host here")
        sys.exit(77)
    read = {name: open(f"{out}/{name}", encoding="utf-8").read() for name in formats}
    verdict = json.loads(read["json"])
    outcomes = [result["verdict"] for result in verdict["results"]]
    # what was said to fail and passes is news
    assert code == 1 and verdict["failed"] == 2, (code, verdict["failed"])

    with open(f"{ci}/verdict.schema.json", encoding="utf-8") as f:
        schema = json.load(f)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(verdict)
    with open(f"{out}/run/verdict.json", encoding="utf-8") as f:
        validator.validate(json.load(f))
    broken = dict(verdict, tier=5)
    assert list(validator.iter_errors(broken)), "the schema lets anything pass"
    print("ok - json is what its schema says, and the schema can say no")

    suite = junitparser.JUnitXml.fromfile(f"{out}/junit")
    suites = list(suite) if isinstance(suite, junitparser.JUnitXml) else [suite]
    cases = [case for one in suites for case in one]
    words = ["FAIL" if any(isinstance(r, junitparser.Failure) for r in case.result)
             else "SKIP" if any(isinstance(r, junitparser.Skipped) for r in case.result) else "PASS"
             for case in cases]
    assert words == outcomes, (words, outcomes)
    print("ok - junit: junitparser reads the same outcomes")

    for name in ("tap", "ktap"):
        tests = read_tap(read[name])
        assert [good for good, _ in tests] == [word != "FAIL" for word in outcomes], name
        assert [note == "SKIP" for _, note in tests] == [word == "SKIP" for word in outcomes], name
    # perl's own TAP parser knows version 14 from 3.48 on; the lines are the same in 13
    with open(f"{out}/t.sh", "w", encoding="utf-8") as f:
        f.write("cat <<'EOS'\n" + read["tap"].replace("TAP version 14", "TAP version 13") + "EOS\n")
    proved = subprocess.run(["prove", "-e", "sh", f"{out}/t.sh"], capture_output=True, text=True, check=False)
    failed = re.search(r"Failed (\d+)/(\d+) subtests", proved.stdout + proved.stderr)
    assert failed and (int(failed[1]), int(failed[2])) == (2, len(outcomes)), proved.stdout
    assert "Parse errors" not in proved.stdout, proved.stdout
    print("ok - tap, ktap: numbered as planned; prove(1) counts the same failures")

    results = yaml.safe_load(read["tmt"])
    assert [r["result"] for r in results] == [{"PASS": "pass", "FAIL": "fail", "SKIP": "info"}[w] for w in outcomes]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", r["duration"]) and r["name"][0] == "/" for r in results)
    print("ok - tmt: results.yaml")

    signals = re.findall(r"^<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=(\S+) RESULT=(pass|fail|skip)", read["lava"], re.M)
    assert [word.upper() for _, word in signals] == outcomes
    annotations = re.findall(r"^::(error|notice|warning) title=[^:]*::.+$", read["github"], re.M)
    assert len(annotations) == len([w for w in outcomes if w != "PASS"]), read["github"]
    print("ok - lava, github: a line for each")



def check_needles():
    """Source: openQA's documentation, "Needles": areas inside the picture, tags, a PNG of that name."""
    with tempfile.TemporaryDirectory(prefix="vgpulab-needles-") as out:
        png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1024).to_bytes(4, "big") + (768).to_bytes(4, "big")
        os.makedirs(f"{out}/run/one")
        for name in ("boot.png", "card.png"):
            with open(f"{out}/run/one/{name}", "wb") as f:
                f.write(png)
        results = [{"scenario": "one", "verdict": "PASS", "path": "p", "directory": "one",
                    "boot_display": {"picture": "boot.png"}, "frames": [{"expected": "card.png"}]},
                   {"scenario": "two", "verdict": "FAIL", "path": "p", "frames": []}]
        with open(f"{out}/run/verdict.json", "w", encoding="utf-8") as f:
            json.dump({"results": results}, f)
        subprocess.run([f"{ci}/openqa-needles", f"{out}/run", f"{out}/needles"], check=True, stdout=subprocess.DEVNULL)
        names = sorted(os.listdir(f"{out}/needles"))
        assert names == ["vgpulab-one-boot.json", "vgpulab-one-boot.png", "vgpulab-one-card.json",
                         "vgpulab-one-card.png"], names
        for name in names[::2]:
            with open(f"{out}/needles/{name}", encoding="utf-8") as f:
                needle = json.load(f)
            (area,) = needle["area"]
            assert needle["tags"] and area["type"] == "match" and 0 < area["match"] <= 100
            assert area["xpos"] + area["width"] <= 1024 and area["ypos"] + area["height"] <= 768
    print("ok - openqa: needles of what passed")


check_configurations()
check_needles()
