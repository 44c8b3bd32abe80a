#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run's results in every format, read by the parsers that CI systems use; the schema of the
JSON; and that the ready-made configurations in docs/ci are what their systems can parse.
usage: test-ci-formats.py VGPULAB SOURCE"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import junitparser
    import yaml
    from PIL import Image, ImageChops, ImageStat
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


def needle_fault(directory, name):
    """What os-autoinst and openQA would refuse; None if they take it.
    Source: os-autoinst needle.pm, new(); tinycv_impl.cc, search_TEMPLATE(), image_replacerect();
    openQA lib/OpenQA/Task/Needle/Save.pm, _json_validation(); its documentation, "Needles"."""
    with open(f"{directory}/{name}.json", encoding="utf-8") as f:
        needle = json.load(f)
    png = f"{directory}/{name}.png"
    if not os.path.isfile(png) or not os.path.getsize(png):
        return "png is empty or not found"
    with open(png, "rb") as f:
        width, height = struct.unpack(">II", f.read(24)[16:])
    if set(needle) != {"area", "properties", "tags"}:
        return "other fields than those of needle::save()"
    if not needle["tags"] or len(set(needle["tags"])) != len(needle["tags"]):
        return "no tag defined, or one twice"
    # assert_screen's tags are separated by blanks; needle names are file names
    if any(not re.fullmatch(r"[A-Za-z0-9._+-]+", word) for word in needle["tags"] + [name]):
        return "a tag that nobody can ask for"
    if any(area["type"] not in ("match", "exclude", "ocr") for area in needle["area"]):
        return "an unknown type"
    if not any(area["type"] == "match" for area in needle["area"]):
        return "missing match area"
    for area in needle["area"]:
        if not {"xpos", "ypos", "width", "height", "type"} <= set(area):
            return "area without " + ", ".join({"xpos", "ypos", "width", "height", "type"} - set(area))
        numbers = [area[key] for key in ("xpos", "ypos", "width", "height", "match") if key in area]
        if not all(isinstance(number, int) for number in numbers) or min(numbers) < 0:
            return "not an integer"
        if not area["width"] or not area["height"] or not 0 < area.get("match", 96) <= 100:
            return "matches nothing, or anything"
        if area["xpos"] + area["width"] > width or area["ypos"] + area["height"] > height:
            return "out of range"
    return None


def similarity(needle, area, picture):
    """How much a picture is like a needle's area at its place: os-autoinst looks at greys.
    Source: os-autoinst tinycv_impl.cc, prep() but for its blur, enhancedMSE(), search_TEMPLATE()."""
    right, bottom = area["xpos"] + area["width"], area["ypos"] + area["height"]
    parts = [one.convert("L").crop((area["xpos"], area["ypos"], right, bottom)) for one in (needle, picture)]
    mean_square = ImageStat.Stat(ImageChops.difference(*parts)).sum2[0] / (area["width"] * area["height"])
    return min(max(0.9 + (40 - mean_square) / 380, 0), 1)


def check_needles():
    with tempfile.TemporaryDirectory(prefix="vgpulab-needles-") as out:
        command = [vgpulab, "test", "--gpu", "kaby-lake", "--out", f"{out}/run", "region-1024x768"]
        subprocess.run(command, check=True, capture_output=True)
        with open(f"{out}/run/verdict.json", encoding="utf-8") as f:
            verdict = json.load(f)
        row = verdict["results"][0]
        # what a guest of one's own would have shown
        row["boot_display"] = {"picture": row["frames"][0]["expected"], "stages": [row["frames"][1]["expected"]]}
        verdict["results"].append({"scenario": "two", "verdict": "FAIL", "path": "p", "frames": []})
        with open(f"{out}/run/verdict.json", "w", encoding="utf-8") as f:
            json.dump(verdict, f)
        export = [f"{ci}/openqa-needles", f"{out}/run", f"{out}/needles"]
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
        names = sorted({name.rsplit(".", 1)[0] for name in os.listdir(f"{out}/needles")})
        row_name = "vgpulab-region-1024x768"
        assert names == [f"{row_name}-boot", f"{row_name}-card", f"{row_name}-stage-1"], names
        for name in names:
            assert needle_fault(f"{out}/needles", name) is None, (name, needle_fault(f"{out}/needles", name))

        # every card of this size is found by it; one whose colours are swapped or that is shifted is not
        needle = Image.open(f"{out}/needles/{row_name}-card.png").convert("RGB")
        with open(f"{out}/needles/{row_name}-card.json", encoding="utf-8") as f:
            (area,) = json.load(f)["area"]
        cards = [Image.open(f"{out}/run/{row['directory']}/{frame['expected']}").convert("RGB")
                 for frame in row["frames"]]
        assert len({card.tobytes() for card in cards}) == len(cards) > 2, "there is but one card"
        for card in cards:
            red, green, blue = card.split()
            assert similarity(needle, area, card) >= area["match"] / 100, similarity(needle, area, card)
            for wrong in (Image.merge("RGB", (blue, green, red)), ImageChops.offset(card, 0, 64)):
                assert similarity(needle, area, wrong) < area["match"] / 100, similarity(needle, area, wrong)

        # the rules can say no
        def broken(change):
            with open(f"{out}/needles/{names[0]}.json", encoding="utf-8") as f:
                needle = json.load(f)
            change(needle)
            shutil.copyfile(f"{out}/needles/{names[0]}.png", f"{out}/needles/broken.png")
            with open(f"{out}/needles/broken.json", "w", encoding="utf-8") as f:
                json.dump(needle, f)
            return needle_fault(f"{out}/needles", "broken")
        assert "match area" in broken(lambda needle: needle["area"][0].update(type="exclude"))
        assert "out of range" in broken(lambda needle: needle["area"][0].update(xpos=1))
        assert "integer" in broken(lambda needle: needle["area"][0].update(width=0.5))
        assert "tag" in broken(lambda needle: needle["tags"].append("two words"))
    print("ok - openqa: needles that os-autoinst takes, of what all cards have")


check_configurations()
check_needles()
