"""Line charts as SVG: one panel a figure, logarithmic in x."""
import html
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 280, 64, 16, 44, 44
COLOURS = ("#0b6e99", "#d9730d", "#6b7280", "#a3195b")


def scale(value):
    """Zero stands left of one."""
    return math.log10(value) if value > 0 else -0.5


def ticks(top):
    step = 10 ** math.floor(math.log10(top or 1))
    step = next(part * step for part in (0.2, 0.5, 1, 2) if top / (part * step) <= 6)
    return [step * at for at in range(int(top / step) + 1)]


def panel(x, title, axis, lines):
    """`lines`: by name, pairs of x and y."""
    points = [point for line in lines.values() for point in line]
    places = sorted({at for at, _ in points})
    low, high = scale(places[0]), scale(places[-1])
    top = max(value for _, value in points) * 1.1 or 1

    def across(at):
        return x + LEFT + (scale(at) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)

    def down(value):
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
    parts = [f'<text x="{x + LEFT}" y="18" font-weight="bold">{html.escape(title)}</text>']
    for tick in ticks(top):
        parts.append(f'<path d="M{x + LEFT} {down(tick):.1f}H{x + WIDTH - RIGHT}" stroke="#e5e7eb"/>'
                     f'<text x="{x + LEFT - 6}" y="{down(tick) + 4:.1f}" text-anchor="end">{tick:,.10g}</text>')
    for at in places:
        parts.append(f'<text x="{across(at):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{at:,}</text>')
    parts.append(f'<text x="{x + (LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(axis)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across(at):.1f},{down(value):.1f}" for at, value in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.extend(f'<circle cx="{across(at):.1f}" cy="{down(value):.1f}" r="3" fill="{colour}"/>' for at, value in line)
        parts.append(f'<text x="{x + LEFT + number * 116}" y="34" fill="{colour}">{html.escape(name)}</text>')
    return "\n".join(parts)


def chart(path, axis, panels):
    """`panels`: by title, the lines."""
    width = WIDTH * len(panels)
    drawn = [panel(WIDTH * at, title, axis, lines) for at, (title, lines) in enumerate(panels.items())]
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
                    f'font-family="sans-serif" font-size="11" fill="#374151"><rect width="100%" height="100%" fill="#fff"/>\n'
                    + "\n".join(drawn) + "\n</svg>\n")
