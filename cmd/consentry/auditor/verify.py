#!/usr/bin/env python3
"""Checks a bundle without the program that made it.

Needs Python 3 and, for the signature, the openssl program. Unpack the bundle and
give its folder:  python3 verify.py FOLDER

It derives every leaf of the log from the record or artefact that it commits to,
the root from the leaves (RFC 6962), and holds the root against the signed
checkpoint. It does not know whose the key is: ask the site for it.
"""
import base64, hashlib, json, os, subprocess, sys

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


def path(*parts):
    return os.path.join(folder, *parts)


def read(*parts):
    with open(path(*parts), "rb") as f:
        return f.read()


def sha256(data):
    return hashlib.sha256(data).digest()


def fail(message):
    sys.exit("DIFFERENCE: " + message)


def leaf_of(entry):
    """The leaf that follows from what the bundle holds of an entry."""
    if entry["kind"] == "record":
        inner = sha256(bytes.fromhex(entry["salt"]) + entry["record"].encode())
        return sha256(b"\x00consentry-leaf/1\n" + inner)
    if entry["kind"] in ("erased", "purged", "left-out"):
        return bytes.fromhex(entry["leaf"])  # nothing to derive it from
    body = read("artefacts", entry["kind"], entry["digest"])
    if base64.urlsafe_b64encode(sha256(body)).decode().rstrip("=") != entry["digest"]:
        fail("entry %d: the %s has another digest" % (entry["index"], entry["kind"]))
    text = "%s\n%s\n%s\n" % (entry["kind"], entry["digest"], entry["time"])
    return sha256(b"\x00consentry-artefact/1\n" + text.encode())


subtrees = []  # (number of leaves, hash), the largest first
size, kinds = 0, {}
for name in sorted(os.listdir(path("log", "entries"))):
    if not name.endswith(".ndjson"):
        continue
    with open(path("log", "entries", name), encoding="utf-8", newline="\n") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["index"] != size:
                fail("entry %d is missing" % size)
            leaf = leaf_of(entry)
            if leaf.hex() != entry["leaf"]:
                fail("entry %d is not what its leaf commits to" % size)
            kinds[entry["kind"]] = kinds.get(entry["kind"], 0) + 1
            size += 1
            subtrees.append((1, leaf))
            while len(subtrees) > 1 and subtrees[-1][0] == subtrees[-2][0]:
                (n, right), (_, left) = subtrees.pop(), subtrees.pop()
                subtrees.append((2 * n, sha256(b"\x01" + left + right)))
if not subtrees:
    fail("the log is empty")
root = subtrees.pop()[1]
while subtrees:
    root = sha256(b"\x01" + subtrees.pop()[1] + root)

origin, signed_size, signed_root = read("log", "checkpoint.text").decode().split("\n")[:3]
if int(signed_size) != size:
    fail("the bundle has %d entries, and %s were signed" % (size, signed_size))
if base64.b64encode(root).decode() != signed_root:
    fail("the entries have root %s, and %s was signed" % (base64.b64encode(root).decode(), signed_root))
print("%d entries of %s derive the signed root %s" % (size, origin, signed_root))
for kind in sorted(kinds):
    print("  %-14s %d" % (kind, kinds[kind]))
done = subprocess.run(
    ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", path("log", "key.pem"), "-rawin",
     "-in", path("log", "checkpoint.text"), "-sigfile", path("log", "checkpoint.sig")],
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
print("openssl:", done.stdout.decode().strip())
if done.returncode != 0:
    fail("the signature does not hold")
