-- The run store, schema version 9 (docs/store.md says how to read it). application_id marks the file as tugline's;
-- user_version is the schema's version. No STRICT tables: SQLite before 3.37 must be able to read them.
PRAGMA application_id = 1416980292;  -- 0x54756744, "TugD"
PRAGMA user_version = 9;

-- What decides the numbers. A run with other fields or values is refused by an existing store.
CREATE TABLE identity (
  name  TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
);

-- The part of the run that the store is to hold: one row, or none where that is the whole run.
CREATE TABLE shard (
  number INTEGER NOT NULL,  -- from 1
  count  INTEGER NOT NULL   -- of the run's shards
);

-- One a process that wrote here: the first made the store, the others resumed it.
CREATE TABLE sessions (
  session INTEGER PRIMARY KEY
);

-- What is worth knowing of each session and decides nothing.
CREATE TABLE meta (
  session INTEGER NOT NULL REFERENCES sessions (session),
  name    TEXT NOT NULL,
  value   TEXT NOT NULL,
  PRIMARY KEY (session, name)
);

CREATE TABLE examples (
  example      INTEGER PRIMARY KEY,  -- index in the dataset
  content_hash TEXT NOT NULL,
  prompt       TEXT NOT NULL,
  tokens       INTEGER NOT NULL,
  skipped      TEXT NOT NULL,        -- reason; empty where the example is measured
  token_ids    TEXT NOT NULL,        -- hash of the transcript's token ids, as they are run
  id           TEXT NOT NULL         -- the dataset's own name for it; empty if it has none
);

CREATE TABLE skipped_spans (
  example   INTEGER NOT NULL REFERENCES examples (example),
  span_kind TEXT NOT NULL,
  chunk     INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  PRIMARY KEY (example, span_kind, chunk)
);

-- One (span, layer), written in one transaction with its rows and responses.
CREATE TABLE units (
  unit       INTEGER PRIMARY KEY,
  session    INTEGER NOT NULL REFERENCES sessions (session),
  example    INTEGER NOT NULL REFERENCES examples (example),
  span_kind  TEXT NOT NULL,     -- 'anchor', 'chunk', 'control_matched', 'control_window', 'control_offset_-8' ...
  chunk      INTEGER NOT NULL,  -- -1 where an anchor's chunk is not known; a window's ordinal
  layer      INTEGER NOT NULL,
  span_begin INTEGER NOT NULL,  -- tokens [span_begin, span_end)
  span_end   INTEGER NOT NULL,
  span_text  TEXT NOT NULL,
  position   INTEGER NOT NULL,  -- of the push
  rms        REAL NOT NULL,     -- of the residual at (layer, position)
  sink       INTEGER NOT NULL,  -- 1 where that is a sink token's
  note       TEXT NOT NULL,
  seconds    REAL NOT NULL,
  audited    INTEGER NOT NULL,    -- pushes that were also rerun in f64
  audit_disagreement REAL,        -- the largest |kl - kl_f64| / kl_f64 of them; NULL where there are none
  responses_checksum INTEGER NOT NULL,  -- of the unit's responses
  checksum           INTEGER NOT NULL,  -- of this row, and of the unit's readout_rows
  UNIQUE (example, span_kind, chunk, layer)
);

-- The readout of a unit, in the order of responses.kl_rows.
CREATE TABLE readout_rows (
  unit     INTEGER NOT NULL REFERENCES units (unit),
  ordinal  INTEGER NOT NULL,
  position INTEGER NOT NULL,
  token    INTEGER NOT NULL,    -- the transcript's next token at that position; -1 after its last
  PRIMARY KEY (unit, ordinal)
) WITHOUT ROWID;

-- With rowids: SQLite would move the rows of a table without them to pages of their own from some 1,000 bytes on.
CREATE TABLE responses (
  unit          INTEGER NOT NULL REFERENCES units (unit),
  direction     INTEGER NOT NULL,
  epsilon       REAL NOT NULL,
  kl            REAL NOT NULL,  -- nats, mean over the readout rows, as the others are
  kl_reverse    REAL NOT NULL,
  js            REAL NOT NULL,  -- Jensen-Shannon divergence
  top1_flips    REAL NOT NULL,
  delta_logprob REAL,           -- NULL where no row has a realised next token
  kl_rows       BLOB NOT NULL,  -- one little-endian f64 a readout row
  kl_standard_error      REAL,  -- of kl, from the sample of tokens; NULL where the vocabulary was computed whole
  kl_rows_standard_error BLOB,  -- as kl_rows; NULL where kl_standard_error is
  total_variation        REAL NOT NULL,
  entropy_change         REAL NOT NULL,  -- nats: of the pushed distribution, minus the base's
  kl_own_row             REAL,  -- of the pushed position's row; NULL where it is not read
  kl_after               REAL,  -- mean over the rows after it; NULL where none is read
  cosine        REAL,           -- of the push's direction to the residual; NULL where nothing was pushed
  null_direction INTEGER NOT NULL,  -- 1: a random direction beside supplied vectors, their null
  kl_reverse_rows      BLOB NOT NULL,  -- one little-endian f32 a readout row, as the next four
  js_rows              BLOB NOT NULL,
  delta_logprob_rows   BLOB NOT NULL,  -- 0 where the row's token is -1
  total_variation_rows BLOB NOT NULL,
  entropy_change_rows  BLOB NOT NULL,
  top1_flip_rows       BLOB NOT NULL,  -- one byte a readout row, 0 or 1
  PRIMARY KEY (unit, direction, epsilon)
);

-- What was written: of each table but readout_rows and responses, which a unit's own checksums cover. Sums are modulo 2^64.
CREATE TABLE checksums (
  name     TEXT PRIMARY KEY NOT NULL,  -- of the table
  rows     INTEGER NOT NULL,
  checksum INTEGER NOT NULL            -- the sum of its rows' hashes
);
