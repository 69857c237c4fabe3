/** A request id: sortable by time, and unlike any other's. */
export function requestId(): string {
  return `req_${Bun.randomUUIDv7().replaceAll("-", "")}`
}
