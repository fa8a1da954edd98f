#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""documentation.py FILE.rst...: renders the kernel's documentation with docutils. Ends with status 1
and a line for each fault: what docutils warns of, and a row of a table with an empty cell, which is
what a simple table makes of a cell of several lines whose first line is not in the first column.
Called by 8-documentation."""
import io
import re
import sys

import docutils.core
import docutils.nodes as nodes
from docutils.parsers.rst import Directive, directives, roles


class Ignored(Directive):
    """A directive that Sphinx or the kernel adds: what is in it is not text of ours."""
    has_content = True
    optional_arguments = 100
    final_argument_whitespace = True
    option_spec = {name: directives.unchanged for name in
                   ('maxdepth', 'caption', 'doc', 'identifiers', 'functions', 'internal',
                    'export', 'hidden', 'numbered', 'titlesonly', 'no-identifiers')}

    def run(self):
        return []


def literal(name, rawtext, text, lineno, inliner, options={}, content=[]):
    return [nodes.literal(rawtext, text)], []


for name in ('toctree', 'kernel-doc', 'only', 'index', 'kernel-figure', 'kernel-render'):
    directives.register_directive(name, Ignored)
for name in ('doc', 'ref', 'c:func', 'c:type', 'c:struct', 'c:macro', 'c:enum', 'manpage', 'kbd'):
    roles.register_local_role(name, literal)


def faults(path):
    warnings = io.StringIO()
    with open(path, encoding='utf-8') as f:
        tree = docutils.core.publish_doctree(
            f.read(), source_path=path,
            settings_overrides={'warning_stream': warnings, 'report_level': 2, 'halt_level': 5,
                                'file_insertion_enabled': False})
    for line in warnings.getvalue().splitlines():
        if re.match(r'.*\((WARNING|ERROR|SEVERE)/\d\)', line):
            yield line
    for row in tree.findall(nodes.row):
        cells = [cell.astext().replace('\n', ' ') for cell in row.children]
        if not all(cell.strip() for cell in cells):
            yield f'{path}: a row of a table has an empty cell: {cells}'


def main(paths):
    found = [fault for path in paths for fault in faults(path)]
    print('\n'.join(found))
    if not paths:
        print('no file was given')
    sys.exit(bool(found) or not paths)


main(sys.argv[1:])
