"""What a run store says of its making, `tugline verify`, `tugline rerun`, and `sweep --keep-going`, on the tiny model."""

import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import unittest

BINARY = os.environ["TUGLINE_BINARY"]
FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
TINY = FIXTURES / "tiny_model"
COTS = ["The sum is on the sheet. So the total is 12. And so on, then.", "There are ten in the box. One is red and nine are not. It is so."]
DATA = [
    {
        "prompt": "p",
        "model_input_prompt": "Add. <think>",
        "cot": cot,
        "thought_anchor_idx": 1,
        "thought_anchor_sentence": anchor,
    }
    for cot, anchor in zip(COTS, ["So the total is 12.", "One is red and nine are not."])
]
SETTINGS = {"--layers": "0,2", "--epsilons": "0,1,2", "--directions": "2", "--threads": "1"}
FAULT = 4


def digest(path, block=16 << 20):
    """docs/formats.md, "Digests of files"."""
    with open(path, "rb") as file:
        blocks = iter(lambda: file.read(block), b"")
        return hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in blocks)).hexdigest()


def tensor(path, name):
    """Where a tensor's bytes lie in a safetensors file."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        begin, end = json.loads(file.read(size))[name]["data_offsets"]
    return 8 + size + begin, 8 + size + end


def scale(path, name, factor):
    begin, end = tensor(path, name)
    content = bytearray(path.read_bytes())
    count = (end - begin) // 4
    values = struct.unpack(f"<{count}f", content[begin:end])
    content[begin:end] = struct.pack(f"<{count}f", *(value * factor for value in values))
    path.write_bytes(content)


def hash_of_row(texts):
    """src/tugline/store/row_hash.cpp, of a row of texts."""
    value = 0xCBF29CE484222325

    def add(content):
        nonlocal value
        for byte in content:
            value = (value ^ byte) * 0x100000001B3 % (1 << 64)

    for text in texts:
        add(b"\x03")  # SQLite's number of a text
        add(struct.pack("<Q", len(text.encode())) + text.encode())
    return value


class Programs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tugline-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "data.json").write_text(json.dumps(DATA))
        self.model = self.copy_of_model("model")

    def copy_of_model(self, name):
        shutil.copytree(TINY, self.folder / name)
        return self.folder / name

    def run_program(self, *arguments, status=0):
        environment = dict(os.environ, OMP_NUM_THREADS="1", XDG_CACHE_HOME=str(self.folder / "cache"))
        done = subprocess.run([BINARY, *map(str, arguments)], cwd=self.folder, env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def sweep(self, store="run.db", *more, model="model", status=0):
        """With the options of SETTINGS that ``more`` does not have."""
        settings = [word for option in SETTINGS.items() if option[0] not in more for word in option]
        return self.run_program("sweep", model, "data.json", "-o", store, *settings, *more, status=status)

    def table(self, store, name):
        return json.loads(self.run_program("export", store, "--table", name, "--format", "json").stdout)

    def facts(self, store):
        with sqlite3.connect(self.folder / store) as database:
            return dict(database.execute("SELECT name, value FROM meta"))


class Provenance(Programs):
    def test_a_store_says_what_made_it(self):
        self.sweep()
        facts = self.facts("run.db")
        self.assertEqual(facts["weights_digest.model.safetensors"], digest(self.model / "model.safetensors"))
        self.assertEqual(facts["tokenizer_digest.tokenizer.json"], digest(self.model / "tokenizer.json"))
        self.assertEqual(facts["configuration_digest.config.json"], digest(self.model / "config.json"))
        self.assertRegex(facts["tugline_commit"], r"^([0-9a-f]{40}(-dirty)?|unknown)$")
        self.assertEqual(facts["threads"], "1")
        for name in ("host", "cpu_level", "onednn_version", "openmp_version", "started"):
            self.assertTrue(facts[name], name)
        self.assertEqual(facts["sqlite_version"].split(".")[0], "3")
        summary = self.run_program("summary", "run.db").stdout
        self.assertIn(facts["tugline_commit"], summary)
        self.assertIn("model.safetensors " + facts["weights_digest.model.safetensors"][:16], summary)

    def test_every_command_that_grew_the_store_is_in_a_table(self):
        self.sweep("a.db", "--shard", "1/2")
        self.sweep("b.db", "--shard", "2/2")
        self.run_program("merge", "run.db", "a.db", "b.db")
        self.sweep("run.db", "--epsilons", "0,1,2,3")
        self.sweep("run.db")  # measures nothing, and leaves no trace
        commands = self.table("run.db", "commands")
        self.assertEqual([row["command"] for row in commands], ["sweep", "sweep", "merge", "sweep"])
        self.assertEqual([row["units"] for row in commands], [2, 2, 0, 4])
        self.assertEqual(commands[3]["pushes"], 4 * 2)
        self.assertIn("--shard 1/2", commands[0]["command_line"])
        self.assertIn("merge run.db a.db b.db", commands[2]["command_line"])
        self.assertTrue(all(row["host"] and row["started"] for row in commands))
        self.assertEqual(json.loads(self.run_program("summary", "run.db", "--json").stdout)["commands"], commands)
        self.assertIn("merge", self.run_program("summary", "run.db").stdout)

    def test_the_same_weights_elsewhere_go_on_and_a_changed_byte_does_not(self):
        self.sweep("run.db", "--max-examples", "1")
        self.copy_of_model("elsewhere")
        done = self.sweep("run.db", model="elsewhere")
        self.assertNotIn("warn", done.stderr)
        weights = self.folder / "elsewhere" / "model.safetensors"
        begin, _ = tensor(weights, "model.embed_tokens.weight")
        content = bytearray(weights.read_bytes())
        content[begin + 4096 + 100] ^= 1  # between the samples of the tensor that the identity's hash has
        weights.write_bytes(content)
        refused = self.sweep("run.db", model="elsewhere", status=2)
        self.assertIn(str(pathlib.Path("elsewhere") / "model.safetensors"), refused.stderr)
        self.assertIn("digest", refused.stderr)
        self.run_program("dose", "run.db", "elsewhere", "data.json", "--kl", "0.001", "--refine", status=2)

    def test_stores_of_weights_that_differ_in_a_byte_are_not_merged(self):
        self.sweep("a.db", "--shard", "1/2")
        weights = self.model / "model.safetensors"
        begin, _ = tensor(weights, "model.embed_tokens.weight")
        content = bytearray(weights.read_bytes())
        content[begin + 4096 + 100] ^= 1
        weights.write_bytes(content)
        self.sweep("b.db", "--shard", "2/2")
        self.assertIn("model.safetensors", self.run_program("merge", "run.db", "a.db", "b.db", status=2).stderr)
        self.assertFalse((self.folder / "run.db").exists())

    def test_another_tokenizer_file_with_the_same_tokens_is_warned_of(self):
        self.sweep("run.db", "--max-examples", "1")
        tokenizer = self.model / "tokenizer.json"
        tokenizer.write_text(tokenizer.read_text() + "\n")
        self.assertIn("tokenizer.json", self.sweep("run.db").stderr)


class Verify(Programs):
    def verify(self, *arguments, status=0):
        checks = json.loads(self.run_program("verify", *arguments, "--json", status=status).stdout)["checks"]
        return {check["check"]: check for check in checks}

    def change(self, store, statement):
        """Changes the store as a program would that knows nothing of checksums."""
        with sqlite3.connect(self.folder / store) as database:
            database.execute(statement)

    def test_a_store_that_a_sweep_made_is_right(self):
        self.sweep("run.db", "--moved-tokens", "3", "--answers", "id:65,id:66", "--spans", "anchor,chunks,controls")
        checks = self.verify("run.db")
        self.assertEqual(list(checks), ["structure", "references", "checksums", "counts", "values"])
        self.assertEqual(sum(check["faults"] for check in checks.values()), 0)
        self.assertIn("run.db is right", self.run_program("verify", "run.db").stdout)

    def test_a_sample_is_measured_again_to_the_same_bits(self):
        self.sweep("run.db", "--audit", "0")
        self.sweep("run.db", "--epsilons", "0,1,2,3", "--directions", "3")  # parts
        for more in (["model", "data.json", "--sample", "100"], ["--sample", "100"]):
            sample = self.verify("run.db", *more)["sample"]
            self.assertEqual(sample["faults"], 0)
            self.assertIn("equal to the bit", sample["result"])

    def test_another_number_of_threads_is_compared_within_a_bound(self):
        self.sweep()
        self.assertIn("threads", self.verify("run.db", "model", "data.json", "--threads", "2")["sample"]["result"])

    def test_changed_values_and_missing_rows_are_found(self):
        for name, statement, check in (
            ("value", "UPDATE responses SET kl = -1 WHERE epsilon = 2", "values"),
            ("place", "UPDATE responses SET kl = kl * 1.0000001 WHERE epsilon = 2", "checksums"),
            ("row", "DELETE FROM responses WHERE unit = 1 AND epsilon = 2", "checksums"),
            ("packed", "UPDATE response_rows SET packed = zeroblob(length(packed)) WHERE unit = 1", "checksums"),
            ("orphan", "INSERT INTO readout_rows VALUES (99, 0, 1, 1)", "references"),
        ):
            with self.subTest(name):
                self.sweep(f"{name}.db")
                self.change(f"{name}.db", statement)
                self.assertGreater(self.verify(f"{name}.db", status=FAULT)[check]["faults"], 0)

    def test_numbers_of_another_run_are_found_by_the_sample(self):
        """A store whose checksums are right, and whose identity says another seed than it was measured with."""
        self.sweep("run.db", "--seed", "7")
        self.change("run.db", "UPDATE identity SET value = '42' WHERE name = 'seed'")
        self.run_program("verify", "run.db", status=2)  # the table's checksum
        with sqlite3.connect(self.folder / "run.db") as database:
            rows = database.execute("SELECT name, value FROM identity").fetchall()
            total = sum(hash_of_row(row) for row in rows) % (1 << 64)
            database.execute("UPDATE checksums SET checksum = ? WHERE name = 'identity'", (total - (1 << 64) if total >> 63 else total,))
        self.verify("run.db")
        checks = self.verify("run.db", "model", "data.json", "--sample", "100", status=FAULT)
        self.assertEqual(checks["sample"]["faults"], 4)
        self.assertIn("beyond the bound", checks["sample"]["result"])

    def test_another_model_or_dataset_is_refused(self):
        self.sweep()
        scale(self.model / "model.safetensors", "model.norm.weight", 1.5)
        self.run_program("verify", "run.db", "model", "data.json", status=2)
        (self.folder / "other.json").write_text(json.dumps(DATA[1:]))
        self.run_program("verify", "run.db", TINY, "other.json", status=2)

    def test_what_is_no_run_store_cannot_be_read(self):
        (self.folder / "text.db").write_text("no store")
        self.run_program("verify", "text.db", status=2)
        self.run_program("verify", "absent.db", status=2)


class Rerun(Programs):
    def rerun(self, *arguments, status=0):
        return json.loads(self.run_program("rerun", *arguments, "--json", status=status).stdout)

    def exports(self, store):
        tables = {name: self.table(store, name) for name in ("responses", "rows", "examples", "units")}
        for row in tables["units"]:
            del row["seconds"]
        return tables

    def test_a_run_is_repeated_to_the_bit(self):
        self.sweep("run.db", "--spans", "anchor,controls", "--audit", "2")
        self.sweep("run.db", "--spans", "anchor,controls", "--audit", "2", "--epsilons", "0,1,2,3", "--directions", "3")
        found = self.rerun("run.db", "-o", "again.db")
        self.assertTrue(found["numbers"]["same_bits"])
        self.assertEqual(found["differences"], [])
        self.assertEqual(self.exports("run.db"), self.exports("again.db"))
        self.assertEqual(self.table("again.db", "commands")[0]["command"], "rerun")
        self.assertIn("equal to the bit", self.run_program("rerun", "run.db", "-o", "again.db").stdout)
        self.verify_ok("again.db")

    def verify_ok(self, store):
        self.run_program("verify", store)

    def test_families_of_directions_and_precisions_are_repeated(self):
        for name, more in (
            ("difference", ["--direction-family", "difference", "--orthogonal-to", "residual"]),
            ("interpolation", ["--push", "interpolation", "--epsilons", "0,0.5,1"]),
            ("plain", ["--precision", "plain-bf16"]),
            ("downstream", ["--readout", "downstream:3", "--at", "first", "--vocabulary", "sampled"]),
        ):
            with self.subTest(name):
                self.sweep(f"{name}.db", *more)
                self.assertTrue(self.rerun(f"{name}.db", "-o", f"{name}2.db")["numbers"]["same_bits"])

    def test_a_rerun_goes_on_where_it_stopped(self):
        self.sweep()
        self.rerun("run.db", "-o", "again.db")
        with sqlite3.connect(self.folder / "run.db") as database:
            units = database.execute("SELECT COUNT(*) FROM units").fetchone()[0]
        self.sweep("run.db", "--spans", "anchor,chunks")
        self.assertTrue(self.rerun("run.db", "-o", "again.db")["numbers"]["same_bits"])
        commands = self.table("again.db", "commands")
        self.assertEqual(commands[0]["units"], units)
        self.assertEqual(len(commands), 2)

    def test_other_weights_are_reported_with_how_far_the_numbers_differ(self):
        self.sweep()
        self.copy_of_model("other")
        scale(self.folder / "other" / "model.safetensors", "model.norm.weight", 1.5)
        found = self.rerun("run.db", "other", "data.json", "-o", "again.db", status=FAULT)
        names = {row["name"] for row in found["differences"]}
        self.assertLessEqual({"model_weights", "weights_digest.model.safetensors"}, names)
        self.assertFalse(found["numbers"]["same_bits"])
        kl = next(row for row in found["measures"] if row["measure"] == "kl")
        self.assertGreater(kl["largest"], 0)
        self.assertGreater(kl["responses"], 0)

    def test_the_run_itself_is_not_overwritten(self):
        self.sweep()
        self.run_program("rerun", "run.db", "-o", "run.db", status=2)
        (self.folder / "data.json").rename(self.folder / "moved.json")
        self.assertIn("DATA is missing", self.run_program("rerun", "run.db", "-o", "again.db", status=2).stderr)


class KeepGoing(Programs):
    def test_weights_that_overflow_at_one_layer(self):
        for precision in ("f32", "bf16", "plain-bf16"):
            with self.subTest(precision):
                model = self.copy_of_model(f"model-{precision}")
                scale(model / "model.safetensors", "model.layers.1.mlp.down_proj.weight", 3e38)
                scale(model / "model.safetensors", "model.layers.1.mlp.up_proj.weight", 1e6)
                more = ("--precision", precision)
                stopped = self.sweep(f"{precision}.db", *more, model=model, status=2)
                self.assertIn("layer 1, mlp (down projection): the result at token", stopped.stderr)
                self.assertIn("without a push", stopped.stderr)
                self.assertEqual(self.table(f"{precision}.db", "units"), [])
                went_on = self.sweep(f"{precision}.db", *more, "--keep-going", model=model, status=FAULT)
                self.assertIn("4 units failed", went_on.stderr)
                failures = self.table(f"{precision}.db", "failures")
                self.assertEqual(len(failures), 4)
                self.assertTrue(all("layer 1, mlp" in row["reason"] for row in failures))
                self.assertEqual(self.table(f"{precision}.db", "units"), [])
                summary = self.run_program("summary", f"{precision}.db").stdout
                self.assertIn("4 units failed: layer 1, mlp", summary)

    def test_a_push_that_overflows_fails_alone_and_is_tried_again(self):
        settings = ["--layers", "0,3", "--directions", "2", "--threads", "1", "--audit", "0"]
        huge = [*settings, "--epsilons", "1,1e39"]  # one of four residuals is small enough for it
        stopped = self.run_program("sweep", "model", "data.json", "-o", "run.db", *huge, status=2)
        self.assertRegex(stopped.stderr, r"layer [03], resid_post: what the push changes at token \d+ is not finite")
        self.assertIn("epsilon 1e+39", stopped.stderr)
        self.run_program("sweep", "model", "data.json", "-o", "run.db", *huge, "--keep-going", status=FAULT)
        failed = self.table("run.db", "failures")
        self.assertEqual(len(failed), 3)
        done = {(row["example"], row["layer"]) for row in self.table("run.db", "units")}
        self.assertFalse(done & {(row["example"], row["layer"]) for row in failed})
        for command in (["analyze", "run.db"], ["export", "run.db", "--table", "curves"]):
            self.assertIn("3 units failed and are left out", self.run_program(*command).stderr)
        self.run_program("verify", "run.db")
        # A smaller push is measured, and the failure is gone.
        self.run_program("sweep", "model", "data.json", "-o", "run.db", *settings, "--epsilons", "1", "--keep-going")
        self.assertEqual(self.table("run.db", "failures"), [])
        self.assertEqual(len({(row["example"], row["layer"]) for row in self.table("run.db", "units")}), 4)


if __name__ == "__main__":
    unittest.main()
