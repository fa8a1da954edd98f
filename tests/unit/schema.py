#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""schema.py SCHEMA FILE: the JSON in FILE is as the schema says, which leaves no member open.

Every object that the schema describes must be closed, so that a member that it lacks is found; and a
name must not stand twice in one object.
"""
import json
import sys

from jsonschema import Draft202012Validator


def unclosed(node, path="$"):
    """The paths of objects whose members are described and which may have others."""
    if isinstance(node, dict):
        if "properties" in node and node.get("additionalProperties") is not False:
            yield path
        for name, child in node.items():
            yield from unclosed(child, f"{path}.{name}")
    elif isinstance(node, list):
        for i, child in enumerate(node):
            yield from unclosed(child, f"{path}[{i}]")


def once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        sys.exit(f"a name stands twice in one object: {[name for name, _ in pairs]}")
    return members


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f, object_pairs_hook=once)
    with open(sys.argv[2], encoding="utf-8") as f:
        value = json.load(f, object_pairs_hook=once)
    Draft202012Validator.check_schema(schema)
    errors = [f"the schema leaves {path} open" for path in unclosed(schema)]
    errors += [f"{e.json_path}: {e.message}" for e in Draft202012Validator(schema).iter_errors(value)]
    for error in errors:
        print(error, file=sys.stderr)
    return bool(errors)


sys.exit(main())
