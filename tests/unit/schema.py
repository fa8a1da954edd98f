#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""schema.py SCHEMA REPORT: the report is as the schema says, and has no member that it lacks.

The schema itself lets a report have more members, so that one of a later lutrace passes too: here
it must not.
"""
import json
import sys

from jsonschema import Draft202012Validator


def close(node):
    """Forbids members that are not described, in all objects whose members are."""
    if isinstance(node, dict):
        if "properties" in node:
            node.setdefault("additionalProperties", False)
        for child in node.values():
            close(child)


def main():
    with open(sys.argv[1]) as f:
        schema = json.load(f)
    with open(sys.argv[2]) as f:
        report = json.load(f)
    Draft202012Validator.check_schema(schema)
    close(schema)
    errors = list(Draft202012Validator(schema).iter_errors(report))
    for error in errors:
        print(f"{error.json_path}: {error.message}", file=sys.stderr)
    return bool(errors)


sys.exit(main())
