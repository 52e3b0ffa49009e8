"""The results as one SVG picture: a panel for each work, a line for each server.

The place of a dot is the figure as a ratio to the base, on a scale that all panels share and that
doubles from mark to mark: left is better. The bar through it reaches from the least to the most round.
"""
import math
from html import escape

from .works import CPU, MEMORY, P99

WIDTH, MARGIN, GAP = 1240, 28, 36
LINE, HEAD, FOOT = 19, 46, 26
NAMES, VALUES = 182, 112
INK, DIM, GRID, OURS, OTHERS, LIMIT = "#1b1f24", "#66707a", "#dde2e7", "#0b62c4", "#4d5a66", "#b3261e"
WHAT = {CPU: "server CPU, µs a message", P99: "99 % of the answers within, µs", MEMORY: "bytes a connection"}
SMALLEST, LARGEST = 1 / 8, 64


def text(x, y, content, size=12, fill=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(content)}</text>')


def line(x1, y1, x2, y2, stroke, width=1.0, more=""):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
            f'stroke-width="{width}" {more}/>')


def colour(name, result):
    if name == result["limit"]:
        return LIMIT
    return OURS if name.startswith("websock ") else OTHERS


class Scale:
    """Ratios to places; the range is what occurs, in powers of two."""

    def __init__(self, results, left, width):
        seen = [row["ratios"][result["figure"]][edge] for result in results.values()
                for row in result["servers"].values() if result["figure"] in row["ratios"]
                for edge in ("low", "high")]
        seen = [min(max(value, SMALLEST), LARGEST) for value in seen] + [0.5, 2]
        self.first = math.floor(math.log2(min(seen)))
        self.last = math.ceil(math.log2(max(seen)))
        self.left, self.width = left, width

    def at(self, value):
        place = math.log2(min(max(value, SMALLEST), LARGEST))
        return self.left + self.width * (place - self.first) / (self.last - self.first)

    def marks(self):
        return [2.0 ** power for power in range(self.first, self.last + 1)]


def value_text(key, row):
    middle = row["medians"].get(key)
    if middle is None:
        return "-"
    digits = 0 if key == MEMORY or middle >= 1000 else 1 if middle >= 100 else 2
    return f"{middle:,.{digits}f}"


def panel(name, result, x, y, width, scale):
    key, rows = result["figure"], result["servers"]
    bottom = y + HEAD + LINE * len(rows)
    out = [f'<g transform="translate({x:.1f},0)">', text(0, y + 14, name, 15, weight="600"),
           text(0, y + 31, result["about"], 11.5, DIM), text(width, y + 14, WHAT[key], 11.5, DIM, "end")]
    for mark in scale.marks():
        at = scale.at(mark)
        out.append(line(at, y + HEAD - 6, at, bottom, INK if mark == 1 else GRID, 1))
        label = f"{mark:g}×" if mark >= 1 else f"1/{1 / mark:g}×"
        out.append(text(at, bottom + 14, label, 10.5, DIM, "middle"))
    floor = rows.get(result["limit"], {}).get("ratios", {}).get(key)
    if floor:
        at = scale.at(floor["median"])
        out.append(line(at, y + HEAD - 6, at, bottom, LIMIT, 1, 'stroke-dasharray="3 3"'))
    for number, (who, row) in enumerate(rows.items()):
        out += server_line(who, row, result, y + HEAD + LINE * number + 9, width, scale)
    out.append("</g>")
    return out


def server_line(who, row, result, middle, width, scale):
    fill, key = colour(who, result), result["figure"]
    ours = fill == OURS
    out = [text(NAMES - 12, middle + 4, who, 12, fill if fill != OTHERS else INK, "end", "600" if ours else "normal")]
    if row["failed"] or key not in row["ratios"]:
        out.append(text(scale.left, middle + 4, "failed" if row["failed"] else "no figure", 11.5, DIM))
        return out
    found = row["ratios"][key]
    out.append(line(scale.at(found["low"]), middle, scale.at(found["high"]), middle, fill, 2.5,
                    'stroke-linecap="round" opacity="0.45"'))
    out.append(f'<circle cx="{scale.at(found["median"]):.1f}" cy="{middle:.1f}" r="4.2" fill="{fill}"/>')
    out.append(text(width - 52, middle + 4, value_text(key, row), 11.5, INK, "end"))
    out.append(text(width, middle + 4, f"{found['median']:.2f}×", 11.5, INK, "end"))
    return out


def svg(results, conditions):
    """The whole picture's text. `conditions`: one line for the foot."""
    columns = 2 if len(results) > 1 else 1
    each = (WIDTH - 2 * MARGIN - GAP * (columns - 1)) / columns
    scale = Scale(results, NAMES, each - NAMES - VALUES - 14)
    base = next(iter(results.values()))["base"]
    body = [text(MARGIN, 38, "Echo servers side by side", 20, weight="600"),
            text(MARGIN, 58, f"One thread on one core; ratios to {base} (=1), medians of pairs run in turns, the bar "
                             "from the least to the most. Left is better; the scale is logarithmic.", 12, DIM),
            text(MARGIN, 75, "Blue: this library. Red, dashed: a byte echo without a protocol, the limit.", 12, DIM)]
    y, entries = 100, list(results.items())
    for start in range(0, len(entries), columns):
        row = entries[start:start + columns]
        for column, (name, result) in enumerate(row):
            body += panel(name, result, MARGIN + column * (each + GAP), y, each, scale)
        y += HEAD + LINE * max(len(result["servers"]) for _, result in row) + FOOT + 20
    body.append(text(MARGIN, y + 4, conditions, 11, DIM))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 22}" width="{WIDTH}" '
            f'height="{y + 22}" font-family="system-ui, -apple-system, Segoe UI, sans-serif">\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n")
