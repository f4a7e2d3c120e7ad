# SPDX-License-Identifier: MIT OR Apache-2.0
"""What tools/bench shows: the table as text, as CSV, and as a chart."""
import csv
from xml.sax.saxutils import escape

COLUMNS = (("operation", 60), ("isolated", 10), ("shared", 10), ("goal", 10), ("Linux", 13), ("seL4", 9), ("of Linux", 8),
           ("spread", 7), ("crossings", 9), ("CR3", 5), ("invlpg", 6), ("Linux's", 18))
BAR, LEFT, WIDTH = 9, 400, 1000
COLOURS = {"isolated": "#d9822b", "Linux": "#3d7ab8", "seL4": "#4c9a52", "goal": "#999999"}


def number(value):
    if value is None or value == "":
        return ""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def lines(described, ours, linux):
    """One dictionary per row that was measured. ours: {posture: {name: Row}}, linux: {name: [least, median, most, ...]}."""
    for name, row in described.items():
        mine = ours["isolated"].get(name)
        if mine is None:
            continue
        theirs, other = linux.get(row.get("linux")), linux.get(row.get("linux_other"))
        yield {"name": name, "operation": row["what"], "isolated": mine.median, "shared": ours["shared"][name].median,
               "goal": row.get("goal"), "Linux": theirs and theirs[1], "Linux, other way": other and other[1],
               "seL4": row.get("sel4"), "of Linux": theirs and mine.median / theirs[1], "spread": mine.most - mine.least,
               "crossings": mine.crossings, "CR3": mine.cr3, "invlpg": mine.invalidations,
               "Linux's": theirs and theirs[3:], "Linux's row": row.get("linux")}


def text(table):
    yield "| " + " | ".join(f"{title:{width}}" if title == "operation" else f"{title:>{width}}" for title, width in COLUMNS) + " |"
    yield "| " + " | ".join("-" * width if title == "operation" else "-" * (width - 1) + ":" for title, width in COLUMNS) + " |"
    for line in table:
        cells = []
        for title, width in COLUMNS:
            value = line[title]
            if title == "operation":
                cells.append(f"{value:{width}}")
                continue
            if title == "Linux's":
                shown = " / ".join(number(part) for part in value) if value and None not in value else ""
            else:
                shown = f"{value:.2f}" if title == "of Linux" and value and value >= 0.01 else number(value)
            cells.append(f"{shown:>{width}}")
        yield "| " + " | ".join(cells) + " |"


def write_csv(table, path):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        titles = [title for title in table[0] if title != "Linux's"]
        writer.writerow(titles + ["Linux crossings", "Linux CR3", "Linux invlpg"])
        for line in table:
            writer.writerow([line[title] for title in titles] + list(line["Linux's"] or ("", "", "")))


def draw(table, title, path):
    """Bars of each row, by their share of the row's longest: operations of 75 and of 120,000 instructions in one picture."""
    y, parts = 54, []
    x = LEFT
    for name, colour in COLOURS.items():
        parts.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{colour}"/><text x="{x + 17}" y="41">{name}</text>')
        x += 110
    for line in table:
        bars = [(name, line[name]) for name in COLOURS if line[name]]
        longest = max(value for _, value in bars)
        parts.append(f'<text x="{LEFT - 8}" y="{y + BAR * len(bars) / 2 + 4:.0f}" text-anchor="end">{escape(line["operation"])}</text>')
        for name, value in bars:
            width = value / longest * (WIDTH - LEFT - 90)
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{COLOURS[name]}"/>'
                         f'<text x="{LEFT + width + 5:.1f}" y="{y + BAR - 1}" font-size="9">{number(value)}</text>')
            y += BAR
        y += 9
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" font-family="sans-serif" font-size="11">'
                     f'<rect width="100%" height="100%" fill="white"/><text x="8" y="18" font-size="14">{escape(title)}</text>'
                     f'{"".join(parts)}</svg>\n')
