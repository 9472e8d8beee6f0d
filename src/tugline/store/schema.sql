-- The run store, schema version 14 (docs/store.md says how to read it). application_id marks the file as tugline's;
-- user_version is the schema's version. The columns of measures (core/measures.h) stand where a comment says so (schema.cpp). No STRICT tables: SQLite before 3.37 must be able to read them.
PRAGMA application_id = 1416980292;  -- 0x54756744, "TugD"
PRAGMA user_version = 14;

-- What decides what a number is. A run with other fields or values is refused by an existing store.
CREATE TABLE identity (
  name  TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
);

-- The part of the run that the store is to hold: one row, or none where that is the whole run.
CREATE TABLE shard (
  number INTEGER NOT NULL,  -- from 1
  count  INTEGER NOT NULL   -- of the run's shards
);

-- One a command that wrote here: the first made the store, the others resumed it, or merged stores into it.
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

-- A unit that could not be measured when it was last tried, or not with further pushes, because a number was not finite. What was
-- measured of it before stays in units.
CREATE TABLE failed_units (
  example    INTEGER NOT NULL REFERENCES examples (example),
  span_kind  TEXT NOT NULL,
  chunk      INTEGER NOT NULL,
  layer      INTEGER NOT NULL,
  session    INTEGER NOT NULL REFERENCES sessions (session),
  span_begin INTEGER NOT NULL,  -- tokens [span_begin, span_end)
  span_end   INTEGER NOT NULL,
  reason     TEXT NOT NULL,
  PRIMARY KEY (example, span_kind, chunk, layer)
);

-- A part of a unit, which is one (span, layer): what was measured of it at once, written in one transaction with its rows and responses. Most
-- units have one part. A unit that grew by directions or epsilons has more, with other pushes; one that grew by audits has parts without
-- responses.
CREATE TABLE units (
  unit       INTEGER PRIMARY KEY,
  session    INTEGER NOT NULL REFERENCES sessions (session),
  example    INTEGER NOT NULL REFERENCES examples (example),
  span_kind  TEXT NOT NULL,     -- 'anchor', 'chunk', 'control_matched', 'control_window', 'control_offset_-8' ...
  chunk      INTEGER NOT NULL,  -- -1 where an anchor's chunk is not known; a window's ordinal
  layer      INTEGER NOT NULL,
  part       INTEGER NOT NULL,  -- from 0
  audit_of   INTEGER,           -- the part whose pushes this part's audit reran; NULL if this part has pushes of its own
  directions TEXT NOT NULL,     -- the part's pushes are these directions, '0,1,2', at each of
  epsilons   TEXT NOT NULL,     -- these, '0,0.5,1'; both are empty if the part has no responses
  span_begin INTEGER NOT NULL,  -- tokens [span_begin, span_end)
  span_end   INTEGER NOT NULL,
  span_text  TEXT NOT NULL,
  position   INTEGER NOT NULL,  -- of the push
  rms        REAL NOT NULL,     -- of the residual at (layer, position)
  sink       INTEGER NOT NULL,  -- 1 where that is a sink token's
  note       TEXT NOT NULL,
  seconds    REAL NOT NULL,
  audited    INTEGER NOT NULL,    -- pushes that were also rerun in f64
  -- For each measure the largest disagreement of them, NULL where none has the measure: of KL audit_disagreement REAL, of another
  -- audit_NAME REAL.
  /* audits */
  responses_checksum INTEGER NOT NULL,  -- of the unit's responses
  rows_checksum      INTEGER NOT NULL,  -- of its response_rows
  checksum           INTEGER NOT NULL,  -- of this row, and of the unit's readout_rows
  UNIQUE (example, span_kind, chunk, layer, part)
);

-- The readout of a unit.
CREATE TABLE readout_rows (
  unit     INTEGER NOT NULL REFERENCES units (unit),
  ordinal  INTEGER NOT NULL,
  position INTEGER NOT NULL,
  token    INTEGER NOT NULL,    -- the transcript's next token at that position; -1 after its last
  PRIMARY KEY (unit, ordinal)
) WITHOUT ROWID;

CREATE TABLE responses (
  unit          INTEGER NOT NULL REFERENCES units (unit),
  direction     INTEGER NOT NULL,
  epsilon       REAL NOT NULL,
  cosine        REAL,               -- of the push's direction to the residual; NULL if nothing was pushed
  null_direction INTEGER NOT NULL,  -- 1: a random direction beside supplied vectors, their null
  -- Each measure, NAME REAL: the mean over the readout rows that have a value, NULL if none has.
  /* measures */
  kl_standard_error REAL,  -- of kl, from the sample of tokens; NULL if the vocabulary was computed whole
  kl_own_row        REAL,  -- kl of the pushed position's row; NULL if it is not read
  kl_after          REAL,  -- mean over the rows after it; NULL if none is read
  PRIMARY KEY (unit, direction, epsilon)
) WITHOUT ROWID;

-- The values of a unit's readout rows, by measure: numbers by push (by direction, then epsilon), then row, in the order of readout_rows. 0 if
-- the row has no value. rose and fell have for each row as many pairs of an i32, the token, and an f32, its change of probability; the token
-- is -1 after a list's end. A measure that the run does not ask for has no row. docs/store.md, "Packed rows", says how they are packed. With
-- rowids: SQLite keeps long rows of a table without them in pages of its index.
CREATE TABLE response_rows (
  unit     INTEGER NOT NULL REFERENCES units (unit),
  measure  TEXT NOT NULL,     -- its name among the columns of responses; 'rose', 'fell'
  bits     INTEGER NOT NULL,  -- of a number: 32, 64 if f32 does not hold all of them, or 1 of top1_flips
  deflated INTEGER NOT NULL,  -- 1 if packed is a zlib stream
  packed   BLOB NOT NULL,
  UNIQUE (unit, measure)
);

-- The text of the tokens that responses and readout_rows name. Pieces may be parts of a character: bytes.
CREATE TABLE tokens (
  token INTEGER PRIMARY KEY,
  piece BLOB NOT NULL
);

-- What was written: of each table except readout_rows, responses and response_rows, which a unit's own checksums cover. Sums are modulo 2^64.
CREATE TABLE checksums (
  name     TEXT PRIMARY KEY NOT NULL,  -- of the table
  rows     INTEGER NOT NULL,
  checksum INTEGER NOT NULL            -- the sum of its rows' hashes
);
