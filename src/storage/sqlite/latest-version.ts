/** Version of a database that is up to date: that of the last migration, which a start need not load. */
export const LATEST_VERSION = 5
