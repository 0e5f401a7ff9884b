"""Runs checkdmarc against the demo's name servers.

usage: beside.py LAUNCHREADY FLAW|all|clean…

LAUNCHREADY is the program. For each word it starts `demo serve` with that flaw in
a folder of its own, asks checkdmarc about the names that mail is sent from by the
demo's resolver, and prints a line: the flaw, the seconds, and what checkdmarc says
that it does not say of the clean demo.
"""

import json
import re
import subprocess
import sys
import tempfile
import time

import checkdmarc
import dns.resolver

NAMES = ["harbor.test", "news.harbor.test", "notify.harbor.test", "billing.harbor.test", "harbor-post.test"]
PARKED = ["harbor-app.test"]


def resolver(config):
    host, port = re.search(r"resolver: (\S+):(\d+)", config).groups()
    r = dns.resolver.Resolver(configure=False)
    r.nameservers, r.port = [host], int(port)
    return r


def says(result):
    """Every error and warning, with the domain and the section that it is in."""
    out = set()

    def walk(at, v):
        if isinstance(v, dict):
            for k, w in v.items():
                if k == "error" and w:
                    out.add(f"{at}: error: {w}")
                elif k == "warnings" and w:
                    out.update(f"{at}: warning: {x}" for x in w)
                elif k not in ("dnssec", "ns", "soa", "mx", "bimi"):
                    walk(f"{at}.{k}", w)
                elif k == "mx":
                    walk(f"{at}.{k}", w)
        elif isinstance(v, list):
            for w in v:
                walk(at, w)

    for r in result if isinstance(result, list) else [result]:
        walk(r["domain"], r)
    return {re.sub(r"\d+\.\d+ seconds", "", s) for s in out}


def run(program, flaw):
    with tempfile.TemporaryDirectory() as d:
        args = ["--clean"] if flaw == "clean" else ["--flaws", flaw]
        p = subprocess.Popen([program, "demo", "serve", *args], cwd=d, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        p.stderr.readline()  # it has written its configuration
        try:
            # A process of its own: checkdmarc keeps answers from one call to the next,
            # and would say of this zone what the one before had.
            asked = subprocess.run([sys.executable, "-W", "ignore", __file__, "--ask", d + "/launchready.yaml"], capture_output=True, text=True, check=True)
            answer = json.loads(asked.stdout)
            found, took = set(answer["found"]), answer["seconds"]
            started = time.time()
            subprocess.run([program, "audit", "--only", "email", "-q", "-o", "json=out.json"], cwd=d, capture_output=True)
            ours = json.load(open(d + "/out.json"))
            mine = [c["id"] for row in ours["rows"] for c in row["checks"] if c["findings"]]
            return found, took, mine, time.time() - started
        finally:
            p.terminate()
            p.wait()


def ask(file):
    r = resolver(open(file).read())
    started = time.time()
    found = says(checkdmarc.check_domains(NAMES, resolver=r))
    found |= says(checkdmarc.check_domains(PARKED, parked=True, resolver=r))
    json.dump({"found": sorted(found), "seconds": time.time() - started}, sys.stdout)


def main():
    if sys.argv[1] == "--ask":
        return ask(sys.argv[2])
    program, flaws = sys.argv[1], sys.argv[2:]
    clean, took, mine, our = run(program, "clean")
    print(f"clean: checkdmarc {took:.1f} s, {len(clean)} findings; launchready {our:.1f} s, {len(mine)} findings")
    for s in sorted(clean):
        print("   ", s[:220])
    for flaw in flaws:
        found, took, mine, our = run(program, flaw)
        new = sorted(found - clean)
        print(f"{flaw}: checkdmarc {took:.1f} s {'FOUND' if new else 'missed'}; launchready {our:.1f} s {'FOUND' if flaw in mine or flaw == 'all' else 'missed'} ({len(mine)})")
        for s in new:
            print("   ", s[:220])
        sys.stdout.flush()


main()
