import type { Database } from "bun:sqlite"

interface Migration {
  /** Value of `PRAGMA user_version` once it is done; 1, 2, 3 and so on. */
  readonly version: number
  readonly sql: string
}

/** Every change of the tables, oldest first. A published one is never edited. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sql: `
      CREATE TABLE usage (
        "id" TEXT NOT NULL PRIMARY KEY,
        "time" INTEGER NOT NULL,
        "key" TEXT,
        "operation" TEXT NOT NULL,
        "requested" TEXT NOT NULL,
        "group" TEXT,
        "deployment" TEXT,
        "channel" TEXT,
        "status" INTEGER NOT NULL,
        "error" TEXT,
        "stream" INTEGER NOT NULL,
        "attempts" INTEGER NOT NULL,
        "ttft" REAL,
        "duration" REAL NOT NULL,
        "input" INTEGER NOT NULL,
        "output" INTEGER NOT NULL,
        "cache_read" INTEGER NOT NULL,
        "cache_write" INTEGER NOT NULL,
        "reasoning" INTEGER NOT NULL,
        "usage" TEXT NOT NULL,
        "cost" INTEGER,
        "client" TEXT NOT NULL
      ) STRICT;
      CREATE INDEX usage_time ON usage ("time");
    `,
  },
  {
    version: 2,
    // Texts are compressed with Zstandard. A caller without a name is the empty one.
    sql: `
      CREATE TABLE answers (
        "id" TEXT NOT NULL,
        "caller" TEXT NOT NULL,
        "protocol" TEXT NOT NULL,
        "created" INTEGER NOT NULL,
        "expires" INTEGER NOT NULL,
        "channel" TEXT,
        "input" BLOB NOT NULL,
        "answer" BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX answers_id ON answers ("id", "caller");
      CREATE INDEX answers_expires ON answers ("expires");
    `,
  },
  {
    version: 3,
    sql: `
      ALTER TABLE usage ADD COLUMN "wasted" INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE usage ADD COLUMN "continued" INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE usage ADD COLUMN "mirror_of" TEXT;
      ALTER TABLE usage ADD COLUMN "route" TEXT;
      CREATE INDEX usage_mirror ON usage ("mirror_of") WHERE "mirror_of" IS NOT NULL;
    `,
  },
  {
    version: 4,
    // A row of its own holds what differs from row to row; what repeats is kept once, and `usage` joins
    // them. A kind or plan may be there twice: to make sure that it is not would cost an index.
    // Ids that are `req_` and 16 bytes in hexadecimal are kept as those bytes.
    // Rows of before stay where they are: to copy them would hold up the start.
    sql: `
      ALTER TABLE usage RENAME TO usage_3;
      CREATE TABLE usage_kinds (
        "id" INTEGER PRIMARY KEY,
        "key" TEXT,
        "operation" TEXT NOT NULL,
        "requested" TEXT NOT NULL,
        "group" TEXT,
        "deployment" TEXT,
        "channel" TEXT,
        "status" INTEGER NOT NULL,
        "error" TEXT,
        "stream" INTEGER NOT NULL,
        "attempts" INTEGER NOT NULL,
        "usage" TEXT NOT NULL,
        "client" TEXT NOT NULL,
        "continued" INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE usage_plans ("id" INTEGER PRIMARY KEY, "text" TEXT NOT NULL) STRICT;
      CREATE TABLE usage_rows (
        "id" ANY NOT NULL,
        "time" INTEGER NOT NULL,
        "ttft" REAL,
        "duration" REAL NOT NULL,
        "input" INTEGER NOT NULL,
        "output" INTEGER NOT NULL,
        "cache_read" INTEGER NOT NULL,
        "cache_write" INTEGER NOT NULL,
        "reasoning" INTEGER NOT NULL,
        "cost" INTEGER,
        "wasted" INTEGER NOT NULL,
        "mirror_of" TEXT,
        "kind" INTEGER NOT NULL,
        "plan" INTEGER,
        "route" TEXT
      ) STRICT;
      CREATE UNIQUE INDEX usage_rows_time ON usage_rows ("time", "id");
      CREATE INDEX usage_rows_mirror ON usage_rows ("mirror_of") WHERE "mirror_of" IS NOT NULL;
      CREATE VIEW usage AS
        SELECT iif(typeof(own."id") = 'blob', 'req_' || lower(hex(own."id")), own."id") AS "id",
          own."time", kind."key", kind."operation", kind."requested", kind."group",
          kind."deployment", kind."channel", kind."status", kind."error", kind."stream",
          kind."attempts", own."ttft", own."duration", own."input", own."output",
          own."cache_read", own."cache_write", own."reasoning", kind."usage", own."cost",
          kind."client", own."wasted", kind."continued", own."mirror_of",
          iif(own."plan" IS NULL, own."route", plan."text" || own."route") AS "route"
        FROM usage_rows AS own
          CROSS JOIN usage_kinds AS kind ON kind."id" = own."kind"
          LEFT JOIN usage_plans AS plan ON plan."id" = own."plan"
        UNION ALL
        SELECT "id", "time", "key", "operation", "requested", "group", "deployment", "channel",
          "status", "error", "stream", "attempts", "ttft", "duration", "input", "output",
          "cache_read", "cache_write", "reasoning", "usage", "cost", "client", "wasted",
          "continued", "mirror_of", "route"
        FROM usage_3;
    `,
  },
  {
    version: 5,
    // Nearly all rows have an id of 16 bytes and are no mirror's. They are kept in the order in which they
    // come, which is about that of their times, without an index: `usage_spans` has the first and the last
    // time of each 4096 of them. `usage_taken` says up to which byte of a journal's segment they came from:
    // it is written with them, so that none is there twice. Times are in microseconds.
    // `usage_placed` is for who knows the spans: other tables' rows are after all of them.
    sql: `
      CREATE TABLE usage_plain (
        "at" INTEGER PRIMARY KEY,
        "id" BLOB NOT NULL,
        "time" INTEGER NOT NULL,
        "ttft" INTEGER,
        "duration" INTEGER NOT NULL,
        "input" INTEGER NOT NULL,
        "output" INTEGER NOT NULL,
        "cache_read" INTEGER NOT NULL,
        "cache_write" INTEGER NOT NULL,
        "reasoning" INTEGER NOT NULL,
        "cost" INTEGER,
        "wasted" INTEGER NOT NULL,
        "kind" INTEGER NOT NULL,
        "plan" INTEGER,
        "route" TEXT
      ) STRICT;
      CREATE TABLE usage_spans (
        "span" INTEGER PRIMARY KEY,
        "earliest" INTEGER NOT NULL,
        "latest" INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE usage_taken (
        "segment" TEXT NOT NULL PRIMARY KEY,
        "order" INTEGER NOT NULL,
        "byte" INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      DROP VIEW usage;
      CREATE VIEW usage_placed AS
        SELECT 'req_' || lower(hex(own."id")) AS "id",
          own."time", kind."key", kind."operation", kind."requested", kind."group",
          kind."deployment", kind."channel", kind."status", kind."error", kind."stream",
          kind."attempts", own."ttft" / 1000.0 AS "ttft", own."duration" / 1000.0 AS "duration",
          own."input", own."output", own."cache_read", own."cache_write", own."reasoning",
          kind."usage", own."cost", kind."client", own."wasted", kind."continued",
          NULL AS "mirror_of",
          iif(own."plan" IS NULL, own."route", plan."text" || own."route") AS "route",
          own."at" AS "at"
        FROM usage_plain AS own
          CROSS JOIN usage_kinds AS kind ON kind."id" = own."kind"
          LEFT JOIN usage_plans AS plan ON plan."id" = own."plan"
        UNION ALL
        SELECT iif(typeof(own."id") = 'blob', 'req_' || lower(hex(own."id")), own."id") AS "id",
          own."time", kind."key", kind."operation", kind."requested", kind."group",
          kind."deployment", kind."channel", kind."status", kind."error", kind."stream",
          kind."attempts", own."ttft", own."duration", own."input", own."output",
          own."cache_read", own."cache_write", own."reasoning", kind."usage", own."cost",
          kind."client", own."wasted", kind."continued", own."mirror_of",
          iif(own."plan" IS NULL, own."route", plan."text" || own."route") AS "route",
          9223372036854775807
        FROM usage_rows AS own
          CROSS JOIN usage_kinds AS kind ON kind."id" = own."kind"
          LEFT JOIN usage_plans AS plan ON plan."id" = own."plan"
        UNION ALL
        SELECT "id", "time", "key", "operation", "requested", "group", "deployment", "channel",
          "status", "error", "stream", "attempts", "ttft", "duration", "input", "output",
          "cache_read", "cache_write", "reasoning", "usage", "cost", "client", "wasted",
          "continued", "mirror_of", "route", 9223372036854775807
        FROM usage_3;
      CREATE VIEW usage AS
        SELECT "id", "time", "key", "operation", "requested", "group", "deployment", "channel",
          "status", "error", "stream", "attempts", "ttft", "duration", "input", "output",
          "cache_read", "cache_write", "reasoning", "usage", "cost", "client", "wasted",
          "continued", "mirror_of", "route"
        FROM usage_placed;
    `,
  },
]

/** The version of an open database: that of the last migration that ran on it. */
export function versionOf(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0
}

/**
 * Brings a database up to date, in one transaction: all of it or nothing. Running it again, or in
 * two processes at once, does no harm.
 */
export function migrate(db: Database): void {
  db.transaction(() => {
    const version = versionOf(db)
    for (const migration of MIGRATIONS) {
      if (migration.version <= version) continue
      db.run(migration.sql)
      db.run(`PRAGMA user_version = ${migration.version}`)
    }
  }).immediate()
}
