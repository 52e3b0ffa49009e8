"""The results as text."""
from .works import CPU, MEMORY, P99

WHAT = {CPU: "CPU", P99: "p99", MEMORY: "memory"}


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def table(name, result):
    """One work's lines; the ratios are of the work's figure."""
    key = result["figure"]
    memory = key == MEMORY
    figures = [f"{'bytes/conn':>11}"] if memory else [f"{'msgs/s':>10}", f"{'CPU us/msg':>11}", f"{'user':>8}", f"{'p99 us':>9}"]
    ratios = f"{WHAT[key] + ' to base':>15} {'least–most':>12} {'to limit':>9}"
    lines = [f"{name}: {result['about']}", f"{'':29} {' '.join(figures)} {ratios}"]
    for who, row in result["servers"].items():
        mark = "*" if who == result["base"] else "_" if who == result["limit"] else " "
        if row["failed"]:
            lines.append(f"{mark} {who:27} failed: {row['failed']}")
            continue
        middle = row["medians"].get
        figures = [f"{number(middle(MEMORY), 0):>11}"] if memory else [
            f"{number(middle('rate'), 0):>10}", f"{number(middle(CPU), 2):>11}", f"{number(middle('user'), 2):>8}",
            f"{number(middle(P99), 0):>9}"]
        found = row["ratios"].get(key, {})
        spread = f"{found['low']:.2f}–{found['high']:.2f}" if found and who != result["base"] else ""
        lines.append(f"{mark} {who:27} {' '.join(figures)} {times(found.get('median')):>15} {spread:>12} "
                     f"{times(row['to_limit'].get(key)):>9}")
    return "\n".join(lines)
