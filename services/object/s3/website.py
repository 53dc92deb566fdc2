"""A bucket as a website: index and error documents, for whoever may read the objects.

It is served at `BUCKET.` and the website domain. Routing rules are not: NotImplemented.
"""

from __future__ import annotations

import html
import json
from dataclasses import replace
from typing import Any, Final

from services.http.endpoint import Reply
from services.object import sysmeta, versions
from services.object.s3 import access, configurations, documents, objects
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

_READ: Final = access.Need(action="s3:GetObject", right="READ", is_on_object=True)


def get(call: Call) -> Reply:
    """GetBucketWebsite."""
    found = _kept(call)
    tree: list[tuple[str, Any]] = []
    if found["host"]:
        to = [("HostName", found["host"])]
        to += [("Protocol", found["protocol"])] if found["protocol"] else []
        tree.append(("RedirectAllRequestsTo", to))
    if found["index"]:
        tree.append(("IndexDocument", [("Suffix", found["index"])]))
    if found["error"]:
        tree.append(("ErrorDocument", [("Key", found["error"])]))
    return configurations.reply("WebsiteConfiguration", tree)


def put(call: Call) -> Reply:
    """PutBucketWebsite."""
    root = call.document("WebsiteConfiguration")
    if root.find("RoutingRules") is not None:
        raise Refused("NotImplemented", "Routing rules are not served.")
    to = root.find("RedirectAllRequestsTo") or documents.Node("")
    index = (root.find("IndexDocument") or documents.Node("")).value("Suffix")
    error = (root.find("ErrorDocument") or documents.Node("")).value("Key")
    host, protocol = to.value("HostName"), to.value("Protocol")
    if bool(host) == bool(index) or "/" in index or protocol not in ("", "http", "https"):
        raise Refused("InvalidArgument", "A website has an index document or redirects all.")
    kept = {"host": host, "protocol": protocol, "index": index, "error": error}
    configurations.keep(call, sysmeta.WEBSITE, json.dumps(kept))
    return Reply()


def delete(call: Call) -> Reply:
    """DeleteBucketWebsite."""
    configurations.keep(call, sysmeta.WEBSITE, None)
    return Reply(status=204)


def serve(call: Call) -> Reply:
    """A page, or what says that there is none; always HTML."""
    try:
        site = _kept(call)
        if site["host"]:
            protocol = site["protocol"] or call.request.origin.partition(":")[0]
            location = f"{protocol}://{site['host']}/{call.request.raw_path.lstrip('/')}"
            return Reply(status=301, headers={"Location": location})
        return _page(call, site)
    except Refused as refused:
        return _error(call, refused)


def _page(call: Call, site: dict[str, str]) -> Reply:
    key = call.key
    if not key or key.endswith("/"):
        return _object(call, key + site["index"])
    try:
        return _object(call, key)
    except Refused as refused:
        below = f"{key}/{site['index']}"
        if (
            refused.status in (403, 404)
            and versions.find(call.store, call.bucket, below) is not None
        ):
            return Reply(status=302, headers={"Location": f"{call.request.raw_path}/"})
        raise


def _object(call: Call, key: str) -> Reply:
    there = replace(call, key=key, query={})
    version = versions.find(call.store, call.bucket, key)
    access.check(there, _READ)
    if version is not None and sysmeta.REDIRECT in version.record.metadata:
        location = version.record.metadata[sysmeta.REDIRECT]
        return Reply(status=301, headers={"Location": location})
    return objects.head(there) if call.request.method == "HEAD" else objects.get(there)


def _error(call: Call, refused: Refused) -> Reply:
    try:
        key = _kept(call)["error"] if call.found is not None else ""
        if key and 400 <= refused.status < 500:
            return replace(_object(replace(call, headers={}), key), status=refused.status)
    except Refused:
        pass  # then by a page of our own
    text = html.escape(f"{refused.status} {refused.code}: {refused}")
    page = f"<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"
    return Reply(body=page.encode(), status=refused.status, content_type="text/html; charset=utf-8")


def _kept(call: Call) -> dict[str, str]:
    if call.found is None:
        raise Refused("NoSuchBucket", facts={"BucketName": call.bucket_name})
    if not (kept := call.found.kept(sysmeta.WEBSITE)):
        raise Refused("NoSuchWebsiteConfiguration", facts={"BucketName": call.bucket_name})
    found: dict[str, str] = json.loads(kept)
    return found
