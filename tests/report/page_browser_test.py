"""The page of `tugline report` in a real browser: nothing fails, nothing is fetched, the numbers are the run's, everybody can use it."""

import csv
import io
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS.parent / "scripts"))
import check_skips  # noqa: E402
from support.browser import Browser, find_chromium  # noqa: E402

TUGLINE = os.environ["TUGLINE_BINARY"]
MODEL = TESTS / "fixtures" / "tiny_model"

# Text that would end the page's data, begin a comment in it, or be taken for markup.
HOSTILE = "Is </script><script>alert(1)</script> <!-- <b>bold</b> & \u2028 \ud83d\ude00 there? "
DATA = [
    {
        "prompt": "<img src=x onerror=alert(1)>",
        "model_input_prompt": "Add. <think>",
        "cot": HOSTILE + "The sum is on the sheet. So the total is 12. And so on, then.",
        "thought_anchor_sentence": "So the total is 12.",
    },
    {
        "prompt": "p",
        "model_input_prompt": "Take. <think>",
        "cot": "There are ten in the box. One is red and nine are not. It is so.",
        "thought_anchor_idx": 1,
        "thought_anchor_sentence": "One is red and nine are not.",
    },
]


def tugline(*arguments):
    words = [str(word) for word in (TUGLINE, *arguments)]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def with_data(page, change):
    """The page with data that `change` has changed."""
    html = page.read_text(encoding="utf-8")
    begin = html.index('<script type="application/json" id="data">') + 42
    end = html.index("</script>", begin)
    data = json.loads(html[begin:end])
    change(data)
    return html[:begin] + json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c") + html[end:]


def add_interpolated(data):
    columns = ["span_kind", "layer", "null_direction", "epsilon", "kl", "interpolation_error", "ci_low", "ci_high"]
    rows = [["anchor", layer, 0, 1.5, 0.01, 0.001, 0.005, 0.02] for layer in (0, 1)]
    data["tables"].append({"name": "interpolated", "title": "Interpolated", "caption": "c", "columns": columns, "rows": rows, "left_out": 0})


def enlarge(data):
    """32 layers of 21 epsilons, tables of 250,000 cells, and tokens of 300,000 numbers."""
    for table in data["tables"]:
        rows = table["rows"]
        if table["name"] == "curves":
            layer, epsilon = table["columns"].index("layer"), table["columns"].index("epsilon")
            table["rows"] = [list(rows[i % len(rows)]) for i in range(32 * 21 * 3)]
            for i, row in enumerate(table["rows"]):
                row[0], row[layer], row[epsilon] = ("anchor", "chunk", "control_matched")[i // 672], i % 672 // 21, i % 21 / 2
        else:
            table["rows"] = [rows[i % len(rows)] for i in range(250_000 // len(data["tables"]) // len(table["columns"]))]
    whole = data["transcripts"]
    of_row = 2 + 4 * 3  # three moved tokens
    numbers = of_row * sum(len(response["rows"]) for one in whole for span in one["spans"] for response in span["responses"])
    data["transcripts"] = [{**one, "example": i} for i, one in enumerate(whole * (300_000 // numbers))]


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        data = cls.data = cls.folder / "data.json"
        data.write_text(json.dumps(DATA), encoding="utf-8")
        cls.run_store = cls.folder / "run.db"
        grid = ["--layers", "0,1", "--epsilons", "0,0.5,1,2", "--directions", "3", "--moved-tokens", "3"]
        tugline("sweep", MODEL, data, "-o", cls.run_store, "--spans", "anchor,chunks,controls", *grid)
        cls.page = cls.folder / "report.html"
        tugline("report", cls.run_store, data, "-o", cls.page)
        cls.browser = Browser(find_chromium())
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.resize(1200, 900)
        self.browser.prefer("light")
        self.browser.open(self.page)

    def js(self, expression, timeout=60):
        return self.browser.run(expression, timeout)

    def test_opens_without_a_complaint_or_a_request(self):
        self.assertEqual(self.browser.problems(), [])
        self.assertEqual(self.browser.requests(), [self.page.resolve().as_uri()])

    def test_every_section_is_there_and_in_the_navigation(self):
        shown = self.js("[...document.querySelectorAll('main > section:not([hidden])')].map(s => s.id).filter(id => id != 'warnings')")
        linked = self.js("[...document.querySelectorAll('nav a')].map(a => a.hash.slice(1))")
        self.assertEqual(shown, linked)
        for section in ("curves", "heat", "transcripts", "tables", "provenance"):
            self.assertIn(section, shown)

    def test_curves_are_the_exported_ones(self):
        exported = list(csv.DictReader(io.StringIO(tugline("export", self.run_store, "--table", "curves"))))
        table = self.js("tableNamed('curves')")
        self.assertEqual(len(table["rows"]), len(exported))
        for row, line in zip(table["rows"], exported):
            shown = dict(zip(table["columns"], row))
            self.assertEqual(shown["kl"], float(line["kl"]))
            self.assertEqual((shown["span_kind"], shown["layer"]), (line["span_kind"], int(line["layer"])))
        self.assertEqual(self.js("csv(tableNamed('curves')).split('\\n').length"), len(exported) + 2)

    def test_layers_go_off_and_on(self):
        lines = "document.querySelectorAll('#curves path.curve').length"
        self.assertEqual(self.js(lines), 2)
        self.js("[...document.querySelectorAll('#curves label')].find(l => l.textContent == '0').control.click()")
        self.assertEqual(self.js(lines), 1)

    def test_bands_of_a_logarithmic_axis_do_not_fall_to_the_floor(self):
        point = "JSON.stringify(logInterval({x: 1, y: 2, low: -4, high: 8}))"
        interval = json.loads(self.js(point))
        self.assertAlmostEqual(interval["low"], 2 * math.exp(-3))
        self.assertAlmostEqual(interval["low"] * interval["high"], 4)

    def test_labels_of_logarithmic_axes_are_round(self):
        ticks = "JSON.stringify([[0.0013, 0.9], [0.2, 8], [3, 7], [1e-9, 1e3]].map(ends => ticksOf(d3.scaleLog().domain(ends), 6).map(tickText)))"
        self.assertEqual(
            json.loads(self.js(ticks)),
            [["0.01", "0.1"], ["0.2", "0.5", "1", "2", "5"], ["3", "4", "5", "6", "7"], ["1e-8", "1e-6", "1e-4", "0.01", "1", "100"]],
        )

    def test_logarithmic_axes_leave_out_zero(self):
        points = "document.querySelectorAll('#curves circle').length"
        self.assertEqual(self.js(points), 8)
        self.js("[...document.querySelectorAll('#curves label')].find(l => l.textContent == 'log x').control.click()")
        self.assertEqual(self.js(points), 6)
        self.assertIn("2 points are left out", self.js("document.querySelector('#curves figcaption').textContent"))
        self.assertEqual(self.browser.problems(), [])

    def test_dragging_zooms_and_a_button_goes_back(self):
        self.js("document.querySelector('#curves svg').scrollIntoView({behavior: 'instant', block: 'center'})")
        box = self.js("(r => [r.x, r.y, r.width, r.height])(document.querySelector('#curves svg').getBoundingClientRect())")
        y = box[1] + box[3] / 2
        self.browser.mouse("mousePressed", box[0] + 0.08 * box[2], y, button="left", clickCount=1)
        self.browser.mouse("mouseMoved", box[0] + 0.6 * box[2], y, button="left")
        self.browser.mouse("mouseReleased", box[0] + 0.6 * box[2], y, button="left", clickCount=1)
        self.assertLess(self.js("document.querySelectorAll('#curves circle').length"), 8)
        self.js("[...document.querySelectorAll('#curves button')].find(b => b.textContent == 'Whole range').click()")
        self.assertEqual(self.js("document.querySelectorAll('#curves circle').length"), 8)

    def test_the_keyboard_reads_the_curve(self):
        self.js("document.querySelector('#curves svg').focus()")
        self.browser.key("End")
        self.browser.key("End")
        said = self.js("document.getElementById('tip').innerText")
        self.assertIn("epsilon 2", said)
        self.assertIn("layer 1:", said)
        self.assertEqual(self.js("document.getElementById('tip').getAttribute('role')"), "status")

    def test_text_is_text(self):
        transcript = self.js("document.querySelector('#transcripts .transcript').textContent")
        self.assertIn("</script><script>alert(1)</script> <!-- <b>bold</b> &", transcript)
        self.assertEqual(self.js("document.querySelectorAll('img, b').length"), 0)

    def test_a_sentence_shows_its_tokens_and_what_moved(self):
        anchor = "document.querySelector('#transcripts .chunk.anchor')"
        self.assertIn("So the total is 12.", self.js(f"{anchor}.textContent"))
        self.js(f"{anchor}.focus()")
        self.browser.key("Enter")
        tokens = self.js("[...document.querySelectorAll('#transcripts .token')].map(t => t.textContent)")
        self.assertIn("So the total is 12.", "".join(tokens))
        self.js("document.querySelector('#transcripts .token').dispatchEvent(new MouseEvent('mousemove', {bubbles: true}))")
        self.assertRegex(self.js("document.getElementById('tip').innerText"), "(?s)KL .*rose: .*fell: ")

    def test_an_interpolated_point_has_no_dot_and_says_how_well_it_is_known(self):
        page = self.folder / "nodes.html"
        page.write_text(with_data(self.page, add_interpolated), encoding="utf-8")
        self.browser.open(page)
        self.assertEqual(self.js("document.querySelectorAll('#curves circle').length"), 8)
        self.assertIn("interpolated", self.js("document.querySelector('#curves .lead').textContent"))
        self.js("document.querySelector('#curves svg').focus()")
        for key in ("End", "End", "ArrowLeft"):
            self.browser.key(key)
        said = self.js("document.getElementById('tip').innerText")
        self.assertIn("epsilon 1.5", said)
        self.assertIn("interpolated to \u00b10.001", said)
        self.assertIn("In italics: interpolated.", self.js("document.querySelector('#heat caption').textContent"))
        self.assertEqual(self.js("[...document.querySelectorAll('#heat td')].filter(cell => cell.style.fontStyle == 'italic').length"), 2)
        self.assertEqual(self.browser.problems(), [])

    def test_the_anchor_is_marked_in_a_run_of_chunks(self):
        chunks = self.folder / "chunks.db"
        tugline("sweep", MODEL, self.data, "-o", chunks, "--spans", "chunks", "--layers", "1", "--epsilons", "1", "--directions", "1")
        page = self.folder / "chunks.html"
        tugline("report", chunks, self.data, "-o", page)
        self.browser.open(page)
        self.assertEqual(self.js("[...document.querySelectorAll('#transcripts .anchor')].map(a => a.textContent.trim())"), ["So the total is 12."])

    # As large as the largest page may be (api/run_page.cpp). It opens in about 2 s on an idle machine; a busy one has 30 s.
    def test_the_largest_page_opens_quickly(self):
        page = self.folder / "large.html"
        page.write_text(with_data(self.page, enlarge), encoding="utf-8")
        self.assertGreater(page.stat().st_size, 5e6)
        self.assertLess(page.stat().st_size, 8e6)
        self.assertLess(self.browser.open(page), 30)
        self.assertEqual(self.browser.problems(), [])
        self.assertEqual(self.js("distinct(records(tableNamed('curves')).map(row => row.layer)).length"), 32)

    def test_theme_follows_the_system_and_the_choice(self):
        ground = "getComputedStyle(document.body).backgroundColor"
        light = self.js(ground)
        self.browser.prefer("dark")
        dark = self.js(ground)
        self.assertNotEqual(light, dark)
        self.js("[...document.querySelectorAll('#theme label')].find(l => l.textContent == 'light').control.click()")
        self.assertEqual(self.js(ground), light)
        self.js("[...document.querySelectorAll('#theme label')].find(l => l.textContent == 'system').control.click()")

    def test_nothing_is_wider_than_a_telephone(self):
        self.browser.resize(360, 700)
        self.assertLessEqual(self.js("document.documentElement.scrollWidth"), 360)

    def test_headings_captions_and_names(self):
        self.assertEqual(self.js("document.querySelectorAll('h1').length"), 1)
        self.js("for (const d of document.querySelectorAll('details')) d.open = true")
        self.js("new Promise(done => setTimeout(done, 200))")
        self.assertEqual(self.js("[...document.querySelectorAll('table')].filter(t => !t.caption || !t.caption.textContent).length"), 0)
        self.assertEqual(self.js("[...document.querySelectorAll('svg.plot')].filter(s => !s.getAttribute('aria-label')).length"), 0)

    def test_accessible(self):
        import packaged_file
        from fetch_javascript import LIBRARIES

        axe = packaged_file.cache_folder() / LIBRARIES["axe"].file_name
        if not axe.is_file():
            self.skipTest("axe is not in the cache; scripts/fetch_javascript.py axe fetches it")
        self.js(axe.read_text(encoding="utf-8"))
        self.js("document.querySelector('#transcripts .chunk').click()")
        # One table of each sort: axe looks at every cell.
        self.js("for (const d of document.querySelectorAll('#curves details, #transcripts details')) d.open = true")
        self.js("new Promise(done => setTimeout(done, 200))")
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            found = self.js("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + n.failureSummary)]))", timeout=400)
            self.assertEqual(found, [], scheme)


if __name__ == "__main__":
    if not find_chromium():
        print("skipped: there is no Chromium here (scripts/install_dependencies.sh --tests installs it on Debian)")
        sys.exit(77)
    check_skips.run_unittests()
