# SPDX-License-Identifier: Apache-2.0
"""People disturbed against time to quota (p90), a panel for each share of acceptance: what bench-offers prints, as an SVG."""
import math

WIDTH, HEIGHT, LEFT, TOP, GAP = 460, 340, 64, 48, 40
LEAST_S, MOST_S, MOST_PEOPLE = 10.0, 700.0, 120.0
OWN, OTHER = "#c0392b", "#34495e"


def read(lines):
    """{share: {policy: (p90_s, disturbed)}}"""
    found = {}
    for text in lines:
        name, value, _ = text.split()
        _, policy, share, figure = name.split(".", 3)
        if figure in ("quota_p90_s", "disturbed_mean"):
            found.setdefault(share, {}).setdefault(policy, {})[figure] = float(value)
    return {share: {p: (f["quota_p90_s"], f["disturbed_mean"]) for p, f in policies.items()} for share, policies in found.items()}


def at(point, left, top):
    seconds, people = point
    x = math.log(max(seconds, LEAST_S) / LEAST_S) / math.log(MOST_S / LEAST_S)
    return left + x * WIDTH, top + HEIGHT * (1 - min(people, MOST_PEOPLE) / MOST_PEOPLE)


def axes(left, top, title):
    out = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
           f'<text x="{left}" y="{top - 10}" font-weight="bold">{title}</text>']
    for seconds in (10, 20, 45, 120, 300, 600):
        x, _ = at((seconds, 0), left, top)
        out += [f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + HEIGHT}" stroke="#eee"/>',
                f'<text x="{x:.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{seconds} s</text>']
    for people in range(0, 121, 20):
        _, y = at((LEAST_S, people), left, top)
        out += [f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDTH}" y2="{y:.1f}" stroke="#eee"/>',
                f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{people}</text>']
    return out


def marks(policies, left, top):
    out = []
    curve = [at(policies[p], left, top) for p in sorted(policies) if p.startswith("genxi_grade")]
    out.append(f'<polyline fill="none" stroke="{OWN}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in curve)}"/>')
    for n, (policy, point) in enumerate(policies.items()):
        x, y = at(point, left, top)
        own = policy.startswith("genxi")
        name = policy.replace("genxi_grade", "") if own else policy.replace("_", " ")
        down = (-10 if policy == "genxi" else 14) if own else -6 - 12 * (n % 3)  # neighbours at different heights
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if policy == "genxi" else 3}" fill="{OWN if own else OTHER}"/>',
                f'<text x="{x:.1f}" y="{y + down:.1f}" text-anchor="middle" fill="{OWN if own else OTHER}">{name}</text>']
    return out


def draw(lines):
    shares = read(lines)
    columns = 2
    rows = (len(shares) + 1) // columns
    width = columns * (WIDTH + LEFT) + GAP
    height = rows * (HEIGHT + TOP + GAP) + GAP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for n, (share, policies) in enumerate(shares.items()):
        left = LEFT + (n % columns) * (WIDTH + LEFT)
        top = TOP + (n // columns) * (HEIGHT + TOP + GAP)
        title = f"{share.replace('accept_', '')}{'' if share.endswith('mixed') else ' %'} accept: people disturbed, by time to quota (p90)"
        out += axes(left, top, title) + marks(policies, left, top)
    return "\n".join([*out, "</svg>", ""])
