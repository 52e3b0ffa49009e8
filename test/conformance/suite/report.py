"""What a run leaves behind: JSON for programs, one HTML page for people, and the comparison with the golden
copy, which holds every outcome and differs from run to run in nothing."""

import html
import json
from collections import defaultdict


def as_json(results) -> str:
    return json.dumps([{
        "id": r.case.id, "config": str(r.config), "clause": r.case.clause, "autobahn": r.case.autobahn,
        "title": r.case.title,
        "sent": r.case.sent(), "expected": r.case.expected(), "ending": r.case.ending(), "passed": r.outcome.passed,
        "outcome": r.outcome.summary, "detail": r.outcome.detail, "seconds": round(r.seconds, 4),
    } for r in results], indent=1, ensure_ascii=False) + "\n"


# --------------------------------------------------------------------------------- golden


def golden(results) -> dict:
    """role → id → the outcome, or a table of outcomes where they differ between configurations."""
    found = defaultdict(lambda: defaultdict(dict))
    for r in results:
        found[r.config.role][r.case.id][r.config.words()] = r.outcome.summary
    return {role: {id_: fold(outcomes) for id_, outcomes in ids.items()} for role, ids in found.items()}


def fold(outcomes: dict):
    """One outcome for all configurations; or one for each value of the word by which they differ; or
    one for each configuration."""
    if len(set(outcomes.values())) == 1:
        return next(iter(outcomes.values()))
    for place in range(3):
        by_word = defaultdict(set)
        for words, outcome in outcomes.items():
            by_word[words[place]].add(outcome)
        if all(len(some) == 1 for some in by_word.values()):
            return {word: some.pop() for word, some in by_word.items()}
    return {"/".join(words): outcome for words, outcome in outcomes.items()}


def kept_outcome(kept: dict, config, id_: str):
    was = kept.get(config.role, {}).get(id_)
    if not isinstance(was, dict):
        return was
    return next((was[key] for key in ("/".join(config.words()), *config.words()) if key in was), None)


def differences(kept: dict, results) -> list:
    """How the results differ from the golden copy, which may hold more than was run."""
    lines = []
    for r in results:
        was = kept_outcome(kept, r.config, r.case.id)
        if was != r.outcome.summary:
            lines.append(f"{r.config} {r.case.id}: {r.outcome.summary!r}, golden {was!r}")
    return lines


def gone(kept: dict, results) -> list:
    """Cases of the golden copy that a full run no longer has."""
    have = {(r.config.role, r.case.id) for r in results}
    return [f"{role} {id_}: only in the golden copy" for role, ids in kept.items() for id_ in ids
            if (role, id_) not in have]


def as_golden(results) -> str:
    """A line for each case, so that differences are read easily."""
    roles = []
    for role, ids in golden(results).items():
        lines = [f"  {json.dumps(id_)}: {json.dumps(outcome, ensure_ascii=False)}" for id_, outcome in ids.items()]
        roles.append(f"{json.dumps(role)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(roles) + "\n}\n"


# ----------------------------------------------------------------------------------- HTML

STYLE = """body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}table{border-collapse:collapse;margin:1em 0}
td,th{border:1px solid #ccc;padding:2px 6px;vertical-align:top;text-align:left}th{background:#eee;position:sticky;top:0}
.ok{background:#e2f5e2}.bad{background:#f9c9c9}.none{color:#aaa;text-align:center}.sent{max-width:34em;overflow-wrap:anywhere}
code{font-size:12px}summary{cursor:pointer;font-weight:bold}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}
th{background:#333}td,th{border-color:#444}.ok{background:#1d3a1d}.bad{background:#6b1f1f}}"""


def as_html(results, seconds: float) -> str:
    failed = [r for r in results if not r.outcome.passed]
    page = ["<!DOCTYPE html><html lang=en><meta charset=utf-8><title>websock: conformance</title>",
            f"<style>{STYLE}</style>",
            "<h1>Conformance on the wire</h1>",
            f"<p>{len(results) - len(failed)} passed, {len(failed)} failed, in {seconds:.0f} s.</p>",
            overview(results)]
    if failed:
        page.append("<h2>Failures</h2><table><tr><th>case<th>configuration<th>what went wrong</tr>")
        page += [f"<tr class=bad><td>{text(r.case.id)}<td>{r.config}<td>{text(r.outcome.detail)}</tr>"
                 for r in failed]
        page.append("</table>")
    for role in ("server", "client"):
        if some := [r for r in results if r.config.role == role]:
            page.append(f"<h2>The {role} under test</h2>")
            page += [category(name, group) for name, group in by_category(some).items()]
    return "\n".join(page) + "\n"


def text(value) -> str:
    return html.escape(str(value))


def by_category(results) -> dict:
    groups = defaultdict(list)
    for r in results:
        groups[r.case.id.partition(".")[0]].append(r)
    return groups


def overview(results) -> str:
    configs = list(dict.fromkeys(r.config for r in results))
    lines = ["<table><tr><th>cases passed" + "".join(f"<th>{config}" for config in configs) + "</tr>"]
    for name, group in by_category(results).items():
        cells = [cell_of_sums([r for r in group if r.config == config]) for config in configs]
        lines.append(f"<tr><td>{name}{''.join(cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def cell_of_sums(group) -> str:
    passed = sum(r.outcome.passed for r in group)
    if not group:
        return "<td class=none>–"
    return f"<td class={'ok' if passed == len(group) else 'bad'}>{passed} of {len(group)}"


def category(name: str, results) -> str:
    configs = list(dict.fromkeys(r.config for r in results))
    rows = defaultdict(dict)
    for r in results:
        rows[r.case][r.config] = r
    heads = "".join(f"<th>{' '.join(config.words())}" for config in configs)
    lines = [f"<details{'' if all(r.outcome.passed for r in results) else ' open'}><summary>{name}: {len(rows)} cases</summary>",
             f"<table><tr><th>case<th>clause<th>Autobahn<th>sent<th>must come back<th>must end{heads}</tr>"]
    for case, cells in rows.items():
        shown = "".join(cell(cells.get(config)) for config in configs)
        lines.append(f"<tr><td title=\"{text(case.title)}\">{text(case.id)}<td>{text(case.clause)}<td>{case.autobahn}"
                     f"<td class=sent><code>{text(case.sent())}</code><td class=sent><code>{text(case.expected())}</code>"
                     f"<td>{text(case.ending())}{shown}</tr>")
    return "\n".join([*lines, "</table></details>"])


def cell(result) -> str:
    if result is None:
        return "<td class=none>–"
    kind = "ok" if result.outcome.passed else "bad"
    return f"<td class={kind} title=\"{text(result.outcome.detail)}\">{text(result.outcome.summary)}"
