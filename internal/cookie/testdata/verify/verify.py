"""What has this visitor permitted? Answered offline, by a site's own backend.

A backend that wants to know before it acts (write a log line for analytics,
render an embed, call a vendor's API) need not ask Consentry. The two cookies of
a request and the site's key say it all. This file needs the standard library
only: copy it.

    choice = verify("__Host-consentry", "shop", [key], time.time(),
                    sealed=cookies.get("__Host-consentry"),
                    hint=cookies.get("__Host-consentry_hint"))
    if choice.permits("analytics"): ...
    if choice.permits("share", service="youtube"): ...

It never raises for what a browser sent: whatever cannot be verified permits
nothing but "necessary".

The key. A key file holds the secrets of one or more cookie keys; the site's key
is derived from each of them, and old ones go on verifying after a rotation, so
pass them all:

    HKDF-SHA256(secret, no salt, info "consentry/1/cookie/<site>", 32 bytes)

which is site_key below; derive it once, where the key file is, and give the
backend the result alone. Who holds a site's key can verify that site's cookies and could forge them, and
nothing else: no record, no receipt, no other site.

The sealed cookie is gorilla/securecookie's format, signed and not encrypted:

    base64url( date | base64url(json) | mac )       padded, fields joined by "|"
    mac = HMAC-SHA256(key, name | date | base64url(json))

The name in the mac goes without __Host- or __Secure-. The JSON holds v (1),
site, expires (Unix seconds; it decides, whatever the browser keeps), cats (id:
[status, digest]) and services (id: status, which overrides its category's).

The hint is a plain cookie that scripts may write, so it can take away and never
give: only what both permit is permitted, and without a hint nothing is.

A digest names what a category asked. When its services, recipients, durations
or purposes change, so does the digest, and old answers count no longer. Pass
digests={"analytics": "…"} to hold answers against today's; without it an answer
counts until it expires.
"""

import base64
import hashlib
import hmac
import json
import sys

MAX_AGE = 390 * 24 * 60 * 60


class Choice:
    """What both cookies permit. categories: id -> (status, digest)."""

    def __init__(self, categories=None, services=None, digests=None):
        self.categories = categories or {}
        self.services = services or {}
        self.digests = digests

    def permits(self, category, service=None):
        """Whether a category, or one service under it, is permitted."""
        if category == "necessary":
            return True
        if category not in self.categories:
            return False
        status, digest = self.categories[category]
        if self.digests is not None and self.digests.get(category) != digest:
            return False
        return self.services.get(service, status) == "granted"


def site_key(secret, site):
    """Derive a site's key from the secret of a cookie key (RFC 5869, one block)."""
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(extracted, b"consentry/1/cookie/" + site.encode() + b"\x01", hashlib.sha256).digest()


def verify(name, site, keys, now, sealed, hint, digests=None):
    """Return the Choice of a request. keys are bytes; now is Unix seconds."""
    said, told = open_sealed(name, site, keys, now, sealed or ""), read_hint(hint or "", now)
    if said is None or told is None:
        return Choice()
    categories, services = {}, {}
    for category, (status, digest) in said["cats"].items():
        other, other_digest = told["cats"].get(category, ("", ""))
        if other_digest == digest:
            categories[category] = (status if other == "granted" else "denied", digest)
    for service in set(said["services"]) | set(told["services"]):
        # A service that only the hint names may be denied there, not granted.
        if told["services"].get(service) != "granted":
            services[service] = "denied"
        elif service in said["services"]:
            services[service] = said["services"][service]
    return Choice(categories, services, digests)


def open_sealed(name, site, keys, now, value):
    """Return the sealed cookie's content, or None when it must not be believed."""
    for prefix in ("__Host-", "__Secure-"):
        name = name.removeprefix(prefix)
    try:
        date, body, mac = base64.b64decode(value, altchars=b"-_", validate=True).split(b"|", 2)
    except ValueError:
        return None
    signed = b"|".join([name.encode(), date, body])
    good = [key for key in keys if hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).digest(), mac)]
    if not good or int(date) < now - MAX_AGE:
        return None
    content = json.loads(base64.b64decode(body, altchars=b"-_", validate=True))
    if content["v"] != 1 or content["site"] != site or now >= content["expires"]:
        return None
    content.setdefault("services", {})
    return content


def read_hint(value, now):
    """Read 1.<expires>.<category>~<g|d>~<digest>….<service>~<g|d>…, or None."""
    fields = value.split(".")
    if len(value) > 4096 or len(fields) < 2 or fields[0] != "1" or not fields[1].isascii() or not fields[1].isdecimal():
        return None
    if now >= int(fields[1]):
        return None
    told = {"cats": {}, "services": {}}
    for field in fields[2:]:
        id, *rest = field.split("~")
        kind = "cats" if len(rest) == 2 else "services"
        if len(rest) not in (1, 2) or rest[0] not in ("g", "d") or id in told[kind]:
            return None
        status = "granted" if rest[0] == "g" else "denied"
        told[kind][id] = (status, rest[1]) if kind == "cats" else status
    return told


def main():
    """Answer requests from standard input, a line of six fields between tabs for
    each: NAME SITE KEY[,KEY…] NOW SEALED HINT, keys in hex, NOW in Unix seconds."""
    for line in sys.stdin:
        name, site, keys, now, sealed, hint = line.rstrip("\n").split("\t")
        choice = verify(name, site, [bytes.fromhex(key) for key in keys.split(",")], int(now), sealed, hint)
        granted = [category for category in choice.categories if choice.permits(category)]
        services = {service: status == "granted" for service, status in choice.services.items()}
        print(json.dumps({"categories": sorted(granted), "services": services}, sort_keys=True))


if __name__ == "__main__":
    main()
