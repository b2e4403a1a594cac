#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""render.py RESULTS README CHART: writes what tests/bench measured (see bench and count) into the
README between its two marker comments, and into an SVG file as a bar chart."""
import collections
import html
import os
import platform
import sys
import textwrap

BEGIN, END = '<!-- bench: begin -->', '<!-- bench: end -->'
COLUMNS_OF_TEXT = 118
COLUMNS = ['lowportbind', 'lowportbind, static', 'bare C', 'bare C, static', 'setpriv', 'gosu',
           'chpst', 's6-applyuidgid', 'capsh']


def read(path):
    """The costs as {comparison: {variant: microseconds}}, the counts as
    {variant: (calls, instructions)}, and the samples as {comparison: number}."""
    costs, counts, samples = collections.defaultdict(dict), {}, {}
    for line in open(path, encoding='utf-8'):
        fields = line.rstrip('\n').split('\t')
        if fields[0] == 'count':
            counts[fields[1]] = fields[2:]
        else:
            costs[fields[0]][fields[1]] = float(fields[3])
            samples[fields[0]] = max(samples.get(fields[0], 0), int(fields[2]))
    return costs, counts, samples


def grouped(number):
    return f'{number:,.0f}'


def thousands(count):
    return '-' if count == '-' else grouped(int(count) / 1000)


def milliseconds(microseconds):
    """Two significant digits, or none where noise is larger."""
    value = microseconds / 1000
    return f'{value:.0f}' if value >= 10 else f'{value:.2g}' if value >= 0.01 else 'less than 0.01'


def machine():
    model = next((line.split(':', 1)[1].strip() for line in open('/proc/cpuinfo', encoding='utf-8')
                  if line.startswith('model name')), platform.machine())
    return f'{os.cpu_count()} cores of {model}, Linux {platform.release().split("-")[0]}'


def describe(costs, counts, samples):
    launch, confined = costs['launch'], costs['confined launch']
    off = confined['--confine off']
    sockets = {int(name.split(':')[1]): value
               for name, value in costs.items() if name.startswith('sockets:')}
    most = max(sockets)
    ratio = sockets[most]['lowportbind'] / sockets[most]['bare C']
    rows = [('microseconds', lambda name: grouped(launch[name])),
            ('system calls', lambda name: counts[name][0]),
            ('1,000 instructions', lambda name: thousands(counts[name][1]))]
    table = ['| | ' + ' | '.join(COLUMNS) + ' |', '| --- |' + ' ---: |' * len(COLUMNS)]
    table += [f'| {title} | ' + ' | '.join(cell(name) for name in COLUMNS) + ' |'
              for title, cell in rows]
    before = ('What a launch adds to starting the target directly, with `--confine off`: the '
              f'median of {grouped(samples["launch"])} launches, in random order in one run of '
              f'`scripts/bench` ({machine()}). Bare C makes only the system calls that '
              'the launch itself needs; chpst, s6-applyuidgid and gosu grant no capability.')
    listed = milliseconds(confined["--confine listed"] - off)
    privileged = milliseconds(confined["--confine privileged"] - off)
    after = (f'Confinement adds {listed} ms with `--confine listed`, and {privileged} ms with '
             f'`--confine privileged`, the default. {grouped(most)} sockets take '
             f'{milliseconds(sockets[most]["lowportbind"])} ms, {ratio:.2f} times as long as in C.')
    return [*textwrap.wrap(before, COLUMNS_OF_TEXT), '', *table, '',
            *textwrap.wrap(after, COLUMNS_OF_TEXT),
            '![What a launch costs: lowportbind, other programs, plain C](doc/launch-cost.svg)']


def colour(name):
    if name.startswith('lowportbind'):
        return '#1a7f37'
    return '#8c959f' if name.startswith(('bare', 'exec')) else '#0969da'


def draw(launch):
    """Horizontal bars, shortest first, with the same widths in every viewer."""
    bars = sorted(((value, name) for name, value in launch.items() if name != 'target alone'))
    left, width, step, top = 170, 560, 26, 52
    height = top + step * len(bars) + 16
    scale = width / bars[-1][0]
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="820" height="{height}" '
             f'viewBox="0 0 820 {height}" role="img" aria-labelledby="title" '
             'font-family="Verdana, \'DejaVu Sans\', Helvetica, Arial, sans-serif" '
             'font-size="12" fill="#1f2328">',
             '  <title id="title">Microseconds that a launch adds to starting the target directly'
             '</title>',
             f'  <rect x="0.5" y="0.5" width="819" height="{height - 1}" rx="8" fill="#ffffff" '
             'stroke="#d0d7de"/>',
             '  <text x="16" y="30" font-weight="bold" font-size="14">'
             'Microseconds added to starting the target directly (lowportbind with --confine off): '
             'less is better</text>']
    for index, (value, name) in enumerate(bars):
        y = top + step * index
        lines += [f'  <text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(name)}'
                  '</text>',
                  f'  <rect x="{left}" y="{y}" width="{value * scale:.1f}" height="{step - 8}" '
                  f'fill="{colour(name)}"/>',
                  f'  <text x="{left + value * scale + 6:.1f}" y="{y + 14}">{grouped(value)}'
                  '</text>']
    return '\n'.join(lines + ['</svg>']) + '\n'


def main(results, readme, chart):
    costs, counts, samples = read(results)
    with open(readme, encoding='utf-8') as file:
        head, rest = file.read().split(BEGIN)
    tail = rest.split(END)[1]
    text = '\n'.join([f'{head}{BEGIN}', *describe(costs, counts, samples), f'{END}{tail}'])
    drawn = draw(costs['launch'])
    for path, content in ((readme, text), (chart, drawn)):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(content)


main(*sys.argv[1:])
