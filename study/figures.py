"""Figures of the study, drawn by gnuplot: curves with error bands, and ratios with intervals."""

import dataclasses
import pathlib
import subprocess
import tempfile

# Okabe and Ito's colours, which colour-blind readers tell apart.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]


@dataclasses.dataclass
class Curve:
    name: str
    points: list  # (x, y, low, high), by x; low and high may be None


def gnuplot(path: pathlib.Path, program: str):
    """Runs the program with its output in `path`, an .svg file that is whole or not there."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = pathlib.Path(folder) / "figure.svg"
        text = f"set terminal svg size 760,480 font 'Helvetica,13' background '#ffffff'\nset output '{drawn}'\n{program}\nunset output\n"
        done = subprocess.run(["gnuplot", "-"], input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"gnuplot: {done.stderr.strip()}")
        path.write_bytes(drawn.read_bytes())


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def heading(title):
    return f"set label 1 {quoted(title)} at screen 0.02, screen 0.95 left font ',14' noenhanced\nset tmargin at screen 0.89"


def data_block(name, rows):
    return f"${name} << EOD\n" + "\n".join(" ".join(f"{v:.9g}" for v in row) for row in rows) + "\nEOD\n"


def curves(path, title, x_label, y_label, drawn, logarithmic="xy"):
    """Lines with points, and a band from low to high where a curve has one. On a logarithmic axis bands are cut at a tenth of the mean."""
    program = [
        heading(title),
        f"set xlabel {quoted(x_label)}",
        f"set ylabel {quoted(y_label)}",
    ]
    program += [f"set logscale {logarithmic}" if logarithmic else "", "set key outside right top noenhanced"]
    program += ["set grid lt 1 lc rgb '#dddddd'", "set border lc rgb '#555555'"]
    if "y" in logarithmic:
        program.append("set format y '10^{%T}'")
    plots = []
    for i, curve in enumerate(drawn):
        colour = COLOURS[i % len(COLOURS)]
        banded = [
            (x, y, max(low, y / 10) if "y" in logarithmic else low, high)
            for x, y, low, high in curve.points
            if low is not None
        ]
        program.append(data_block(f"line{i}", [(x, y) for x, y, _, _ in curve.points]))
        if banded:
            program.append(data_block(f"band{i}", banded))
            plots.append(f"$band{i} using 1:3:4 with filledcurves fc rgb '{colour}' fs transparent solid 0.18 notitle")
        plots.append(
            f"$line{i} using 1:2 with linespoints lw 2 pt 7 ps 0.5 lc rgb '{colour}' title {quoted(curve.name)}"
        )
    gnuplot(path, "\n".join(program) + "\nplot " + ", \\\n  ".join(plots))


def ratios(path, title, x_label, names, points):
    """One row a name, from the top: a point and its interval on a logarithmic axis, with a line at 1. points: (value, low, high)."""
    rows = [(value, len(names) - i, low, high) for i, (value, low, high) in enumerate(points)]
    labels = ", ".join(f"{quoted(name)} {len(names) - i}" for i, name in enumerate(names))
    program = f"""{heading(title)}
set xlabel {quoted(x_label)}
set logscale x
set ytics ({labels}) noenhanced
set yrange [0.4:{len(names) + 0.6}]
set grid x lt 1 lc rgb '#dddddd'
set border lc rgb '#555555'
set arrow from 1, graph 0 to 1, graph 1 nohead dt 2 lc rgb '#555555'
{data_block("rows", rows)}
plot $rows using 1:2:3:4 with xerrorbars lw 2 pt 7 ps 0.8 lc rgb '{COLOURS[0]}' notitle"""
    gnuplot(path, program)
