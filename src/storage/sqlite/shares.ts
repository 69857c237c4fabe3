const ROUTE = `iif(json_valid("route"), "route", NULL)`

/** Each attempt: values in the order of `core/route-text.ts`, or with their names, as earlier versions wrote them. */
const ATTEMPTS = `json_each(${ROUTE}, iif(json_type(${ROUTE}) = 'array', '$[3]', '$.attempts')) AS made`

/** Nano-USD of one attempt beside those of the deployment that answered. */
const PART = `coalesce(made.value ->> '$.wasted', made.value ->> '$[8]', 0)
  + coalesce(made.value ->> '$.cost', made.value ->> '$[9]', 0)`

const DIVIDED = `("wasted" > 0 OR "continued" > 0)`

const CHANNEL = `coalesce(made.value ->> '$.channel', made.value ->> '$[0]')`

/** What stands before its last `#`: models may have one in their names. */
const DEPLOYMENT = `substr(${CHANNEL}, 1,
  length(rtrim(${CHANNEL}, replace(${CHANNEL}, '#', ''))) - 1)`

/**
 * SQL of all these requests, with what was spent on each where it was spent: one row for the
 * deployment that answered, with all that is counted, and one for each attempt that used something
 * itself, with nothing but that.
 *
 * @param table as `usage`
 * @param which a condition of SQL
 */
export const sharesOf = (table: string, which: string) => `
  SELECT "time", "group", "deployment", "channel", "key", "client", 1 AS "requests",
    "error" IS NOT NULL AS "errors", "attempts", "input", "output", "cache_read", "reasoning",
    "cost" IS NULL AS "unpriced", "usage" = 'missing' AS "unreported",
    CASE WHEN ${DIVIDED}
      THEN max(0, coalesce("cost", 0) - coalesce((SELECT sum(${PART}) FROM ${ATTEMPTS}), 0))
      ELSE coalesce("cost", 0) END AS "cost"
  FROM ${table} WHERE ${which}
  UNION ALL
  SELECT "time", "group", ${DEPLOYMENT}, ${CHANNEL}, usage."key", "client",
    0, 0, 0, 0, 0, 0, 0, 0, 0, ${PART}
  FROM ${table} AS usage, ${ATTEMPTS} WHERE ${which} AND ${DIVIDED} AND ${PART} > 0`
